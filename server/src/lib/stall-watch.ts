const lookEveryMs = 500;
/** Clients that hear nothing give up after five to fifteen seconds. */
const stalledMs = 5000;
/** What waited meanwhile is there at once when the process goes on. */
const backlogMs = 2000;

/**
 * Notices that this process has not run for a while: it was stopped, or its machine was. What arrived meanwhile is from people who have
 * given up since, and may have asked for something else elsewhere. To do it now would undo that.
 */
export class StallWatch {
  readonly #now: () => number;
  readonly #onStall: () => void;
  #lookedAt: number;
  #stalledAt = Number.NEGATIVE_INFINITY;
  readonly #timer: Timer;

  /** `onStall`: called as soon as it is noticed. `now`: ms by a clock that is never set. */
  constructor(onStall: (ms: number) => void, now = () => performance.now()) {
    this.#now = now;
    this.#lookedAt = now();
    this.#onStall = () => onStall(this.#now() - this.#lookedAt);
    this.#timer = setInterval(() => this.look(), lookEveryMs);
    this.#timer.unref();
  }

  /** Whether what arrives now may have waited while the process did not run. */
  look(): boolean {
    const now = this.#now();
    if (now - this.#lookedAt >= stalledMs) {
      this.#stalledAt = now;
      this.#onStall();
    }
    this.#lookedAt = now;
    return now - this.#stalledAt < backlogMs;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
