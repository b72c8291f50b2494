import { passwordCodePointsMax } from "@novax/protocol/limits";
import { usernameKey } from "../accounts/username.ts";
import { Refusal } from "../lib/refusal.ts";
import type { RefusalText } from "../texts/texts.ts";
import type { KnownPasswords } from "./known-passwords.ts";

// Well above what 128 code points can take, and still cheap to process.
const passwordCharsMax = 1024;

/** The operator's requirements for new passwords. */
export type PasswordRules = { codePointsMin: number; knownPasswords: KnownPasswords };

/**
 * Prepares a password for hashing: one NFKC pass, so that every keyboard produces the same one (NIST 800-63B-4,
 * 3.1.1.2). Refuses with `password_invalid` or `password_too_long`, before any costly work.
 */
export function normalisePassword(text: string): string {
  if (text.length > passwordCharsMax) throw tooLong();
  if (text.includes("\0") || !text.isWellFormed()) {
    throw refuse("password_invalid", (t) => t.passwordCharacter);
  }
  const password = text.normalize("NFKC");
  if (codePoints(password) > passwordCodePointsMax) throw tooLong();
  return password;
}

/**
 * Asserts that a normalised password may be chosen. Only length and being common matter, never composition (ASVS
 * 6.2.5). Refuses with `password_too_short` or `password_common`.
 */
export async function assertMayBePassword(
  password: string,
  rules: PasswordRules,
  account: { username: string; email: string },
): Promise<void> {
  if (codePoints(password) < rules.codePointsMin) {
    throw refuse("password_too_short", (t) => t.passwordShort(rules.codePointsMin));
  }
  const folded = password.toLowerCase();
  const ownWords = [usernameKey(account.username), account.email.toLowerCase(), "novax"];
  if (ownWords.some((word) => isWordRepeated(folded, word)) || (await rules.knownPasswords.has(password))) {
    throw refuse("password_common", (t) => t.passwordCommon);
  }
}

/** Whether the password is only this word, once or repeated, with nothing but digits or symbols around it. */
function isWordRepeated(password: string, word: string): boolean {
  return password.replaceAll(word, "").replace(/[^\p{L}]/gu, "") === "" && password.includes(word);
}

function codePoints(text: string): number {
  return [...text].length;
}

function tooLong(): Refusal {
  return refuse("password_too_long", (t) => t.passwordLong(passwordCodePointsMax));
}

function refuse(
  code: "password_invalid" | "password_too_short" | "password_too_long" | "password_common",
  detail: RefusalText,
): Refusal {
  return new Refusal(code, detail, { field: "password" });
}
