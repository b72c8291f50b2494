import type { AccountId } from "@novax/protocol/ids";
import type { Clock } from "../lib/clock.ts";
import { Refusal } from "../lib/refusal.ts";
import { TokenBucket } from "../lib/token-bucket.ts";

const dropFullEvery = 1000;

/** The rate limit of each person on this process, shared by all their connections and requests. */
export class Budgets {
  readonly #clock: Clock;
  readonly #messagesPerSecond: number;
  readonly #budgets = new Map<AccountId, TokenBucket>();

  constructor(clock: Clock, messagesPerSecond: number) {
    this.#clock = clock;
    this.#messagesPerSecond = messagesPerSecond;
  }

  of(account: AccountId): TokenBucket {
    let budget = this.#budgets.get(account);
    if (!budget) {
      if (this.#budgets.size >= dropFullEvery) this.#dropFull();
      budget = new TokenBucket(this.#messagesPerSecond * 2, this.#messagesPerSecond, this.#clock.now());
      this.#budgets.set(account, budget);
    }
    return budget;
  }

  /** Spends part of a person's budget. Refuses with `rate_limited`. */
  spend(account: AccountId, cost: number): void {
    const retryInMs = this.of(account).spend(cost, this.#clock.now());
    if (retryInMs > 0) throw new Refusal("rate_limited", (t) => t.tooFast, { retryInMs });
  }

  /** Full budgets are the same as new ones, so they are dropped to free memory. */
  #dropFull(): void {
    const now = this.#clock.now();
    for (const [account, budget] of this.#budgets) if (budget.isFull(now)) this.#budgets.delete(account);
  }
}
