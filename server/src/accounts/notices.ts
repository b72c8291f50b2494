import type { AccountId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import type { Sql } from "../db/database.ts";
import { queueMail } from "../jobs/mail-job.ts";
import type { JobNeeds } from "../jobs/queue.ts";
import { noticeLetter } from "../mail/letters.ts";
import { type NoticeText, type Texts, textsIn } from "../texts/texts.ts";

/** What a person is told of their account, by mail and in the app. */
export type NoticeKind = keyof Texts["notices"]["titles"];

/** `detail` is in the language that its reader had when it happened. */
export type Notice = { kind: NoticeKind; at: number; title: string; detail: string; isSeen: boolean };

type Recipient = {
  id: AccountId;
  username: string;
  email: string;
  isEmailVerified: boolean;
  language: Language;
};

/**
 * Tells a person, in the transaction of what it is about. By mail only where the address is known to be theirs, or
 * whoever registered with a stranger's address could have them written to.
 */
export async function insertNotice(
  app: JobNeeds & { publicUrl: URL },
  tx: Sql,
  to: Recipient,
  kind: NoticeKind,
  detail: NoticeText,
): Promise<void> {
  await tx`
    insert into notices (id, account_id, kind, at, detail)
    values (${app.random.uuid()}, ${to.id}, ${kind}, ${app.clock.now()},
      ${detail(textsIn(to.language).notices)})`;
  if (to.isEmailVerified) await mailNotice(app, tx, to, to.email, kind, detail);
}

/** The mail alone, also to an address that is no longer the account's. */
export async function mailNotice(
  app: JobNeeds & { publicUrl: URL },
  tx: Sql,
  to: { username: string; language: Language },
  address: string,
  kind: NoticeKind,
  detail: NoticeText,
): Promise<void> {
  const t = textsIn(to.language);
  const url = new URL("/account", app.publicUrl).href;
  const facts = { username: to.username, title: t.notices.titles[kind], detail: detail(t.notices), url };
  await queueMail(app, tx, noticeLetter(address, to.language, facts));
}

/** The newest first, as they are called in a language. */
export async function listNotices(
  sql: Sql,
  account: AccountId,
  language: Language,
  limit: number,
): Promise<Notice[]> {
  const rows = await sql<{ kind: NoticeKind; at: number; detail: string; seen_at: string | null }>`
    select kind, at, detail, seen_at from notices where account_id = ${account} order by at desc, id desc limit ${limit}`;
  return rows.map(({ kind, at, detail, seen_at }) => ({
    kind,
    at,
    title: textsIn(language).notices.titles[kind],
    detail,
    isSeen: seen_at !== null,
  }));
}

export async function countUnseenNotices(sql: Sql, account: AccountId): Promise<number> {
  const [row] = await sql<{ count: number }>`
    select count(*) as count from notices where account_id = ${account} and seen_at is null`;
  return row!.count;
}

export async function markNoticesSeen(sql: Sql, account: AccountId, at: number): Promise<void> {
  await sql`update notices set seen_at = ${at} where account_id = ${account} and seen_at is null`;
}
