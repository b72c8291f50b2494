import { createHash } from "node:crypto";

/**
 * The stored form of a secret token. Tokens are 256 random bits, so a plain hash cannot be brute-forced, and somebody
 * who has the database cannot use it.
 */
export function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
