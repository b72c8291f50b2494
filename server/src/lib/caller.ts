import { AsyncLocalStorage } from "node:async_hooks";
import { Refusal } from "./refusal.ts";

/** `until`: by `performance.now()`. */
type Caller = { hasGivenUp: boolean; until: number };

const callers = new AsyncLocalStorage<Caller | null>();

/**
 * Runs work for a caller who waits for at most `ms`. Refuses with `unavailable` after that; what the work would still write to
 * the database is not written then ({@link hasCallerGone}).
 */
export function answerWithin<T>(ms: number, work: () => Promise<T> | T): Promise<T> {
  const caller: Caller = { hasGivenUp: false, until: performance.now() + ms };
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      caller.hasGivenUp = true;
      reject(new Refusal("unavailable", (t) => t.databaseAway, { retryInMs: 2000 }));
    }, ms);
    callers
      .run(caller, async () => work())
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

/** Asserts that the caller has not given up. Its refusal reaches nobody. */
export function assertCallerWaits(): void {
  if (hasCallerGone()) throw new Refusal("unavailable", (t) => t.databaseAway);
}

/**
 * Whether the caller that this runs for was told that there is no answer, or should have been: where a process was stopped, what it
 * waited for may be there before its timers are.
 */
export function hasCallerGone(): boolean {
  const caller = callers.getStore();
  return caller ? caller.hasGivenUp || performance.now() >= caller.until : false;
}

/** When the caller gives up, by `performance.now()`; infinite if nobody waits for a certain time. */
export function callerWaitsUntil(): number {
  return callers.getStore()?.until ?? Number.POSITIVE_INFINITY;
}

/** Runs work that somebody's call has started, and that goes on for others when they have gone. */
export function forEverybody<T>(work: () => T): T {
  return callers.run(null, work);
}
