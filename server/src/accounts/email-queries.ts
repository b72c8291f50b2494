import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { sha256 } from "../lib/sha256.ts";
import { emailKey } from "./queries.ts";

/** An address that somebody says is theirs, until they show that they read its mail. */
export type Verification = { accountId: AccountId; email: string; createdAt: number; sentCount: number };

type VerificationRow = { account_id: AccountId; email: string; created_at: string; sent_count: number };

/** Whether somebody else has confirmed this address. */
export async function isVerifiedElsewhere(sql: Sql, email: string, accountId: AccountId): Promise<boolean> {
  const rows = await sql`
    select 1 from accounts
    where email_key = ${emailKey(email)} and email_verified_at is not null and id <> ${accountId}`;
  return rows.length > 0;
}

/** Keeps what will confirm the address, in the place of what was sent before. */
export async function upsertVerification(
  tx: Sql,
  verification: Verification & { token: string; codeMac: Uint8Array; expiresAt: number },
): Promise<void> {
  const { accountId, email, createdAt, sentCount, expiresAt } = verification;
  await tx`
    insert into email_verifications (account_id, email, token_hash, code_mac, sent_count, created_at, expires_at)
    values (${accountId}, ${email}, ${sha256(verification.token)}, ${verification.codeMac}, ${sentCount}, ${createdAt},
      ${expiresAt})
    on conflict (account_id) do update
    set email = excluded.email, token_hash = excluded.token_hash, code_mac = excluded.code_mac, failures = 0,
      sent_count = excluded.sent_count, created_at = excluded.created_at, expires_at = excluded.expires_at`;
}

export async function findVerification(sql: Sql, accountId: AccountId): Promise<Verification | null> {
  const [row] = await sql<VerificationRow>`
    select account_id, email, created_at, sent_count from email_verifications where account_id = ${accountId}`;
  return row ? toVerification(row) : null;
}

export async function findVerificationByToken(
  sql: Sql,
  token: string,
  now: number,
): Promise<Verification | null> {
  const [row] = await sql<VerificationRow>`
    select account_id, email, created_at, sent_count from email_verifications
    where token_hash = ${sha256(token)} and expires_at > ${now}`;
  return row ? toVerification(row) : null;
}

/** Uses up a link. Of many at once one gets it. */
export async function takeVerificationByToken(
  tx: Sql,
  token: string,
  now: number,
): Promise<Verification | null> {
  const [row] = await tx<VerificationRow>`
    delete from email_verifications where token_hash = ${sha256(token)} and expires_at > ${now}
    returning account_id, email, created_at, sent_count`;
  return row ? toVerification(row) : null;
}

/** Takes one of the tries at a code, before it is looked at; false where none is left. */
export async function takeCodeTry(
  sql: Sql,
  accountId: AccountId,
  now: number,
  triesMax: number,
): Promise<boolean> {
  const rows = await sql`
    update email_verifications set failures = failures + 1
    where account_id = ${accountId} and expires_at > ${now} and failures < ${triesMax}
    returning 1`;
  return rows.length > 0;
}

/** Uses up a code; null for a wrong one. */
export async function takeVerificationByCode(
  tx: Sql,
  accountId: AccountId,
  codeMac: Uint8Array,
): Promise<Verification | null> {
  const [row] = await tx<VerificationRow>`
    delete from email_verifications where account_id = ${accountId} and code_mac = ${codeMac}
    returning account_id, email, created_at, sent_count`;
  return row ? toVerification(row) : null;
}

function toVerification(row: VerificationRow): Verification {
  const { account_id, email, created_at, sent_count } = row;
  return { accountId: account_id, email, createdAt: Number(created_at), sentCount: sent_count };
}
