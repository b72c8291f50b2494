import type { Clock } from "./clock.ts";
import { Refusal } from "./refusal.ts";
import { TokenBucket } from "./token-bucket.ts";

const dropFullEvery = 1000;
/** An answer of this many characters costs as much as a message, beside what its route costs. */
const charsPerCost = 25_000;
/** A text of this length costs nothing beside its command, and each message's worth of this many characters one more. */
const freeTextChars = 1000;
const textCharsPerCost = 2000;
/** What else was read for an answer, such as each vote that was counted, weighs as much as this many characters. */
export const charsPerRow = 5;

/** Who spent less than this part of what is regained meanwhile is not worth telling other processes. */
const noteworthyShare = 0.1;

/**
 * The rate limit of each person or address, shared by all their connections and requests. It takes what is regained in two
 * seconds at once, or `burst`. Processes tell each other what was spent (`realtime/share-budgets.ts`), so that the limit holds
 * over all of them.
 */
export class Budgets<Key extends string = string> {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #budgets = new Map<Key, TokenBucket>();
  /** Those that were asked for since `takeSpent`. */
  readonly #used = new Set<Key>();

  constructor(clock: Clock, perSecond: number, burst = perSecond * 2) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  of(key: Key): TokenBucket {
    this.#used.add(key);
    let budget = this.#budgets.get(key);
    if (!budget) {
      if (this.#budgets.size >= dropFullEvery) this.#dropFull();
      budget = new TokenBucket(this.#burst, this.#perSecond, this.#clock.now());
      this.#budgets.set(key, budget);
    }
    return budget;
  }

  /** Spends part of a budget. Refuses with `rate_limited`. */
  spend(key: Key, cost: number): void {
    const retryInMs = this.of(key).spend(cost, this.#clock.now());
    if (retryInMs > 0) throw new Refusal("rate_limited", (t) => t.tooFast, { retryInMs });
  }

  /** Charges for a text that somebody wrote: long ones take longer to read, to check and to send. */
  chargeText(key: Key, text: string): void {
    const beyond = text.length - freeTextChars;
    if (beyond > 0) this.of(key).charge(beyond / textCharsPerCost, this.#clock.now());
  }

  /** Charges for an answer by its length, once it is known: reading costs what is read. */
  chargeAnswer(key: Key, chars: number): void {
    this.of(key).charge(chars / charsPerCost, this.#clock.now());
  }

  /** What each key spent here since the last call, `elapsedMs` ago; little is left out. */
  takeSpent(elapsedMs: number): [Key, number][] {
    const least = (elapsedMs / 1000) * this.#perSecond * noteworthyShare;
    const all: [Key, number][] = [];
    for (const key of this.#used) {
      const spent = this.#budgets.get(key)?.takeSpent() ?? 0;
      if (spent > least) all.push([key, spent]);
    }
    this.#used.clear();
    return all;
  }

  /** Takes in what was spent on another process. */
  chargeElsewhere(spent: readonly (readonly [Key, number])[]): void {
    const now = this.#clock.now();
    for (const [key, cost] of spent) this.of(key).chargeElsewhere(cost, now);
  }

  /** Full budgets are the same as new ones, so they are dropped to free memory. */
  #dropFull(): void {
    const now = this.#clock.now();
    for (const [key, budget] of this.#budgets) {
      if (!budget.isFull(now)) continue;
      this.#budgets.delete(key);
      this.#used.delete(key);
    }
  }
}
