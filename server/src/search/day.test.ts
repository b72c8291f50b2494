import { expect, test } from "bun:test";
import { dayIn } from "./day.ts";
import { parseQuery } from "./parse-query.ts";

const zone = "Europe/Berlin";
const now = Date.UTC(2026, 10, 29, 12);

test("a day is written as a machine does or as a German does, with the year or in this one", () => {
  const day = dayIn(zone, "2026-12-01", now);
  expect(day).toEqual({ start: Date.UTC(2026, 10, 30, 23), end: Date.UTC(2026, 11, 1, 23) });
  for (const text of ["1.12.2026", "01.12.2026", "1.12."]) expect(dayIn(zone, text, now), text).toEqual(day);
  for (const text of ["31.2.2026", "1.13.", "1.12.26", "1.1.1.", "."])
    expect(dayIn(zone, text, now), text).toBeNull();
});

test("quotes of any language make a phrase and hold the value of a filter", () => {
  const plain = parseQuery('"schöne grüße" in:"öl und gas"', { zone, now });
  expect(plain.terms).toHaveLength(1);
  for (const text of [
    "„schöne grüße“ in:„öl und gas“",
    "“schöne grüße” in:“öl und gas”",
    "«schöne grüße» in:«öl und gas»",
  ])
    expect(parseQuery(text, { zone, now }), text).toEqual(plain);
});
