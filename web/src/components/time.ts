const timeFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const yearFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

const dayMs = 86_400_000;

export function formatTime(at: number): string {
  return timeFormat.format(at);
}

/** As {@link formatTime}, without "AM" or "PM", for where there is no room for it. */
export function formatShortTime(at: number): string {
  const parts = timeFormat.formatToParts(at).filter((part) => part.type !== "dayPeriod");
  return parts
    .map((part) => part.value)
    .join("")
    .trim();
}

export function formatFull(at: number): string {
  return fullFormat.format(at);
}

/** "Today", "Yesterday", or the date; with its year when that is another one. */
export function formatDay(at: number, now: number): string {
  const day = new Date(at).toDateString();
  if (day === new Date(now).toDateString()) return "Today";
  if (day === new Date(now - dayMs).toDateString()) return "Yesterday";
  return new Date(at).getFullYear() === new Date(now).getFullYear()
    ? dayFormat.format(at)
    : yearFormat.format(at);
}

const soonFormat = new Intl.DateTimeFormat(undefined, {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

/** A moment in the near future or past: today its time alone, else with its day. */
export function formatSoon(at: number, now = Date.now()): string {
  return new Date(at).toDateString() === new Date(now).toDateString()
    ? timeFormat.format(at)
    : soonFormat.format(at);
}

export function formatDate(at: number): string {
  return yearFormat.format(at);
}
