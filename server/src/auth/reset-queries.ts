import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { sha256 } from "../lib/sha256.ts";

/** Longer than any link is valid, and longer than the hour over which links are counted. */
const keptMs = 2 * 3_600_000;

/** Stores the hash of a link's token, and ends every older link of the account (R04). */
export async function insertReset(
  tx: Sql,
  reset: { token: string; accountId: AccountId; emailKey: string | null; now: number; expiresAt: number },
): Promise<void> {
  await tx`delete from password_resets where created_at < ${reset.now - keptMs}`;
  await tx`
    update password_resets set ended_at = ${reset.now} where account_id = ${reset.accountId} and ended_at is null`;
  await tx`
    insert into password_resets (token_hash, account_id, email_key, created_at, expires_at)
    values (${sha256(reset.token)}, ${reset.accountId}, ${reset.emailKey}, ${reset.now}, ${reset.expiresAt})`;
}

/** How many links were mailed to the account's owner since then. */
export async function countResetsSince(sql: Sql, accountId: AccountId, since: number): Promise<number> {
  const [row] = await sql<{ count: number }>`
    select count(*) as count from password_resets
    where account_id = ${accountId} and email_key is not null and created_at > ${since}`;
  return row!.count;
}

/** The account that a link belongs to, while the link is valid. */
export async function findReset(sql: Sql, token: string, now: number): Promise<AccountId | null> {
  const [row] = await sql<{ account_id: AccountId }>`
    select account_id from password_resets
    where token_hash = ${sha256(token)} and ended_at is null and expires_at > ${now}`;
  return row?.account_id ?? null;
}

/** Uses a link up. Of several uses at once, only one gets it. */
export async function takeReset(
  tx: Sql,
  token: string,
  now: number,
): Promise<{ accountId: AccountId; emailKey: string | null } | null> {
  const [row] = await tx<{ account_id: AccountId; email_key: string | null }>`
    update password_resets set ended_at = ${now}
    where token_hash = ${sha256(token)} and ended_at is null and expires_at > ${now}
    returning account_id, email_key`;
  return row ? { accountId: row.account_id, emailKey: row.email_key } : null;
}

/** Whether the password is the only way to sign in to this account. */
export async function hasPasswordAlone(sql: Sql, id: AccountId): Promise<boolean> {
  const [row] = await sql<{ alone: boolean }>`
    select a.factor_on_at is null
      and not exists (select 1 from passkeys p where p.account_id = a.id)
      and not exists (select 1 from identities i where i.account_id = a.id) as alone
    from accounts a where a.id = ${id}`;
  return row?.alone ?? false;
}
