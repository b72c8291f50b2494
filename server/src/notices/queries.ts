import type { AccountId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import type { Sql } from "../db/database.ts";
import { type Texts, textsIn } from "../texts/texts.ts";

/** The kinds of account notices, sent by email and shown in the app. */
export type NoticeKind = keyof Texts["notices"]["titles"];

/** An account notice. `detail` is in the language the person used when it happened. */
export type Notice = { kind: NoticeKind; at: number; title: string; detail: string; isSeen: boolean };

export async function insertNotice(
  tx: Sql,
  notice: { id: string; account: AccountId; kind: NoticeKind; at: number; detail: string },
): Promise<void> {
  await tx`
    insert into notices (id, account_id, kind, at, detail)
    values (${notice.id}, ${notice.account}, ${notice.kind}, ${notice.at}, ${notice.detail})`;
}

/** Returns an account's notices, newest first, with titles in this language. */
export async function listNotices(
  sql: Sql,
  account: AccountId,
  language: Language,
  { limit }: { limit: number },
): Promise<Notice[]> {
  const rows = await sql<{ kind: NoticeKind; at: number; detail: string; seen_at: number | null }>`
    select kind, at, detail, seen_at from notices where account_id = ${account} order by at desc, id desc ${sql.limit(limit)}`;
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
