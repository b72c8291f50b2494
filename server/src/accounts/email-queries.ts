import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { lockMailbox } from "../db/lock-queries.ts";
import { sha256 } from "../lib/sha256.ts";
import { emailKey } from "./queries.ts";

/** An address that an account has given and not yet confirmed. */
export type Verification = { accountId: AccountId; email: string };

type VerificationRow = { account_id: AccountId; email: string };

/** Whether another account has confirmed this address. */
export async function isVerifiedElsewhere(sql: Sql, email: string, accountId: AccountId): Promise<boolean> {
  const rows = await sql`
    select 1 from accounts
    where email_key = ${emailKey(email)} and email_verified_at is not null and id <> ${accountId}`;
  return rows.length > 0;
}

/** Stores what will confirm the address, and replaces what was sent before. */
export async function upsertVerification(
  tx: Sql,
  verification: Verification & { token: string; codeMac: Uint8Array; expiresAt: number },
): Promise<void> {
  const { accountId, email, expiresAt } = verification;
  await tx`
    insert into email_verifications (account_id, email, token_hash, code_mac, expires_at)
    values (${accountId}, ${email}, ${sha256(verification.token)}, ${verification.codeMac}, ${expiresAt})
    on conflict (account_id) do update
    set email = excluded.email, token_hash = excluded.token_hash, code_mac = excluded.code_mac, failures = 0,
      expires_at = excluded.expires_at`;
}

export async function findVerification(sql: Sql, accountId: AccountId): Promise<Verification | null> {
  const [row] = await sql<VerificationRow>`
    select account_id, email from email_verifications where account_id = ${accountId}`;
  return row ? toVerification(row) : null;
}

export async function findVerificationByToken(
  sql: Sql,
  token: string,
  now: number,
): Promise<Verification | null> {
  const [row] = await sql<VerificationRow>`
    select account_id, email from email_verifications
    where token_hash = ${sha256(token)} and expires_at > ${now}`;
  return row ? toVerification(row) : null;
}

/** Uses a link up. Of several uses at once, only one gets it. */
export async function takeVerificationByToken(
  tx: Sql,
  token: string,
  now: number,
): Promise<Verification | null> {
  const [row] = await tx<VerificationRow>`
    delete from email_verifications where token_hash = ${sha256(token)} and expires_at > ${now}
    returning account_id, email`;
  return row ? toVerification(row) : null;
}

/** Takes one of the tries at a code before the code is checked. Returns false if none is left. */
export async function takeCodeTry(
  sql: Sql,
  accountId: AccountId,
  now: number,
  { triesMax }: { triesMax: number },
): Promise<boolean> {
  const rows = await sql`
    update email_verifications set failures = failures + 1
    where account_id = ${accountId} and expires_at > ${now} and failures < ${triesMax}
    returning 1`;
  return rows.length > 0;
}

/** Uses a code up. Returns null for a wrong one. */
export async function takeVerificationByCode(
  tx: Sql,
  accountId: AccountId,
  codeMac: Uint8Array,
): Promise<Verification | null> {
  const [row] = await tx<VerificationRow>`
    delete from email_verifications where account_id = ${accountId} and code_mac = ${codeMac}
    returning account_id, email`;
  return row ? toVerification(row) : null;
}

export async function deleteVerification(tx: Sql, accountId: AccountId): Promise<void> {
  await tx`delete from email_verifications where account_id = ${accountId}`;
}

/** Cancels a pending change to another address: the person who asked for it may have lost the account since. */
export async function cancelEmailChange(tx: Sql, account: { id: AccountId; email: string }): Promise<void> {
  await tx`
    delete from email_verifications where account_id = ${account.id} and lower(email) <> ${emailKey(account.email)}`;
}

const hourMs = 3_600_000;

/**
 * Records a mail. Returns how many this account has sent in the last hour, including this one, and how many other
 * accounts have sent one to this address. They are counted apart so that one account cannot use up an address's limit.
 */
export async function countVerificationMail(
  tx: Sql,
  accountId: AccountId,
  email: string,
  { now }: { now: number },
): Promise<{ ofAccount: number; othersToAddress: number }> {
  const key = emailKey(email);
  const since = now - hourMs;
  await lockMailbox(tx, key);
  await tx`insert into verification_mails (account_id, email_key, sent_at) values (${accountId}, ${key}, ${now})`;
  const [row] = await tx<{ of_account: number; others: number }>`
    select count(*) filter (where account_id = ${accountId}) as of_account,
      count(distinct account_id) filter (where email_key = ${key} and account_id <> ${accountId}) as others
    from verification_mails where sent_at > ${since} and (account_id = ${accountId} or email_key = ${key})`;
  return { ofAccount: row!.of_account, othersToAddress: row!.others };
}

function toVerification(row: VerificationRow): Verification {
  return { accountId: row.account_id, email: row.email };
}
