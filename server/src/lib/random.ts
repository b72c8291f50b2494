import { randomBytes } from "node:crypto";

/** Randomness comes in as an argument, as time does. */
export type Random = {
  /** A new id that sorts by its time of making (UUID version 7). */
  uuid(): string;
  /** An unguessable token of 256 bits, in base64url. */
  token(): string;
};

export const systemRandom: Random = {
  uuid: () => Bun.randomUUIDv7(),
  token: () => randomBytes(32).toString("base64url"),
};
