import type { Clock } from "../lib/clock.ts";
import { every, type Repeating } from "../lib/every.ts";
import type { Log } from "../log/log.ts";
import type { Sql } from "./database.ts";

const setEveryMs = 5000;
/** A difference that the network explains is no reason to go back. */
const toleranceMs = 20;
/** A difference that an operator should know of. */
const noteworthyMs = 1000;
/** An answer that took longer than this does not say well enough when it was given. */
const roundTripMaxMs = 1000;

/**
 * The database's clock, which all processes of an installation share: what one of them writes, such as when somebody may
 * write again or when an invitation ends, another one compares with now. A wrong clock of this machine, or one that is set,
 * makes no difference. Between two looks at the database the time is measured by this process.
 */
export class DatabaseClock implements Clock {
  readonly #sql: Sql;
  readonly #log: Log;
  /** The database's time when this process began, in ms. */
  #origin = performance.timeOrigin;

  constructor(sql: Sql, log: Log) {
    this.#sql = sql;
    this.#log = log;
  }

  now(): number {
    return Math.round(this.#origin + performance.now());
  }

  /** Looks at the database's clock. `isFirst`: an answer that took long is better than none. */
  async set({ isFirst = false } = {}): Promise<void> {
    const askedAt = performance.now();
    const [row] = await this.#sql<{ now: number }>`
      select (extract(epoch from clock_timestamp()) * 1000)::bigint as now`;
    const answeredAt = performance.now();
    const roundTripMs = answeredAt - askedAt;
    if (roundTripMs > roundTripMaxMs && !isFirst) return;
    const origin = row!.now - (askedAt + answeredAt) / 2;
    const differsBy = origin - this.#origin;
    if (Math.abs(differsBy) <= toleranceMs + roundTripMs / 2) return;
    if (Math.abs(differsBy) >= noteworthyMs)
      this.#log.warn("clock.differs", { aheadOfThisMachineMs: Math.round(row!.now - Date.now()) });
    this.#origin = origin;
  }

  /** Keeps it right until the returned function is called. */
  keep(): Repeating {
    return every(this.#log, "clock.not_set", setEveryMs, () => this.set());
  }
}
