import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { sha256 } from "../lib/sha256.ts";

export type Passkey = {
  id: string;
  accountId: AccountId;
  publicKey: Uint8Array<ArrayBuffer>;
  counter: number;
  transports: string[];
  name: string;
  createdAt: number;
  lastUsedAt: number | null;
};

/** A passkey whose signature was right, with its counter before and after. */
export type VerifiedPasskey = { id: string; accountId: AccountId; oldCounter: number; newCounter: number };

export type PasskeyPurpose = "login" | "factor" | "confirm" | "register";

type PasskeyRow = {
  id: string;
  account_id: AccountId;
  public_key: Uint8Array<ArrayBuffer>;
  counter: number;
  transports: string;
  name: string;
  created_at: number;
  last_used_at: number | null;
};

export async function findPasskey(sql: Sql, id: string): Promise<Passkey | null> {
  const [row] = await sql<PasskeyRow>`select * from passkeys where id = ${id}`;
  return row ? toPasskey(row) : null;
}

export async function listPasskeys(sql: Sql, accountId: AccountId): Promise<Passkey[]> {
  const rows =
    await sql<PasskeyRow>`select * from passkeys where account_id = ${accountId} order by created_at, id`;
  return rows.map(toPasskey);
}

export async function insertPasskey(tx: Sql, passkey: Omit<Passkey, "lastUsedAt">): Promise<void> {
  await tx`
    insert into passkeys (id, account_id, public_key, counter, transports, name, created_at)
    values (${passkey.id}, ${passkey.accountId}, ${Buffer.from(passkey.publicKey)}, ${passkey.counter},
      ${passkey.transports.join(",")}, ${passkey.name}, ${passkey.createdAt})`;
}

/** Records a use. Returns false if the passkey is gone or was used at the same time elsewhere. */
export async function usePasskey(tx: Sql, passkey: VerifiedPasskey, at: number): Promise<boolean> {
  const rows = await tx`
    update passkeys set counter = ${passkey.newCounter}, last_used_at = ${at}
    where id = ${passkey.id} and counter = ${passkey.oldCounter}
    returning 1`;
  return rows.length > 0;
}

export async function renamePasskey(
  tx: Sql,
  accountId: AccountId,
  id: string,
  { name }: { name: string },
): Promise<boolean> {
  const rows = await tx`
    update passkeys set name = ${name} where id = ${id} and account_id = ${accountId} returning 1`;
  return rows.length > 0;
}

/** Removes a passkey. Returns its name, or null if there is none. */
export async function deletePasskey(tx: Sql, accountId: AccountId, id: string): Promise<string | null> {
  const [row] = await tx<{ name: string }>`
    delete from passkeys where id = ${id} and account_id = ${accountId} returning name`;
  return row?.name ?? null;
}

/** Stores a challenge for one use. With `accountId` null any account's passkey may answer it. */
export async function insertPasskeyChallenge(
  sql: Sql,
  challenge: {
    text: string;
    purpose: PasskeyPurpose;
    accountId: AccountId | null;
    now: number;
    expiresAt: number;
  },
): Promise<void> {
  await sql`delete from passkey_challenges where expires_at < ${challenge.now}`;
  await sql`
    insert into passkey_challenges (challenge_hash, purpose, account_id, expires_at)
    values (${sha256(challenge.text)}, ${challenge.purpose}, ${challenge.accountId}, ${challenge.expiresAt})`;
}

/** Uses a challenge up. Returns false if it is unknown, expired, used, or meant for another purpose or account. */
export async function takePasskeyChallenge(
  sql: Sql,
  challenge: { text: string; purpose: PasskeyPurpose; accountId: AccountId | null; now: number },
): Promise<boolean> {
  const rows = await sql`
    delete from passkey_challenges
    where challenge_hash = ${sha256(challenge.text)} and purpose = ${challenge.purpose}
      and account_id is not distinct from ${challenge.accountId}::uuid and expires_at > ${challenge.now}
    returning 1`;
  return rows.length > 0;
}

function toPasskey(row: PasskeyRow): Passkey {
  return {
    id: row.id,
    accountId: row.account_id,
    publicKey: new Uint8Array(row.public_key),
    counter: row.counter,
    transports: row.transports === "" ? [] : row.transports.split(","),
    name: row.name,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  };
}
