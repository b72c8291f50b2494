import { describe, expect, test } from "bun:test";
import { dayMs, hourMs, minuteMs } from "../../lib/duration.ts";
import { parseWhen } from "./parse-when.ts";

// A Wednesday at noon, in the time zone of the test.
const now = new Date(2026, 3, 15, 12).getTime();
const at = (day: number, hour: number, minute = 0) => new Date(2026, 3, day, hour, minute).getTime();

describe("[T2] the time of a reminder", () => {
  test("a span in words of either language", () => {
    const spans: [string, number][] = [
      ["in 20 minutes", now + 20 * minuteMs],
      ["in 20min", now + 20 * minuteMs],
      ["me in 5 m", now + 5 * minuteMs],
      ["in 1 Minute", now + minuteMs],
      ["in 2 hours", now + 2 * hourMs],
      ["in 2h", now + 2 * hourMs],
      ["in 1h30m", now + 90 * minuteMs],
      ["in half an hour", now + 30 * minuteMs],
      ["in 1.5 hours", now + 90 * minuteMs],
      ["in 3 Stunden", now + 3 * hourMs],
      ["in 3 std.", now + 3 * hourMs],
      ["in einer Stunde", now + hourMs],
      ["in 4 days", now + 4 * dayMs],
      ["in 4 Tagen", now + 4 * dayMs],
      ["in 2 weeks", now + 14 * dayMs],
      ["in 2 Wochen", now + 14 * dayMs],
      ["in 2 months", new Date(2026, 5, 15, 12).getTime()],
      ["in 2 Monaten", new Date(2026, 5, 15, 12).getTime()],
    ];
    for (const [text, due] of spans)
      expect(parseWhen(`${text} x`, now), text).toEqual({ at: due, note: "x" });
  });

  test("a day, at nine or at a time", () => {
    const times: [string, number][] = [
      ["tomorrow", at(16, 9)],
      ["morgen", at(16, 9)],
      ["morgen früh", at(16, 9)],
      ["übermorgen", at(17, 9)],
      ["tomorrow at 8", at(16, 8)],
      ["tomorrow 8am", at(16, 8)],
      ["tomorrow at 8:30", at(16, 8, 30)],
      ["tomorrow at 8 pm", at(16, 20)],
      ["tomorrow at 12 am", at(16, 0)],
      ["morgen um 14 Uhr", at(16, 14)],
      ["morgen um 20 Uhr", at(16, 20)],
      ["morgen um 13:15 Uhr", at(16, 13, 15)],
      ["morgen 8 Uhr", at(16, 8)],
      ["at 5pm", at(15, 17)],
      ["um 14:30", at(15, 14, 30)],
      ["heute um 18 Uhr", at(15, 18)],
      ["friday at 10", at(17, 10)],
      ["am Freitag um 10", at(17, 10)],
      ["tomorrow evening", at(16, 20)],
      ["tomorrow at noon", at(16, 12)],
      ["next monday", at(20, 9)],
      ["nächsten Montag", at(20, 9)],
    ];
    for (const [text, due] of times)
      expect(parseWhen(`${text} x`, now), text).toEqual({ at: due, note: "x" });
  });

  test("what isn't understood to its end is refused, and never taken for something else", () => {
    for (const text of [
      "in 30 seconds",
      "in 30 s",
      "in 0 minutes",
      "in 3 things",
      "in 5",
      "tomorrow at 25",
      "morgen um 25 Uhr",
      "tomorrow at 8:75",
      "tomorrow at 13 pm",
      "tomorrowland",
      "someday",
      "yesterday",
      "",
    ])
      expect(parseWhen(`${text} x`, now), text).toBeNull();
  });

  test("what follows is the note", () => {
    for (const [text, note] of [
      ["in 20 minutes to call back", "call back"],
      ["tomorrow at 8 call back", "call back"],
      ["morgen zurückrufen", "zurückrufen"],
      ["in an hour buy 3 eggs", "buy 3 eggs"],
      ["tomorrow call 5 people", "call 5 people"],
      ["tomorrow", ""],
    ] as const)
      expect(parseWhen(text, now)?.note, text).toBe(note);
  });

  test("on the days on which the clocks change, a time is that time, or there is none", () => {
    const run = (zone: string, from: string, text: string) => {
      const script = `
        import { parseWhen } from ${JSON.stringify(new URL("./parse-when.ts", import.meta.url).pathname)};
        const when = parseWhen(${JSON.stringify(text)}, new Date(${JSON.stringify(from)}).getTime());
        console.log(when === null ? "none" : new Date(when.at).toString().slice(0, 21));`;
      const child = Bun.spawnSync([process.execPath, "-e", script], { env: { ...process.env, TZ: zone } });
      return child.stdout.toString().trim();
    };
    // In Berlin, 2 o'clock was skipped on 29 March 2026, and came twice on 25 October.
    expect(run("Europe/Berlin", "2026-03-28T12:00", "tomorrow at 1")).toBe("Sun Mar 29 2026 01:00");
    expect(run("Europe/Berlin", "2026-03-28T12:00", "morgen um 2:30 Uhr")).toBe("none");
    expect(run("Europe/Berlin", "2026-03-28T12:00", "tomorrow at 3")).toBe("Sun Mar 29 2026 03:00");
    expect(run("Europe/Berlin", "2026-10-24T12:00", "tomorrow at 1")).toBe("Sun Oct 25 2026 01:00");
    expect(run("Europe/Berlin", "2026-10-24T12:00", "tomorrow at 2:30")).toBe("Sun Oct 25 2026 02:30");
  });
});
