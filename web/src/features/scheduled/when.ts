/** The hour of a day without a time. */
export const morningHour = 9;

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
