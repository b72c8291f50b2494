import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { queueMail } from "../jobs/mail-job.ts";
import type { JobNeeds } from "../jobs/queue.ts";
import { noticeLetter } from "../mail/letters.ts";

/** What a person is told of their account, by mail and in the app. */
export const noticeTitles = {
  new_device: "New sign-in",
  login_after_failures: "Sign-in after failed attempts",
  wrong_code: "Somebody knew your password, and not your second factor",
  password_changed: "Your password was changed",
  password_reset: "Your password was set anew by a link",
  reset_link_issued: "An owner made a link to set your password anew",
  email_change_requested: "A new e-mail address was asked for",
  email_changed: "Your e-mail address was changed",
  factor_enabled: "A second factor was turned on",
  factor_disabled: "The second factor was turned off",
  codes_renewed: "New recovery codes were made",
  recovery_code_used: "A recovery code was used",
  passkey_added: "A passkey was added",
  passkey_removed: "A passkey was removed",
  passkey_copied: "A passkey may have been copied",
  identity_linked: "Single sign-on was linked",
  identity_unlinked: "Single sign-on was unlinked",
  username_changed: "Your username was changed",
  deletion_requested: "Your account will be deleted",
  deletion_cancelled: "Your account will stay",
} as const;
export type NoticeKind = keyof typeof noticeTitles;

export type Notice = { kind: NoticeKind; at: number; title: string; detail: string; isSeen: boolean };

type Recipient = { id: AccountId; username: string; email: string; isEmailVerified: boolean };

/**
 * Tells a person, in the transaction of what it is about. By mail only where the address is known to be theirs, or
 * whoever registered with a stranger's address could have them written to.
 */
export async function insertNotice(
  app: JobNeeds & { publicUrl: URL },
  tx: Sql,
  to: Recipient,
  kind: NoticeKind,
  detail: string,
): Promise<void> {
  await tx`
    insert into notices (id, account_id, kind, at, detail)
    values (${app.random.uuid()}, ${to.id}, ${kind}, ${app.clock.now()}, ${detail})`;
  if (to.isEmailVerified) await mailNotice(app, tx, to, to.email, kind, detail);
}

/** The mail alone, also to an address that is no longer the account's. */
export async function mailNotice(
  app: JobNeeds & { publicUrl: URL },
  tx: Sql,
  to: { username: string },
  address: string,
  kind: NoticeKind,
  detail: string,
): Promise<void> {
  const url = new URL("/account", app.publicUrl).href;
  const facts = { username: to.username, title: noticeTitles[kind], detail, url };
  await queueMail(app, tx, noticeLetter(address, facts));
}

/** The newest first. */
export async function listNotices(sql: Sql, account: AccountId, limit: number): Promise<Notice[]> {
  const rows = await sql<{ kind: NoticeKind; at: string; detail: string; seen_at: string | null }>`
    select kind, at, detail, seen_at from notices where account_id = ${account} order by at desc, id desc limit ${limit}`;
  return rows.map(({ kind, at, detail, seen_at }) => ({
    kind,
    at: Number(at),
    title: noticeTitles[kind],
    detail,
    isSeen: seen_at !== null,
  }));
}

export async function countUnseenNotices(sql: Sql, account: AccountId): Promise<number> {
  const [row] = await sql<{ count: string }>`
    select count(*) as count from notices where account_id = ${account} and seen_at is null`;
  return Number(row!.count);
}

export async function markNoticesSeen(sql: Sql, account: AccountId, at: number): Promise<void> {
  await sql`update notices set seen_at = ${at} where account_id = ${account} and seen_at is null`;
}
