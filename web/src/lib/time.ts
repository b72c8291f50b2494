import { t } from "../texts/text.ts";

const shapes = {
  time: { hour: "2-digit", minute: "2-digit" },
  day: { weekday: "long", day: "numeric", month: "long" },
  date: { day: "numeric", month: "long", year: "numeric" },
  month: { month: "long", year: "numeric" },
  full: { dateStyle: "full", timeStyle: "medium" },
  soon: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

const made = new Map<string, Intl.DateTimeFormat>();

/** A format in the language of the page, and in the browser's regional variant of it if it has one. */
function format(shape: keyof typeof shapes): Intl.DateTimeFormat {
  const known = made.get(shape);
  if (known) return known;
  const language = document.documentElement.lang;
  const locale = navigator.languages.find((candidate) => candidate.split("-")[0] === language) ?? language;
  const fresh = new Intl.DateTimeFormat(locale, shapes[shape]);
  made.set(shape, fresh);
  return fresh;
}

const dayMs = 86_400_000;

export function formatTime(at: number): string {
  return format("time").format(at);
}

/** As {@link formatTime} without "AM" or "PM", for where space is short. */
export function formatShortTime(at: number): string {
  const parts = format("time")
    .formatToParts(at)
    .filter((part) => part.type !== "dayPeriod");
  return parts
    .map((part) => part.value)
    .join("")
    .trim();
}

export function formatFull(at: number): string {
  return format("full").format(at);
}

/** "Today", "Yesterday", or the date; with its year if it is not the current one. */
export function formatDay(at: number, now: number): string {
  const day = new Date(at).toDateString();
  if (day === new Date(now).toDateString()) return t.room.today;
  if (day === new Date(now - dayMs).toDateString()) return t.room.yesterday;
  return format(new Date(at).getFullYear() === new Date(now).getFullYear() ? "day" : "date").format(at);
}

/** A moment near now: only the time if it is today, otherwise with its day. */
export function formatSoon(at: number, now = Date.now()): string {
  return format(new Date(at).toDateString() === new Date(now).toDateString() ? "time" : "soon").format(at);
}

/** A moment that may be long ago: the time of today, otherwise the day, with the year if it is another one. */
export function formatPast(at: number, now = Date.now()): string {
  if (new Date(at).toDateString() === new Date(now).toDateString())
    return `${t.room.today}, ${formatTime(at)}`;
  if (new Date(at).getFullYear() === new Date(now).getFullYear()) return formatSoon(at, now);
  return format("date").format(at);
}

/** "February 2026" */
export function formatMonth(at: number): string {
  return format("month").format(at);
}

export function formatDate(at: number): string {
  return format("date").format(at);
}
