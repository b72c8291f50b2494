import { signal } from "@preact/signals";
import { t } from "../texts/text.ts";

const shapes = {
  time: { timeStyle: "short" },
  day: { weekday: "long", day: "numeric", month: "long" },
  date: { day: "numeric", month: "long", year: "numeric" },
  month: { month: "long", year: "numeric" },
  full: { dateStyle: "full", timeStyle: "medium" },
  soon: { weekday: "short", day: "numeric", month: "short" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

const made = new Map<string, Intl.DateTimeFormat>();

/** How hours are counted: as is usual in the browser's region, from 1 to 12, or from 0 to 23. */
export type Clock = "auto" | "h12" | "h23";
/** A signal, so that every time that is shown is drawn again. */
const clock = signal<Clock>("auto");

export function setClock(chosen: Clock): void {
  clock.value = chosen;
}

/** A format in the language of the page, and in the browser's regional variant of it if it has one. */
function format(shape: keyof typeof shapes): Intl.DateTimeFormat {
  const chosen = clock.value;
  const key = `${shape} ${chosen}`;
  const known = made.get(key);
  if (known) return known;
  const language = document.documentElement.lang;
  const locale = navigator.languages.find((candidate) => candidate.split("-")[0] === language) ?? language;
  const hours = chosen === "auto" || !("timeStyle" in shapes[shape]) ? {} : { hourCycle: chosen };
  const fresh = new Intl.DateTimeFormat(locale, { ...shapes[shape], ...hours });
  made.set(key, fresh);
  return fresh;
}

const dayMs = 86_400_000;

export function formatTime(at: number): string {
  return format("time").format(at);
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
  const time = formatTime(at);
  return new Date(at).toDateString() === new Date(now).toDateString()
    ? time
    : `${format("soon").format(at)}, ${time}`;
}

/**
 * A moment that may be long ago: the time of today, otherwise the day, with the year if it is another one. `isInside`: inside of
 * a sentence.
 */
export function formatPast(at: number, { now = Date.now(), isInside = false } = {}): string {
  const { today } = t.room;
  if (new Date(at).toDateString() === new Date(now).toDateString())
    return `${isInside ? today.toLowerCase() : today}, ${formatTime(at)}`;
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
