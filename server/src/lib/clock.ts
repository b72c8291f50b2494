/** Milliseconds since 1970. Passed in as an argument, so that a test can stop the clock. */
export type Clock = { now(): number };

export const systemClock: Clock = { now: () => Date.now() };
