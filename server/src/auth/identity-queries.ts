import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";

/** An account at an OpenID Connect provider, linked to an account here. */
export type LinkedIdentity = {
  issuer: string;
  subject: string;
  email: string;
  createdAt: number;
  lastUsedAt: number;
};

export async function findIdentityAccount(
  sql: Sql,
  issuer: string,
  subject: string,
): Promise<AccountId | null> {
  const [row] = await sql<{ account_id: AccountId }>`
    select account_id from identities where issuer = ${issuer} and subject = ${subject}`;
  return row?.account_id ?? null;
}

export async function insertIdentity(
  tx: Sql,
  identity: { issuer: string; subject: string; email: string; accountId: AccountId; now: number },
): Promise<void> {
  await tx`
    insert into identities (issuer, subject, account_id, email, created_at, last_used_at)
    values (${identity.issuer}, ${identity.subject}, ${identity.accountId}, ${identity.email}, ${identity.now},
      ${identity.now})`;
}

export async function touchIdentity(
  tx: Sql,
  issuer: string,
  subject: string,
  { now }: { now: number },
): Promise<void> {
  await tx`update identities set last_used_at = ${now} where issuer = ${issuer} and subject = ${subject}`;
}

export async function listIdentities(sql: Sql, accountId: AccountId): Promise<LinkedIdentity[]> {
  const rows = await sql<{
    issuer: string;
    subject: string;
    email: string;
    created_at: number;
    last_used_at: number;
  }>`
    select issuer, subject, email, created_at, last_used_at from identities
    where account_id = ${accountId} order by created_at`;
  return rows.map((row) => ({
    issuer: row.issuer,
    subject: row.subject,
    email: row.email,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  }));
}

export async function deleteIdentities(tx: Sql, accountId: AccountId): Promise<number> {
  const rows = await tx`delete from identities where account_id = ${accountId} returning 1`;
  return rows.length;
}
