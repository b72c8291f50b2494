import { expect, test } from "bun:test";
import { silentLog } from "../log/log.ts";
import { fittingCost } from "./hash-cost.ts";

test("[F7] the cost fits the machine: 12 where a hash takes 0.3 s at most, less on slow ones, and 10 at least", async () => {
  const costWhere = (ms: number) => fittingCost(silentLog, async () => ms);
  expect(await costWhere(20)).toBe(12);
  expect(await costWhere(75)).toBe(12);
  expect(await costWhere(76)).toBe(11);
  expect(await costWhere(151)).toBe(10);
  expect(await costWhere(2000)).toBe(10);
});

test("[F7] a machine that is busy for a moment is not taken for a slow one", async () => {
  const times = [900, 60, 300];
  expect(await fittingCost(silentLog, async () => times.shift()!)).toBe(12);
});
