import { hourMs, minuteMs } from "../../lib/duration.ts";

/** Reads "in 20 minutes call back", "tomorrow call back" and "tomorrow at 8 call back", in English or German words. */
export function parseWhen(text: string, now: number): { at: number; note: string } | null {
  const spans: Record<string, number> = {
    m: minuteMs,
    min: minuteMs,
    h: hourMs,
    s: hourMs,
    d: 24 * hourMs,
    t: 24 * hourMs,
  };
  const match = /^(?:me\s+)?in\s+(\d{1,4})\s*(m|min|h|s|d|t)[\p{L}]*\s*([\s\S]*)$/iu.exec(text);
  if (match) {
    const [, count, unit, note = ""] = match;
    return { at: now + Number(count) * spans[unit!.toLowerCase()]!, note: note.replace(/^to\s+/i, "") };
  }
  const day =
    /^(?:me\s+)?(?:tomorrow|morgen)(?:\s+(?:at|um)\s+(\d{1,2})(?::(\d\d))?\s*(am|pm|uhr)?)?\b\s*([\s\S]*)$/i.exec(
      text,
    );
  if (!day) return null;
  const [, hour, minutes = 0, half = "", note = ""] = day;
  if (hour === undefined) return { at: tomorrowAt(now), note };
  const hours = (Number(hour) % (half === "" || half === "uhr" ? 24 : 12)) + (/^pm$/i.test(half) ? 12 : 0);
  return { at: tomorrowAt(now) + (hours - 9) * hourMs + Number(minutes) * minuteMs, note };
}

/** Nine in the morning of the next day, here. */
export function tomorrowAt(now: number, days = 1): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days, 9).getTime();
}

/** Nine in the morning of next Monday, here. */
export function nextMondayAt(now: number): number {
  const day = new Date(now).getDay();
  return tomorrowAt(now, (8 - day) % 7 || 7);
}
