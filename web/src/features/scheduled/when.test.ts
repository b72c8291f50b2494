import { describe, expect, test } from "bun:test";
import { dayMs, hourMs, minuteMs } from "../../lib/duration.ts";
import { nextMondayAt, parseWhen } from "./when.ts";

// A Wednesday at noon, in the time zone of the test.
const now = new Date(2026, 3, 15, 12).getTime();
const at = (day: number, hour: number, minute = 0) => new Date(2026, 3, day, hour, minute).getTime();

describe("when a reminder is due", () => {
  test("a span in words of either language", () => {
    const spans: [string, number][] = [
      ["in 20 minutes", 20 * minuteMs],
      ["in 20min", 20 * minuteMs],
      ["me in 5 m", 5 * minuteMs],
      ["in 1 Minute", minuteMs],
      ["in 2 hours", 2 * hourMs],
      ["in 3 Stunden", 3 * hourMs],
      ["in 3 std.", 3 * hourMs],
      ["in 4 days", 4 * dayMs],
      ["in 4 Tagen", 4 * dayMs],
      ["in 1 tag", dayMs],
      ["in 2 weeks", 14 * dayMs],
      ["in 2 Wochen", 14 * dayMs],
    ];
    for (const [text, ms] of spans) expect(parseWhen(text, now), text).toEqual({ at: now + ms, note: "" });
  });

  test("a unit that is not offered is not taken for another", () => {
    for (const text of [
      "in 30 seconds",
      "in 30 s",
      "in 2 months",
      "in 2 Monaten",
      "in 3 things",
      "in 0 minutes",
      "in 5",
    ])
      expect(parseWhen(text, now), text).toBeNull();
  });

  test("tomorrow, at nine or at a time", () => {
    const times: [string, number][] = [
      ["tomorrow", at(16, 9)],
      ["morgen", at(16, 9)],
      ["tomorrow at 8", at(16, 8)],
      ["tomorrow at 8:30", at(16, 8, 30)],
      ["tomorrow at 8 pm", at(16, 20)],
      ["tomorrow at 12 am", at(16, 0)],
      ["morgen um 14 Uhr", at(16, 14)],
    ];
    for (const [text, due] of times) expect(parseWhen(text, now), text).toEqual({ at: due, note: "" });
    for (const text of ["tomorrow at 25", "tomorrow at 8:75", "tomorrow at 13 pm", "tomorrowland", "someday"])
      expect(parseWhen(text, now), text).toBeNull();
  });

  test("what follows is the note", () => {
    expect(parseWhen("in 20 minutes to call back", now)?.note).toBe("call back");
    expect(parseWhen("tomorrow at 8 call back", now)?.note).toBe("call back");
    expect(parseWhen("morgen zurückrufen", now)?.note).toBe("zurückrufen");
  });

  test("next Monday is never today", () => {
    expect(nextMondayAt(now)).toBe(at(20, 9));
    expect(nextMondayAt(at(20, 8))).toBe(at(27, 9));
  });
});
