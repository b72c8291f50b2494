import { expect, test } from "bun:test";
import { nextMondayAt, tomorrowAt } from "./when.ts";

test("next Monday is never today", () => {
  const at = (day: number, hour: number) => new Date(2026, 3, day, hour).getTime();
  expect(nextMondayAt(at(15, 12))).toBe(at(20, 9));
  expect(nextMondayAt(at(20, 8))).toBe(at(27, 9));
});

test("tomorrow is at nine in the morning, whatever time it is", () => {
  const at = (day: number, hour: number) => new Date(2026, 3, day, hour).getTime();
  for (const hour of [0, 12, 23]) expect(tomorrowAt(at(15, hour))).toBe(at(16, 9));
});
