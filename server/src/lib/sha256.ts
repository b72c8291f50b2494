import { createHash } from "node:crypto";

/**
 * What is stored of a secret token. Tokens are 256 random bits, so a plain hash cannot be searched; whoever reads the
 * database cannot use what is there.
 */
export function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
