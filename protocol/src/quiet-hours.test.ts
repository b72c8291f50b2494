import { expect, test } from "bun:test";
import { isQuiet, type QuietHours } from "./quiet-hours.ts";

const hours = (from: string, to: string, zone: string): QuietHours => {
  const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  return { from: minutes(from), to: minutes(to), zone };
};
const at = (time: string) => Date.parse(time);

test("quiet hours are those of the person's zone, over midnight, and through the change of the clocks", () => {
  const night = hours("22:00", "07:30", "Europe/Berlin");
  expect(isQuiet(night, at("2026-01-15T20:59:59Z"))).toBe(false);
  expect(isQuiet(night, at("2026-01-15T21:00:00Z"))).toBe(true);
  expect(isQuiet(night, at("2026-01-16T06:29:59Z"))).toBe(true);
  expect(isQuiet(night, at("2026-01-16T06:30:00Z"))).toBe(false);
  // In summer the same hours are an hour earlier in UTC.
  expect(isQuiet(night, at("2026-07-15T20:00:00Z"))).toBe(true);
  expect(isQuiet(night, at("2026-07-16T05:30:00Z"))).toBe(false);
  const noon = hours("12:00", "13:00", "Asia/Kathmandu");
  expect(isQuiet(noon, at("2026-01-15T06:15:00Z"))).toBe(true);
  expect(isQuiet(noon, at("2026-01-15T07:15:00Z"))).toBe(false);
});

test("without hours, or with none between them, nothing is quiet", () => {
  expect(isQuiet(null, 0)).toBe(false);
  expect(isQuiet(hours("08:00", "08:00", "UTC"), at("2026-01-15T08:00:00Z"))).toBe(false);
});
