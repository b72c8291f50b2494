import { randomInt } from "node:crypto";
import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { plainDigits } from "../lib/digits.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import { deleteRecoveryCodes, insertRecoveryCode, takeRecoveryCode } from "./recovery-code-queries.ts";

const codesCount = 10;
// Crockford's base 32 leaves out letters that look alike. 12 characters are 60 bits.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const codeChars = 12;

/**
 * Replaces the account's recovery codes with ten new ones. They are shown once; the database holds only their keyed
 * hashes.
 */
export async function replaceRecoveryCodes(
  app: { secret: ServerSecret },
  tx: Sql,
  accountId: AccountId,
): Promise<string[]> {
  const codes = Array.from({ length: codesCount }, createCode);
  await deleteRecoveryCodes(tx, accountId);
  for (const code of codes) await insertRecoveryCode(tx, accountId, mac(app.secret, accountId, code));
  return codes;
}

/** Uses a code up. Returns false if it is unknown or already used. Of several uses at once, only one gets true. */
export async function useRecoveryCode(
  app: { secret: ServerSecret },
  tx: Sql,
  { accountId, code, now }: { accountId: AccountId; code: string; now: number },
): Promise<boolean> {
  return takeRecoveryCode(tx, { accountId, mac: mac(app.secret, accountId, code), at: now });
}

/** Whether a text has the format in which codes are shown. */
export function isRecoveryCode(text: string): boolean {
  return new RegExp(`^[${alphabet}]{4}-[${alphabet}]{4}-[${alphabet}]{4}$`).test(text);
}

function createCode(): string {
  const letters = Array.from({ length: codeChars }, () => alphabet[randomInt(alphabet.length)]).join("");
  return letters.match(/.{4}/g)!.join("-");
}

function mac(secret: ServerSecret, accountId: AccountId, code: string): Buffer {
  // Accept what people copy from paper: any case, with or without dashes, O for 0, I or L for 1.
  const letters = plainDigits(code)
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, "")
    .replaceAll("O", "0")
    .replace(/[IL]/g, "1");
  return secret.mac(letters, `recovery:${accountId}`);
}
