import { expect, test } from "bun:test";
import type { Log } from "../log/log.ts";
import type { Sql } from "./database.ts";
import { DatabaseClock } from "./database-clock.ts";

/** A database whose clock is ahead of this machine's, and which takes a while to answer. */
function createClock(database: { aheadMs: number; delayMs: number }) {
  const warned: string[] = [];
  const log: Log = { info: () => {}, warn: (event) => warned.push(event), error: () => {}, fault: () => "" };
  const sql = async () => {
    await Bun.sleep(database.delayMs / 2);
    const now = Date.now() + database.aheadMs;
    await Bun.sleep(database.delayMs / 2);
    return [{ now }];
  };
  const clock = new DatabaseClock(sql as unknown as Sql, log);
  return { clock, warned, aheadMs: () => clock.now() - Date.now() };
}

test("[N12] the time is the database's, without the time that its answer takes", async () => {
  const { clock, warned, aheadMs } = createClock({ aheadMs: -7_200_000, delayMs: 40 });
  await clock.set();
  expect(Math.abs(aheadMs() + 7_200_000)).toBeLessThan(40);
  expect(warned).toEqual(["clock.differs"]);
});

test("[N12] a small difference is left alone, so that time does not go back, and one answer that took long says nothing", async () => {
  const database = { aheadMs: 5, delayMs: 0 };
  const { clock, warned, aheadMs } = createClock(database);
  await clock.set();
  const before = aheadMs();
  database.aheadMs = 0;
  await clock.set();
  expect(Math.abs(aheadMs() - before)).toBeLessThan(12);
  Object.assign(database, { aheadMs: 60_000, delayMs: 1100 });
  await clock.set();
  expect(Math.abs(aheadMs() - before)).toBeLessThan(12);
  expect(warned).toEqual([]);
});
