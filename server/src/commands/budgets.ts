import type { AccountId } from "@novax/protocol/ids";
import type { Clock } from "../lib/clock.ts";
import { Refusal } from "../lib/refusal.ts";
import { TokenBucket } from "../lib/token-bucket.ts";

const dropFullEvery = 1000;

/** What people may still order on this process, over all their connections and requests. */
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

  /** Pays for an order. Refuses with `rate_limited`. */
  spend(account: AccountId, cost: number): void {
    const retryInMs = this.of(account).spend(cost, this.#clock.now());
    if (retryInMs > 0) throw new Refusal("rate_limited", (t) => t.tooFast, { retryInMs });
  }

  /** Whoever has nothing to pay back need not be remembered. */
  #dropFull(): void {
    const now = this.#clock.now();
    for (const [account, budget] of this.#budgets) if (budget.isFull(now)) this.#budgets.delete(account);
  }
}
