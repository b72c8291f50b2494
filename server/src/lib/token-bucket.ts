/** A token bucket that holds `capacity` tokens and regains `perSecond`. It needs no timer. */
export class TokenBucket {
  #tokens: number;
  #filledAt: number;
  readonly #capacity: number;
  readonly #perSecond: number;

  constructor(capacity: number, perSecond: number, now: number) {
    this.#capacity = capacity;
    this.#perSecond = perSecond;
    this.#tokens = capacity;
    this.#filledAt = now;
  }

  /**
   * Takes `cost` tokens for what was done already, even if there are too few: the next `spend` waits for them, at most as
   * long as it takes to fill the bucket ten times.
   */
  charge(cost: number, now: number): void {
    this.spend(0, now);
    this.#tokens = Math.max(-9 * this.#capacity, this.#tokens - cost);
  }

  /** Whether all spent tokens have been regained. */
  isFull(now: number): boolean {
    return this.spend(0, now) === 0 && this.#tokens >= this.#capacity;
  }

  /**
   * Takes `cost` tokens and returns 0. If there are too few, takes none and returns the milliseconds until there are
   * enough.
   */
  spend(cost: number, now: number): number {
    // A clock that went back must not take tokens away.
    const elapsedMs = Math.max(0, now - this.#filledAt);
    this.#filledAt = now;
    this.#tokens = Math.min(this.#capacity, this.#tokens + (elapsedMs / 1000) * this.#perSecond);
    if (this.#tokens >= cost) {
      this.#tokens -= cost;
      return 0;
    }
    return Math.ceil(((cost - this.#tokens) / this.#perSecond) * 1000);
  }
}
