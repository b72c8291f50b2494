import { randomBytes } from "node:crypto";

/** Passed in as an argument, like the clock, so that a test can control it. */
export type Random = {
  /** A new id that sorts by creation time (UUID version 7). */
  uuid(): string;
  /** An unguessable token of 256 bits, in base64url. */
  token(): string;
};

export const systemRandom: Random = {
  uuid: () => Bun.randomUUIDv7(),
  token: () => randomBytes(32).toString("base64url"),
};
