import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import type { Account } from "./queries.ts";

export async function scheduleDeletion(
  tx: Sql,
  id: AccountId,
  deletion: { at: number; erasesMessages: boolean },
): Promise<void> {
  await tx`
    update accounts
    set delete_at = ${deletion.at}, erases_messages = ${deletion.erasesMessages},
      credentials_version = credentials_version + 1
    where id = ${id}`;
  await tx`delete from email_verifications where account_id = ${id}`;
}

export async function readErasesMessages(sql: Sql, id: AccountId): Promise<boolean> {
  const [row] = await sql<{
    erases_messages: boolean;
  }>`select erases_messages from accounts where id = ${id}`;
  return row!.erases_messages;
}

/** Removes all personal data from an account. A placeholder name remains, for the messages that stay. */
export async function emptyAccount(
  tx: Sql,
  id: AccountId,
  tombstone: string,
  { now }: { now: number },
): Promise<void> {
  await tx`
    update accounts
    set username = ${tombstone}, username_key = ${tombstone}, name_keys = '{}', display_name = 'Deleted account',
      search_name = '', email = '',
      email_verified_at = null, password_hash = null, factor_on_at = null, totp_secret = null, delete_at = null,
      invite_note = '', deleted_at = ${now}, credentials_version = credentials_version + 1
    where id = ${id}`;
  await tx`delete from sessions where account_id = ${id}`;
  await tx`delete from known_devices where account_id = ${id}`;
  await tx`delete from passkeys where account_id = ${id}`;
  await tx`delete from passkey_challenges where account_id = ${id}`;
  await tx`delete from recovery_codes where account_id = ${id}`;
  await tx`delete from identities where account_id = ${id}`;
  await tx`delete from notices where account_id = ${id}`;
  await tx`delete from password_resets where account_id = ${id}`;
  await tx`delete from email_verifications where account_id = ${id}`;
  await tx`delete from verification_mails where account_id = ${id}`;
  await tx`delete from login_challenges where account_id = ${id}`;
}

/**
 * Asserts that another owner remains without this one, and keeps that true until the transaction ends. Refuses with
 * `last_owner`.
 */
export async function assertNotLastOwner(tx: Sql, account: Account): Promise<void> {
  if (account.serverRole !== "owner") return;
  // Two owners who leave at the same time must not both count on the other.
  await tx`select 1 from installation for update`;
  const others = await tx`
    select 1 from accounts
    where server_role = 'owner' and id <> ${account.id} and disabled_at is null and deleted_at is null
      and delete_at is null and not awaits_approval
    limit 1`;
  if (others.length === 0) {
    throw new Refusal("last_owner", (t) => t.lastOwner);
  }
}
