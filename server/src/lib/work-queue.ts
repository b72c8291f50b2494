import { Refusal } from "./refusal.ts";

type Waiting = { start: () => void; timer: Timer };

/**
 * Runs at most `parallel` jobs at once. At most `waitingMax` wait, each for at most `waitMs`; beyond that it refuses
 * with `unavailable`, so that costly requests cannot pile up. A job whose turn will not come in time is refused at once. Those that
 * are refused are told to come back while others still wait, so that the queue does not run dry.
 *
 * Those that wait for one owner take turns with those of the others, and at most `waitingPerOwnerMax` of them wait, so that
 * nobody fills the queue for everybody else.
 */
export class WorkQueue {
  #running = 0;
  #waitingCount = 0;
  /** By owner. The first owner is the next whose turn it is; no list is empty. */
  readonly #waiting = new Map<string, Waiting[]>();
  /** How long a job takes lately, in ms; 0 as long as none is done. */
  #usualMs = 0;
  readonly #parallel: number;
  readonly #waitingMax: number;
  readonly #waitingPerOwnerMax: number;
  readonly #waitMs: number;

  constructor(options: {
    parallel: number;
    waitingMax: number;
    waitMs: number;
    waitingPerOwnerMax?: number;
  }) {
    this.#parallel = options.parallel;
    this.#waitingMax = options.waitingMax;
    this.#waitingPerOwnerMax = options.waitingPerOwnerMax ?? options.waitingMax;
    this.#waitMs = options.waitMs;
  }

  /** How many jobs wait for their turn. */
  get waiting(): number {
    return this.#waitingCount;
  }

  async run<T>(job: () => Promise<T>, owner = ""): Promise<T> {
    if (this.#running >= this.#parallel) await this.#turn(owner);
    else this.#running += 1;
    const startedAt = performance.now();
    try {
      const result = await job();
      // One that refuses takes no time, and says nothing of the others.
      const tookMs = performance.now() - startedAt;
      this.#usualMs = this.#usualMs === 0 ? tookMs : this.#usualMs * 0.9 + tookMs * 0.1;
      return result;
    } finally {
      const next = this.#takeNext();
      // The slot passes directly to the next in line, so that a later caller cannot take it in between.
      if (next) next.start();
      else this.#running -= 1;
    }
  }

  #turn(owner: string): Promise<void> {
    const own = this.#waiting.get(owner) ?? [];
    const isFull = this.#waitingCount >= this.#waitingMax || own.length >= this.#waitingPerOwnerMax;
    if (isFull || this.#expectedWaitMs(own.length) > this.#waitMs)
      return Promise.reject(busy(this.#comeBackInMs()));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        own.splice(own.indexOf(entry), 1);
        if (own.length === 0) this.#waiting.delete(owner);
        this.#waitingCount -= 1;
        reject(busy(this.#waitMs));
      }, this.#waitMs);
      const entry: Waiting = {
        timer,
        start: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      own.push(entry);
      this.#waiting.set(owner, own);
      this.#waitingCount += 1;
    });
  }

  /** How long a job waits whose owner has so many waiting already: in each round every owner has a turn. */
  #expectedWaitMs(ownCount: number): number {
    let before = 0;
    for (const { length } of this.#waiting.values()) before += Math.min(length, ownCount + 1);
    return ((before + 1) * this.#usualMs) / this.#parallel;
  }

  /** When about half of those that wait have had their turn, and not for all at the same moment. */
  #comeBackInMs(): number {
    return this.#usualMs === 0 ? this.#waitMs : Math.round((this.#waitMs * (1 + Math.random())) / 2);
  }

  #takeNext(): Waiting | undefined {
    const [first] = this.#waiting;
    if (!first) return undefined;
    const [owner, own] = first;
    const next = own.shift()!;
    this.#waiting.delete(owner);
    if (own.length > 0) this.#waiting.set(owner, own);
    this.#waitingCount -= 1;
    return next;
  }
}

function busy(retryInMs: number): Refusal {
  return new Refusal("unavailable", (t) => t.busy, { retryInMs });
}
