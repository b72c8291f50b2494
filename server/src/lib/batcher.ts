import { forEverybody } from "./caller.ts";

type Waiting<Key, Value> = { key: Key; resolve(value: Value): void; reject(error: unknown): void };

/**
 * Does the same for many with few calls: what is asked for during a call goes into the next one, without a timer. One alone is
 * done at once, and a thousand at the same moment take a few calls.
 */
export class Batcher<Key, Value> {
  readonly #load: (keys: readonly Key[]) => Promise<(key: Key) => Value>;
  readonly #batchMax: number;
  readonly #parallelMax: number;
  #waiting: Waiting<Key, Value>[] = [];
  #loading = 0;

  /**
   * `load` resolves with what each of the keys has; it rejects for all of them. `parallelMax`: how many calls are made at the same
   * time, so that one that gets no answer does not hold up everybody.
   */
  constructor(
    load: (keys: readonly Key[]) => Promise<(key: Key) => Value>,
    { batchMax, parallelMax = 1 }: { batchMax: number; parallelMax?: number },
  ) {
    this.#load = load;
    this.#batchMax = batchMax;
    this.#parallelMax = parallelMax;
  }

  get(key: Key): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject });
      if (this.#loading < this.#parallelMax) void forEverybody(() => this.#run());
    });
  }

  async #run(): Promise<void> {
    this.#loading += 1;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#batchMax);
      try {
        const find = await this.#load(batch.map(({ key }) => key));
        for (const { key, resolve } of batch) resolve(find(key));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#loading -= 1;
  }
}
