import { randomInt } from "node:crypto";
import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import { deleteRecoveryCodes, insertRecoveryCode, takeRecoveryCode } from "./recovery-code-queries.ts";

const codesCount = 10;
// Crockford's base 32: no letter that is taken for another. 12 of them are 60 bits.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const codeChars = 12;

/** Makes ten codes in the place of those there were. They are shown once; the table has their keyed hashes alone. */
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

/** Uses a code up; false for one that is none, or was used. Of many at once one gets true. */
export async function useRecoveryCode(
  app: { secret: ServerSecret },
  tx: Sql,
  { accountId, code, now }: { accountId: AccountId; code: string; now: number },
): Promise<boolean> {
  return takeRecoveryCode(tx, { accountId, mac: mac(app.secret, accountId, code), at: now });
}

/** Whether a text has the form of a code as it is shown. */
export function isRecoveryCode(text: string): boolean {
  return new RegExp(`^[${alphabet}]{4}-[${alphabet}]{4}-[${alphabet}]{4}$`).test(text);
}

function createCode(): string {
  const letters = Array.from({ length: codeChars }, () => alphabet[randomInt(alphabet.length)]).join("");
  return letters.match(/.{4}/g)!.join("-");
}

function mac(secret: ServerSecret, accountId: AccountId, code: string): Buffer {
  // As it is read from paper: capitals or not, with dashes or without, O for 0, I or L for 1.
  const letters = code
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, "")
    .replaceAll("O", "0")
    .replace(/[IL]/g, "1");
  return secret.mac(letters, `recovery:${accountId}`);
}
