import type { Person } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { toPerson } from "@novax/protocol/person";
import type { InboxItem, MessagePreview } from "@novax/protocol/reads";
import { excerptOf } from "@novax/protocol/text";
import type { Sql } from "../db/database.ts";
import type { ListCursor } from "../lib/cursor.ts";
import { type PreviewRow, toPreview } from "../messages/preview.ts";

/** An item of one kind, without whether it is new. */
type ItemOf<K extends InboxItem["kind"]> = Omit<Extract<InboxItem, { kind: K }>, "isNew">;

type Page = { before: ListCursor; limit: number };
type PersonColumns = { by_id: AccountId; by_username: string; by_display_name: string };

const toBy = (row: PersonColumns): Person => toPerson(row.by_id, row.by_username, row.by_display_name);

/** The newest reply of somebody else that mentions them not, in each thread that a person follows, newest first. */
export async function listReplies(
  sql: Sql,
  account: AccountId,
  { before, limit }: Page,
): Promise<MessagePreview[]> {
  const rows = await sql<PreviewRow>`
    select n.room_id, n.seq, n.thread_root, a.id, a.username, a.display_name, n.sent_at, n.body, n.sent_at as at
    from threads_followed f
      join memberships own on own.room_id = f.room_id and own.account_id = f.account_id
      join messages root on root.room_id = f.room_id and root.seq = f.root_seq and root.reply_count > 0
      cross join lateral (
        select r.* from messages r
        where r.room_id = f.room_id and r.thread_root = f.root_seq and r.deleted_at is null and r.sender_id <> f.account_id
          and not exists (select 1 from blocks b where b.blocker_id = f.account_id and b.blocked_id = r.sender_id)
          and not exists (
            select 1 from mentions x where x.account_id = f.account_id and x.room_id = r.room_id and x.seq = r.seq
          )
        order by r.seq desc limit 1
      ) n
      join accounts a on a.id = n.sender_id
    where f.account_id = ${account} and f.is_followed
      and (n.sent_at, n.room_id, n.seq) < (${before.at}::bigint, ${before.room}::text, ${before.seq}::bigint)
    order by n.sent_at desc, n.room_id desc, n.seq desc
    ${sql.limit(limit)}`;
  return rows.map(toPreview);
}

/** Reactions of others to a person's messages, newest first. */
export async function listReactions(
  sql: Sql,
  account: AccountId,
  { before, limit }: Page,
): Promise<ItemOf<"reaction">[]> {
  const rows = await sql<PreviewRow & PersonColumns & { emoji: string }>`
    select m.room_id, m.seq, m.thread_root, me.id, me.username, me.display_name, m.sent_at, m.body, r.at, r.emoji,
      a.id as by_id, a.username as by_username, a.display_name as by_display_name
    from reactions r
      join memberships own on own.room_id = r.room_id and own.account_id = r.to_id
      join messages m on m.room_id = r.room_id and m.seq = r.seq
      join accounts me on me.id = m.sender_id
      join accounts a on a.id = r.account_id
    where r.to_id = ${account}
      and (r.at, r.room_id, r.seq) < (${before.at}::bigint, ${before.room}::text, ${before.seq}::bigint)
      and not exists (select 1 from blocks b where b.blocker_id = r.to_id and b.blocked_id = r.account_id)
    order by r.at desc, r.room_id desc, r.seq desc
    ${sql.limit(limit)}`;
  return rows.map((row) => ({ kind: "reaction", ...toPreview(row), person: toBy(row), emoji: row.emoji }));
}

/** A person's reminders that are due, in rooms they are in, the last one first. */
export async function listDueReminders(
  sql: Sql,
  account: AccountId,
  { before, limit }: Page,
): Promise<ItemOf<"reminder">[]> {
  const rows = await sql<{
    id: string;
    room_id: RoomId;
    seq: number | null;
    note: string;
    told_at: number;
    body: Parameters<typeof excerptOf>[0] | null;
  }>`
    select r.id, r.room_id, r.seq, r.note, r.told_at, m.body
    from reminders r
      join memberships own on own.room_id = r.room_id and own.account_id = r.account_id
      left join messages m on m.room_id = r.room_id and m.seq = r.seq
    where r.account_id = ${account} and r.told_at is not null
      and (r.told_at, r.room_id, coalesce(r.seq, 0)) < (${before.at}::bigint, ${before.room}::text, ${before.seq}::bigint)
    order by r.told_at desc, r.room_id desc, coalesce(r.seq, 0) desc
    ${sql.limit(limit)}`;
  return rows.map((row) => ({
    ...{ kind: "reminder", room: row.room_id, seq: row.seq, at: row.told_at, id: row.id, note: row.note },
    excerpt: row.body && excerptOf(row.body),
  }));
}

/** Rooms that others put a person into, in which they are now, the last one first. Conversations of two only while they are requests. */
export async function listInvitations(
  sql: Sql,
  account: AccountId,
  { before, limit }: Page,
): Promise<ItemOf<"invitation">[]> {
  const rows = await sql<PersonColumns & { room_id: RoomId; joined_at: number; is_request: boolean }>`
    select own.room_id, own.joined_at, own.is_request,
      a.id as by_id, a.username as by_username, a.display_name as by_display_name
    from memberships own join rooms r on r.id = own.room_id join accounts a on a.id = own.added_by
    where own.account_id = ${account} and (r.kind <> 'direct' or own.is_request) and not (own.is_request and own.hidden_at is not null)
      and (own.joined_at, own.room_id, 0::bigint) < (${before.at}::bigint, ${before.room}::text, ${before.seq}::bigint)
      and not exists (select 1 from blocks b where b.blocker_id = own.account_id and b.blocked_id = own.added_by)
    order by own.joined_at desc, own.room_id desc
    ${sql.limit(limit)}`;
  return rows.map((row) => ({
    ...{
      kind: "invitation",
      room: row.room_id,
      at: row.joined_at,
      person: toBy(row),
      isRequest: row.is_request,
    },
  }));
}

type Marks = { seenAt: number; rooms: ReadonlyMap<RoomId, number>; threads: ReadonlyMap<string, number> };

/** How far a person has seen their inbox, and has read rooms and threads with these messages. */
export async function readMarks(
  sql: Sql,
  account: AccountId,
  messages: readonly Pick<MessagePreview, "room" | "threadRoot">[],
): Promise<Marks> {
  const rooms = [...new Set(messages.map(({ room }) => room))];
  const inThreads = messages.filter(({ threadRoot }) => threadRoot !== null);
  const rows = await sql<{ room_id: RoomId | null; root_seq: number | null; mark: number }>`
    select null::text as room_id, null::bigint as root_seq, inbox_seen_at as mark from accounts where id = ${account}
    union all
    select room_id, null, read_seq from memberships
    where account_id = ${account} and room_id = any(${sql.array(rooms, "text")})
    union all
    select f.room_id, f.root_seq, f.read_seq
    from (
      select distinct * from unnest(${sql.array(
        inThreads.map(({ room }) => room),
        "text",
      )}, ${sql.array(
        inThreads.map(({ threadRoot }) => threadRoot!),
        "bigint",
      )}) as t (room_id, root_seq)
    ) t join threads_followed f on f.account_id = ${account} and f.room_id = t.room_id and f.root_seq = t.root_seq`;
  return {
    seenAt: rows.find(({ room_id }) => room_id === null)?.mark ?? 0,
    rooms: new Map(
      rows.flatMap((row) => (row.room_id !== null && row.root_seq === null ? [[row.room_id, row.mark]] : [])),
    ),
    threads: new Map(
      rows.flatMap((row) => (row.root_seq === null ? [] : [[`${row.room_id} ${row.root_seq}`, row.mark]])),
    ),
  };
}

/** Notes that a person has seen what is in their inbox up to a time. Returns whether that is news. */
export async function raiseInboxMark(sql: Sql, account: AccountId, at: number): Promise<boolean> {
  const rows = await sql`
    update accounts set inbox_seen_at = ${at} where id = ${account} and inbox_seen_at < ${at} returning 1`;
  return rows.length > 0;
}

/** How many rooms others put a person into that they have not seen in their inbox. */
export async function countInvitations(sql: Sql, account: AccountId): Promise<number> {
  const [row] = await sql<{ count: number }>`
    select count(*)::int as count
    from memberships own join rooms r on r.id = own.room_id join accounts a on a.id = own.account_id
    where own.account_id = ${account} and own.added_by is not null and own.joined_at > a.inbox_seen_at
      and (r.kind <> 'direct' or own.is_request) and not (own.is_request and own.hidden_at is not null)
      and not exists (select 1 from blocks b where b.blocker_id = own.account_id and b.blocked_id = own.added_by)`;
  return row!.count;
}
