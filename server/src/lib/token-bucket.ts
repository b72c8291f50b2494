/** A token bucket that holds `capacity` tokens and regains `perSecond`. It needs no timer. */
export class TokenBucket {
  #tokens: number;
  #filledAt: number;
  #spent = 0;
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
    this.chargeElsewhere(cost, now);
    this.#spent += cost;
  }

  /** As {@link charge}, for what was done elsewhere: {@link takeSpent} does not say it again. */
  chargeElsewhere(cost: number, now: number): void {
    this.#fill(now);
    this.#tokens = Math.max(-9 * this.#capacity, this.#tokens - cost);
  }

  /** What was spent and charged here since the last call. */
  takeSpent(): number {
    const spent = this.#spent;
    this.#spent = 0;
    return spent;
  }

  /** Whether all spent tokens have been regained. */
  isFull(now: number): boolean {
    this.#fill(now);
    return this.#tokens >= this.#capacity;
  }

  /**
   * Takes `cost` tokens and returns 0. If there are too few, takes none and returns the milliseconds until there are
   * enough.
   */
  spend(cost: number, now: number): number {
    this.#fill(now);
    if (this.#tokens >= cost) {
      this.#tokens -= cost;
      this.#spent += cost;
      return 0;
    }
    return Math.ceil(((cost - this.#tokens) / this.#perSecond) * 1000);
  }

  #fill(now: number): void {
    // A clock that went back must not take tokens away.
    const elapsedMs = Math.max(0, now - this.#filledAt);
    this.#filledAt = now;
    this.#tokens = Math.min(this.#capacity, this.#tokens + (elapsedMs / 1000) * this.#perSecond);
  }
}
