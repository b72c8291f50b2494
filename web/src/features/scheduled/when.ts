import { dayMs, hourMs, minuteMs } from "../../lib/duration.ts";

/**
 * The words for units of time, in English and German. Seconds are not offered, because reminders are kept to the
 * minute.
 */
const units: readonly (readonly [words: RegExp, ms: number])[] = [
  [/^(?:m|min|mins|minutes?|minuten?)$/i, minuteMs],
  [/^(?:h|hrs?|hours?|std|stunden?)$/i, hourMs],
  [/^(?:d|days?|t|tage?n?)$/i, dayMs],
  [/^(?:w|weeks?|wochen?)$/i, 7 * dayMs],
];

/** The hour for "tomorrow" without a time. */
const morningHour = 9;

/**
 * Reads the time (`at`, in ms since 1970) and the note of a reminder: "in 20 minutes call back", "tomorrow call back",
 * "tomorrow at 8 call back", and the same in German. Returns null if the time or its unit is not understood.
 */
export function parseWhen(text: string, now: number): { at: number; note: string } | null {
  const span = /^(?:me\s+)?in\s+(\d{1,4})\s*(\p{L}+)\.?(?:\s+([\s\S]*))?$/iu.exec(text);
  if (span) {
    const [, count = "", unit = "", note = ""] = span;
    const ms = units.find(([words]) => words.test(unit))?.[1];
    return ms === undefined || Number(count) === 0
      ? null
      : { at: now + Number(count) * ms, note: note.replace(/^to\s+/i, "") };
  }
  const day =
    /^(?:me\s+)?(?:tomorrow|morgen)(?:\s+(?:at|um)\s+(\d{1,2})(?::(\d\d))?(?:\s*(am|pm|uhr))?)?(?:\s+([\s\S]*))?$/i.exec(
      text,
    );
  if (!day) return null;
  const [, hour, minutes = "0", half = "", note = ""] = day;
  if (hour === undefined) return { at: tomorrowAt(now), note };
  const isHalf = /^[ap]m$/i.test(half);
  const hours = isHalf ? (Number(hour) % 12) + (/^p/i.test(half) ? 12 : 0) : Number(hour);
  const isTime = Number(minutes) < 60 && (isHalf ? Number(hour) >= 1 && Number(hour) <= 12 : hours < 24);
  return isTime ? { at: tomorrowAt(now, 1, hours, Number(minutes)), note } : null;
}

/** A time of day `days` from now, in the browser's time zone, in ms since 1970. Nine in the morning by default. */
export function tomorrowAt(now: number, days = 1, hour = morningHour, minute = 0): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days, hour, minute).getTime();
}

/** Nine in the morning of next Monday, in the browser's time zone, in ms since 1970. */
export function nextMondayAt(now: number): number {
  const day = new Date(now).getDay();
  return tomorrowAt(now, (8 - day) % 7 || 7);
}
