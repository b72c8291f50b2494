import type { Person, ServerRole } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import { searchForm } from "@novax/protocol/names";
import { toPerson } from "@novax/protocol/person";
import type { Sql } from "../db/database.ts";
import { nameKeys } from "../lib/name-keys.ts";

export type Account = {
  id: AccountId;
  username: string;
  displayName: string;
  email: string;
  isEmailVerified: boolean;
  serverRole: ServerRole;
  passwordHash: string | null;
  /** Raised whenever something that proves the person's identity changes. */
  credentialsVersion: number;
  failuresInARow: number;
  /** Disabled or deleted: nobody can sign in. */
  isDisabled: boolean;
  awaitsApproval: boolean;
  /** Whether a second factor is needed besides the password. */
  hasFactor: boolean;
  hasTotp: boolean;
  mustHaveFactor: boolean;
  /** The language the person last used. */
  language: Language;
  /** When the account will be deleted, if its owner asked for that. */
  deleteAt: number | null;
};

type AccountRow = {
  id: AccountId;
  username: string;
  display_name: string;
  email: string;
  email_verified_at: number | null;
  server_role: ServerRole;
  password_hash: string | null;
  credentials_version: number;
  failures_in_a_row: number;
  disabled_at: number | null;
  deleted_at: number | null;
  awaits_approval: boolean;
  factor_on_at: number | null;
  totp_secret: Uint8Array | null;
  must_have_factor: boolean;
  delete_at: number | null;
  language: Language;
};

export async function findAccountByUsernameKey(sql: Sql, key: string): Promise<Account | null> {
  const [row] = await sql<AccountRow>`select * from accounts where username_key = ${key}`;
  return row ? toAccount(row) : null;
}

export async function findAccountById(sql: Sql, id: AccountId): Promise<Account | null> {
  const [row] = await sql<AccountRow>`select * from accounts where id = ${id}`;
  return row ? toAccount(row) : null;
}

/** The server's owners and admins. */
export async function listInCharge(sql: Sql): Promise<AccountId[]> {
  const rows = await sql<{ id: AccountId }>`
    select id from accounts where server_role in ('owner', 'admin') and deleted_at is null`;
  return rows.map((row) => row.id);
}

/**
 * Locks the account until the transaction ends. `for no key update` lets messages be written meanwhile: they reference
 * the account, and with `for update` they would wait, or deadlock.
 */
export async function lockAccount(tx: Sql, id: AccountId): Promise<Account | null> {
  const [row] = await tx<AccountRow>`select * from accounts where id = ${id} for no key update`;
  return row ? toAccount(row) : null;
}

/** The accounts with this address, the one that confirmed it first. */
export async function listAccountsByEmail(sql: Sql, email: string, limit: number): Promise<Account[]> {
  const rows =
    await sql<AccountRow>`select * from accounts where email_key = ${emailKey(email)} and disabled_at is null and deleted_at is null
    order by email_verified_at is null, created_at
    ${sql.limit(limit)}`;
  return rows.map(toAccount);
}

/** Finds the account that has confirmed an address. At most one can have. */
export async function findAccountByConfirmedEmail(sql: Sql, email: string): Promise<Account | null> {
  const [row] = await sql<AccountRow>`
    select * from accounts where email_key = ${emailKey(email)} and email_verified_at is not null`;
  return row ? toAccount(row) : null;
}

/**
 * Addresses with the same key count as the same. Mail servers may treat case as significant; none is known to do so.
 */
export function emailKey(email: string): string {
  return email.trim().toLowerCase();
}

/** Returns the ids of the newest accounts. Ids sort by when they were made. */
export async function listNewestAccountIds(sql: Sql, limit: number): Promise<AccountId[]> {
  const rows = await sql<{ id: AccountId }>`select id from accounts order by id desc limit ${limit}`;
  return rows.map((row) => row.id);
}

export async function insertAccount(
  tx: Sql,
  account: Person & {
    key: string;
    email: string;
    passwordHash: string | null;
    serverRole: ServerRole;
    createdAt: number;
    emailVerifiedAt?: number;
    language?: Language;
    awaitsApproval?: boolean;
    invite?: { by: AccountId; note: string };
  },
): Promise<void> {
  await tx`
    insert into accounts (id, username, username_key, name_keys, display_name, search_name, email, email_verified_at, password_hash,
      server_role, created_at, awaits_approval, invited_by, invite_note, language)
    values (${account.id}, ${account.username}, ${account.key}, ${tx.array(nameKeys(account.username), "text")},
      ${account.displayName ?? ""}, ${searchForm(account.displayName ?? "")}, ${account.email},
      ${account.emailVerifiedAt ?? null}, ${account.passwordHash}, ${account.serverRole},
      ${account.createdAt}, ${account.awaitsApproval ?? false}, ${account.invite?.by ?? null},
      ${account.invite?.note ?? ""}, ${account.language ?? "en"})`;
}

/** Whether an account other than `except` has a username that shares one of these keys. */
export async function hasUsernameLike(
  sql: Sql,
  keys: readonly string[],
  except: AccountId | null,
): Promise<boolean> {
  const rows = await sql`
    select 1 from accounts
    where name_keys && ${sql.array(keys, "text")} and id is distinct from ${except}::uuid and deleted_at is null
    limit 1`;
  return rows.length > 0;
}

/**
 * Whether there is no account yet. Holds a lock until the transaction ends, so that two people cannot both become the
 * first.
 */
export async function lockFirstAccount(tx: Sql): Promise<boolean> {
  await tx`select 1 from installation for update`;
  const rows = await tx`select 1 from accounts limit 1`;
  return rows.length === 0;
}

export async function hasAnyAccount(sql: Sql): Promise<boolean> {
  const rows = await sql`select 1 from accounts limit 1`;
  return rows.length > 0;
}

/**
 * Replaces a hash with a stronger one of the same password. Returns false if the stored hash has changed meanwhile.
 */
export async function renewPasswordHash(
  sql: Sql,
  id: AccountId,
  from: string,
  { to }: { to: string },
): Promise<boolean> {
  const rows = await sql`
    update accounts set password_hash = ${to} where id = ${id} and password_hash = ${from} returning 1`;
  return rows.length > 0;
}

/** Sets a new password. Ends every sign-in that is under way and all reset links, and resets the failure count. */
export async function setPasswordHash(tx: Sql, id: AccountId, hash: string): Promise<void> {
  await tx`
    update accounts
    set password_hash = ${hash}, credentials_version = credentials_version + 1, failures_in_a_row = 0
    where id = ${id}`;
  await endResetLinks(tx, id);
}

/** Ends unused links to set a password: who may set it has changed since they were sent. */
export async function endResetLinks(tx: Sql, id: AccountId): Promise<void> {
  await tx`update password_resets set ended_at = created_at where account_id = ${id} and ended_at is null`;
}

/**
 * Ends every sign-in that is under way, because what it has proved may no longer be enough, and holds back the messages
 * that were scheduled before.
 */
export async function raiseCredentialsVersion(tx: Sql, id: AccountId): Promise<void> {
  await tx`update accounts set credentials_version = credentials_version + 1 where id = ${id}`;
}

export async function countFailure(sql: Sql, id: AccountId): Promise<void> {
  await sql`update accounts set failures_in_a_row = failures_in_a_row + 1 where id = ${id}`;
}

/** Takes back a failure that should not count. */
export async function uncountFailure(sql: Sql, id: AccountId): Promise<void> {
  await sql`update accounts set failures_in_a_row = greatest(0, failures_in_a_row - 1) where id = ${id}`;
}

export async function clearFailures(sql: Sql, id: AccountId): Promise<void> {
  await sql`update accounts set failures_in_a_row = 0 where id = ${id} and failures_in_a_row > 0`;
}

/** Disables an account, or enables it with `at` null. Ends reset links and sign-ins that are under way. */
export async function setDisabled(tx: Sql, id: AccountId, at: number | null): Promise<void> {
  await tx`
    update accounts set disabled_at = ${at}, credentials_version = credentials_version + 1
    where id = ${id} and deleted_at is null`;
  await endResetLinks(tx, id);
}

/** Sets a display name. Returns the person as others see them now. */
export async function setDisplayName(tx: Sql, id: AccountId, name: string): Promise<Person> {
  const [row] = await tx<{ username: string }>`
    update accounts set display_name = ${name}, search_name = ${searchForm(name)} where id = ${id} returning username`;
  return toPerson(id, row!.username, name);
}

export async function setEmail(
  tx: Sql,
  id: AccountId,
  email: string,
  { verifiedAt }: { verifiedAt: number },
): Promise<void> {
  await tx`
    update accounts set email = ${email}, email_verified_at = ${verifiedAt}
    where id = ${id}`;
  await endResetLinks(tx, id);
}

export async function clearDeletion(tx: Sql, id: AccountId): Promise<void> {
  await tx`update accounts set delete_at = null, erases_messages = false where id = ${id}`;
}

function toAccount(row: AccountRow): Account {
  return {
    id: row.id,
    username: row.username,
    displayName: row.display_name,
    email: row.email,
    isEmailVerified: row.email_verified_at !== null,
    serverRole: row.server_role,
    passwordHash: row.password_hash,
    credentialsVersion: row.credentials_version,
    failuresInARow: row.failures_in_a_row,
    isDisabled: row.disabled_at !== null || row.deleted_at !== null,
    awaitsApproval: row.awaits_approval,
    hasFactor: row.factor_on_at !== null,
    hasTotp: row.totp_secret !== null,
    mustHaveFactor: row.must_have_factor,
    language: row.language,
    deleteAt: row.delete_at,
  };
}

/** Remembers the person's language, for notices and mails written while they are away. */
export async function rememberLanguage(sql: Sql, id: AccountId, language: Language): Promise<void> {
  await sql`update accounts set language = ${language} where id = ${id} and language <> ${language}`;
}

/** A person's current role on the server. Null if the account is disabled or deleted. */
export async function findServerRole(sql: Sql, id: AccountId): Promise<ServerRole | null> {
  const [row] = await sql<{ server_role: ServerRole }>`
    select server_role from accounts where id = ${id} and disabled_at is null and deleted_at is null`;
  return row?.server_role ?? null;
}
