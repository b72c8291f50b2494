// Loaded when somebody first writes a time: the parser is 14 kB.
import { casual as german } from "chrono-node/de";
import { casual as english } from "chrono-node/en";
import { minuteMs } from "../../lib/duration.ts";
import { morningHour } from "./when.ts";

export type When = { at: number; note: string };

/** Reminders are kept to the minute. */
const nearestMs = minuteMs;

/** What could not be understood of a time. It must not become a part of the note. */
const leftOfTime = /^(?:(?:at|um|gegen|@)\s*\d|\d{1,2}\s*(?:[:.]\s*\d|h\b|am\b|pm\b|uhr\b))/i;

/** The parts of a day but the morning, which is when a day without a time is. */
const dayPart = /(?:noon|evening|night|midday|mittag|abend|nacht)/i;

/**
 * Reads the time (`at`, in ms since 1970) and the note of a reminder: "in 1h30m call back", "tomorrow at 8 call back",
 * "next Friday", "morgen um 20 Uhr zurückrufen". A day without a time is nine in the morning. Returns null if any of it
 * is not understood, if there is no such time on that day, or if it is less than a minute away.
 */
export function parseWhen(text: string, now: number): When | null {
  const words = text.replace(/^(?:me|mich)\s+/i, "");
  const found = [english, german]
    .flatMap((parser) => parser.parse(words, new Date(now), { forwardDate: true }).slice(0, 1))
    // The language that understood more of it. An abbreviation of one may be a word of the other.
    .sort((a, b) => b.text.length - a.text.length)
    .find(({ index, end }) => index === 0 && end === null);
  if (!found) return null;
  let rest = words.slice(found.text.length);
  // A name of a day or month must not be the beginning of another word.
  if (/^[\p{L}\p{N}]/u.test(rest)) return null;
  rest = rest.replace(/^[.,]?\s*/, "");
  if (leftOfTime.test(rest)) return null;
  const { start } = found;
  const isSpan = /^in\b/i.test(found.text);
  // A part of the day has an hour of its own, which the parser doesn't call certain.
  const hasTime = start.isCertain("hour") || dayPart.test(found.text);
  if (!hasTime && !isSpan) rest = rest.replace(/^früh\b\s*/i, "");
  const at = isSpan || start.isCertain("timezoneOffset") ? start.date().getTime() : localTime(start, hasTime);
  return at === null || at < now + nearestMs ? null : { at, note: rest.replace(/^(?:to|,)\s+/i, "").trim() };
}

type Parts = { get(part: "year" | "month" | "day" | "hour" | "minute"): number | null };

/** A time of day in the browser's time zone. Null if the clocks skip it on that day. */
function localTime(parts: Parts, hasTime: boolean): number | null {
  const [year, month, day] = [parts.get("year")!, parts.get("month")!, parts.get("day")!];
  const [hour, minute] = hasTime ? [parts.get("hour")!, parts.get("minute") ?? 0] : [morningHour, 0];
  const date = new Date(year, month - 1, day, hour, minute);
  return date.getHours() === hour && date.getMinutes() === minute ? date.getTime() : null;
}
