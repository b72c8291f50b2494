import { assertCallerWaits } from "./caller.ts";
import { Refusal } from "./refusal.ts";

const waitingMax = 32;

/** Runs the work of each owner one after the other, and that of different owners side by side. */
export class Turns<Owner> {
  readonly #last = new Map<Owner, { done: Promise<unknown>; waiting: number }>();

  /** Refuses with `rate_limited` if too much of this owner's work waits already. */
  async run<T>(owner: Owner, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(owner);
    const waiting = (before?.waiting ?? 0) + 1;
    if (waiting > waitingMax) throw new Refusal("rate_limited", (t) => t.tooFast, { retryInMs: 1000 });
    const run = () => {
      assertCallerWaits();
      return work();
    };
    const mine = (before?.done ?? Promise.resolve()).then(run, run);
    const entry = { done: mine.catch(() => {}), waiting };
    this.#last.set(owner, entry);
    try {
      return await mine;
    } finally {
      entry.waiting -= 1;
      const last = this.#last.get(owner)!;
      if (last === entry) this.#last.delete(owner);
      else last.waiting -= 1;
    }
  }
}
