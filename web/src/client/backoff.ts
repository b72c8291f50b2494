/**
 * How long to wait before try number `attempt` (from 0), in ms. It is a random time up to a ceiling that doubles with
 * every try, so that a thousand clients that lost the same server do not all come back at the same moment ("full
 * jitter").
 */
export function backoffMs(attempt: number, random: () => number): number {
  const ceilingMs = Math.min(15_000, 500 * 2 ** Math.min(attempt, 10));
  return Math.round(random() * ceilingMs) + 50;
}
