import { Refusal } from "./refusal.ts";

/**
 * Runs at most `parallel` jobs at once. At most `waitingMax` wait, each for at most `waitMs`; beyond that it refuses
 * with `unavailable`, so that costly requests cannot pile up.
 */
export class WorkQueue {
  #running = 0;
  readonly #waiting: { start: () => void; timer: Timer }[] = [];
  readonly #parallel: number;
  readonly #waitingMax: number;
  readonly #waitMs: number;

  constructor(options: { parallel: number; waitingMax: number; waitMs: number }) {
    this.#parallel = options.parallel;
    this.#waitingMax = options.waitingMax;
    this.#waitMs = options.waitMs;
  }

  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#parallel) await this.#turn();
    else this.#running += 1;
    try {
      return await job();
    } finally {
      const next = this.#waiting.shift();
      // The slot passes directly to the next in line, so that a later caller cannot take it in between.
      if (next) next.start();
      else this.#running -= 1;
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) return Promise.reject(busy(this.#waitMs));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(busy(this.#waitMs));
      }, this.#waitMs);
      const entry = {
        timer,
        start: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      this.#waiting.push(entry);
    });
  }
}

function busy(retryInMs: number): Refusal {
  return new Refusal("unavailable", (t) => t.busy, { retryInMs });
}
