// Hours of each day in which a person is not notified. It imports nothing, because the first view of the page uses it.

/** In minutes of the day in a time zone: from the first on, up to the second, which is on the next day if it is smaller. */
export type QuietHours = { from: number; to: number; zone: string };

export const minutesOfDay = 24 * 60;

const formats = new Map<string, Intl.DateTimeFormat>();
const formatsMax = 500;

/** Whether a time, in ms since 1970, is in a person's quiet hours. None is in a zone that is not known here. */
export function isQuiet(hours: QuietHours | null, at: number): boolean {
  if (!hours) return false;
  const { from, to, zone } = hours;
  const format = formatIn(zone);
  if (!format) return false;
  const minute = minuteOfDay(format, at);
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

function minuteOfDay(format: Intl.DateTimeFormat, at: number): number {
  const parts = format.formatToParts(at);
  const get = (type: string) => Number(parts.find((part) => part.type === type)!.value);
  return get("hour") * 60 + get("minute");
}

function formatIn(timeZone: string): Intl.DateTimeFormat | null {
  const known = formats.get(timeZone);
  if (known) return known;
  try {
    const options = { timeZone, hour: "numeric", minute: "numeric", hourCycle: "h23" } as const;
    const format = new Intl.DateTimeFormat("en", options);
    if (formats.size >= formatsMax) formats.clear();
    formats.set(timeZone, format);
    return format;
  } catch {
    return null;
  }
}
