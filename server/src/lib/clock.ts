/** Time comes in as an argument, so that a test can hold it still. Milliseconds since 1970. */
export type Clock = { now(): number };

export const systemClock: Clock = { now: () => Date.now() };
