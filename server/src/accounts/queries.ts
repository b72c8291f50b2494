import type { Person, ServerRole } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import { toPerson } from "@novax/protocol/person";
import type { Sql } from "../db/database.ts";

export type Account = {
  id: AccountId;
  username: string;
  displayName: string;
  email: string;
  isEmailVerified: boolean;
  serverRole: ServerRole;
  passwordHash: string | null;
  /** Raised with every change of what proves who somebody is. */
  credentialsVersion: number;
  failuresInARow: number;
  /** No way in: shut by an owner, or deleted. */
  isDisabled: boolean;
  awaitsApproval: boolean;
  /** Whether a password alone does not open it. */
  hasFactor: boolean;
  hasTotp: boolean;
  mustHaveFactor: boolean;
  /** The language in which its person was last seen reading. */
  language: Language;
  /** When it will be deleted, where its owner asked for that. */
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

/** Those who run the server: its owners and admins. */
export async function listInCharge(sql: Sql): Promise<AccountId[]> {
  const rows = await sql<{ id: AccountId }>`
    select id from accounts where server_role in ('owner', 'admin') and deleted_at is null`;
  return rows.map((row) => row.id);
}

/**
 * The account as it is, and stays until the transaction ends. Its messages go on being written meanwhile: they refer to
 * the account, and `for update` would have them wait, or wait for each other for ever.
 */
export async function lockAccount(tx: Sql, id: AccountId): Promise<Account | null> {
  const [row] = await tx<AccountRow>`select * from accounts where id = ${id} for no key update`;
  return row ? toAccount(row) : null;
}

/** Whoever gave this address, the one who proved it first. */
export async function listAccountsByEmail(sql: Sql, email: string, limit: number): Promise<Account[]> {
  const rows =
    await sql<AccountRow>`select * from accounts where email_key = ${emailKey(email)} and disabled_at is null and deleted_at is null
    order by email_verified_at is null, created_at
    limit ${limit}`;
  return rows.map(toAccount);
}

/** What makes two addresses the same address. Servers may tell capitals apart; none is known that does. */
export function emailKey(email: string): string {
  return email.trim().toLowerCase();
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
    insert into accounts (id, username, username_key, display_name, email, email_verified_at, password_hash,
      server_role, created_at, awaits_approval, invited_by, invite_note, language)
    values (${account.id}, ${account.username}, ${account.key}, ${account.displayName ?? ""}, ${account.email},
      ${account.emailVerifiedAt ?? null}, ${account.passwordHash}, ${account.serverRole},
      ${account.createdAt}, ${account.awaitsApproval ?? false}, ${account.invite?.by ?? null},
      ${account.invite?.note ?? ""}, ${account.language ?? "en"})`;
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

/** Puts a stronger hash of the same password in the place of one; false where it is no longer the one that was there. */
export async function renewPasswordHash(sql: Sql, id: AccountId, from: string, to: string): Promise<boolean> {
  const rows = await sql`
    update accounts set password_hash = ${to} where id = ${id} and password_hash = ${from} returning 1`;
  return rows.length > 0;
}

/**
 * Sets another password. Every sign-in that is under way ends with it, every browser is a stranger's again, and
 * failures begin at 0.
 */
export async function setPasswordHash(tx: Sql, id: AccountId, hash: string): Promise<void> {
  await tx`
    update accounts
    set password_hash = ${hash}, credentials_version = credentials_version + 1, failures_in_a_row = 0
    where id = ${id}`;
  await endResetLinks(tx, id);
}

/** Links to set a password, made before who may do so changed, no longer work. */
export async function endResetLinks(tx: Sql, id: AccountId): Promise<void> {
  await tx`update password_resets set ended_at = created_at where account_id = ${id} and ended_at is null`;
}

/** Ends every sign-in that is under way: what it proved is no longer what the account asks for. */
export async function raiseCredentialsVersion(tx: Sql, id: AccountId): Promise<void> {
  await tx`update accounts set credentials_version = credentials_version + 1 where id = ${id}`;
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

/** Shuts an account or opens it again. */
export async function setDisabled(tx: Sql, id: AccountId, at: number | null): Promise<void> {
  await tx`
    update accounts set disabled_at = ${at}, credentials_version = credentials_version + 1
    where id = ${id} and deleted_at is null`;
  await endResetLinks(tx, id);
}

/** Sets what somebody is called. Returns them as the others see them now. */
export async function setDisplayName(tx: Sql, id: AccountId, name: string): Promise<Person> {
  const [row] = await tx<{ username: string }>`
    update accounts set display_name = ${name} where id = ${id} returning username`;
  return toPerson(id, row!.username, name);
}

export async function setEmail(tx: Sql, id: AccountId, email: string, verifiedAt: number): Promise<void> {
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

/** Keeps the language that somebody reads in, for what is written to them while they are away. */
export async function rememberLanguage(sql: Sql, id: AccountId, language: Language): Promise<void> {
  await sql`update accounts set language = ${language} where id = ${id} and language <> ${language}`;
}

/** What somebody is on the server at this moment; null where the account is shut. */
export async function findServerRole(sql: Sql, id: AccountId): Promise<ServerRole | null> {
  const [row] = await sql<{ server_role: ServerRole }>`
    select server_role from accounts where id = ${id} and disabled_at is null and deleted_at is null`;
  return row?.server_role ?? null;
}
