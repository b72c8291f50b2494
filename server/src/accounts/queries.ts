import type { Person, ServerRole } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";

export type Account = {
  id: AccountId;
  username: string;
  email: string;
  serverRole: ServerRole;
  passwordHash: string | null;
  failuresInARow: number;
  isDisabled: boolean;
};

type AccountRow = {
  id: AccountId;
  username: string;
  email: string;
  server_role: ServerRole;
  password_hash: string | null;
  failures_in_a_row: number;
  disabled_at: string | null;
};

export async function findAccountByUsernameKey(sql: Sql, key: string): Promise<Account | null> {
  const [row] = await sql<AccountRow>`
    select id, username, email, server_role, password_hash, failures_in_a_row, disabled_at
    from accounts where username_key = ${key}`;
  if (!row) return null;
  return {
    id: row.id,
    username: row.username,
    email: row.email,
    serverRole: row.server_role,
    passwordHash: row.password_hash,
    failuresInARow: row.failures_in_a_row,
    isDisabled: row.disabled_at !== null,
  };
}

export async function insertAccount(
  tx: Sql,
  account: Person & {
    key: string;
    email: string;
    passwordHash: string;
    serverRole: ServerRole;
    createdAt: number;
  },
): Promise<void> {
  await tx`
    insert into accounts (id, username, username_key, email, password_hash, server_role, created_at)
    values (${account.id}, ${account.username}, ${account.key}, ${account.email}, ${account.passwordHash},
      ${account.serverRole}, ${account.createdAt})`;
}

/** Whether nobody has an account yet, held true until the transaction ends: two first people cannot both be it. */
export async function lockFirstAccount(tx: Sql): Promise<boolean> {
  await tx`select 1 from installation for update`;
  const rows = await tx`select 1 from accounts limit 1`;
  return rows.length === 0;
}

export async function hasAnyAccount(sql: Sql): Promise<boolean> {
  const rows = await sql`select 1 from accounts limit 1`;
  return rows.length > 0;
}

/** Replaces one hash by another; false where it is no longer the one that was there. */
export async function replacePasswordHash(
  sql: Sql,
  id: AccountId,
  from: string,
  to: string,
): Promise<boolean> {
  const rows = await sql`
    update accounts set password_hash = ${to} where id = ${id} and password_hash = ${from} returning 1`;
  return rows.length > 0;
}

/** Whether the account is open and its password still is the one with this hash, held true until the transaction ends. */
export async function lockPasswordHash(tx: Sql, id: AccountId, passwordHash: string): Promise<boolean> {
  const rows = await tx`
    select 1 from accounts
    where id = ${id} and password_hash = ${passwordHash} and disabled_at is null
    for update`;
  return rows.length > 0;
}

export async function countFailure(sql: Sql, id: AccountId): Promise<void> {
  await sql`update accounts set failures_in_a_row = failures_in_a_row + 1 where id = ${id}`;
}

/** Takes one failure back that turned out to be none. */
export async function uncountFailure(sql: Sql, id: AccountId): Promise<void> {
  await sql`update accounts set failures_in_a_row = greatest(0, failures_in_a_row - 1) where id = ${id}`;
}

export async function clearFailures(sql: Sql, id: AccountId): Promise<void> {
  await sql`update accounts set failures_in_a_row = 0 where id = ${id} and failures_in_a_row > 0`;
}

export async function markDisabled(sql: Sql, id: AccountId, at: number): Promise<void> {
  await sql`update accounts set disabled_at = ${at} where id = ${id} and disabled_at is null`;
}
