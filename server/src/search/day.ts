// Days of the calendar in a person's time zone.

/** The time from the beginning of a day, month or year to its end, in milliseconds since 1970. */
export type Day = { start: number; end: number };

/**
 * Returns the day that is written as `2026-11-29`, `29.11.2026`, `29.11.` of this year, `today` or `yesterday`, or the month or year that is written as `2026-11` or
 * `2026`. Null if it is none.
 */
export function dayIn(zone: string, text: string, now: number): Day | null {
  const today = partsIn(zone, now);
  const word = text.toLowerCase();
  if (word === "today" || word === "yesterday") {
    const day = today.day - (word === "today" ? 0 : 1);
    return between(zone, [today.year, today.month, day], [today.year, today.month, day + 1]);
  }
  const german = /^(\d{1,2})\.(\d{1,2})\.(\d{4})?$/.exec(text);
  const iso = german ? `${german[3] ?? today.year}-${german[2]}-${german[1]}` : text;
  const match = /^(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?$/.exec(iso);
  if (!match) return null;
  const year = Number(match[1]);
  const month = match[2] === undefined ? null : Number(match[2]);
  const day = match[3] === undefined ? null : Number(match[3]);
  if (year < 1970 || (month !== null && (month < 1 || month > 12))) return null;
  if (day !== null && (day < 1 || day > new Date(Date.UTC(year, month!, 0)).getUTCDate())) return null;
  if (month === null) return between(zone, [year, 1, 1], [year + 1, 1, 1]);
  if (day === null) return between(zone, [year, month, 1], [year, month + 1, 1]);
  return between(zone, [year, month, day], [year, month, day + 1]);
}

type Parts = { year: number; month: number; day: number; asUtc: number };

function between(zone: string, start: [number, number, number], end: [number, number, number]): Day {
  return { start: midnight(zone, start), end: midnight(zone, end) };
}

/** When a day begins in a zone. The second look is for zones that change their clocks on that day. */
function midnight(zone: string, [year, month, day]: [number, number, number]): number {
  const wanted = Date.UTC(year, month - 1, day);
  const offset = (at: number) => partsIn(zone, at).asUtc - at;
  const first = wanted - offset(wanted);
  const second = wanted - offset(first);
  // Where the clocks change at midnight, the day begins when they have.
  return partsIn(zone, second).day === new Date(wanted).getUTCDate() ? second : first;
}

function partsIn(zone: string, at: number): Parts {
  const parts = new Map(
    formatIn(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const get = (type: Intl.DateTimeFormatPartTypes) => parts.get(type)!;
  const [year, month, day] = [get("year"), get("month"), get("day")];
  const second = Date.UTC(year, month - 1, day, get("hour"), get("minute"), get("second"));
  return { year, month, day, asUtc: second + (at - Math.floor(at / 1000) * 1000) };
}

const formats = new Map<string, Intl.DateTimeFormat>();
const formatsMax = 500;

function formatIn(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    if (formats.size >= formatsMax) formats.clear();
    const number = "numeric" as const;
    format = new Intl.DateTimeFormat("en-u-hc-h23", {
      ...{ timeZone: zone, year: number, month: number, day: number },
      ...{ hour: number, minute: number, second: number },
    });
    formats.set(zone, format);
  }
  return format;
}
