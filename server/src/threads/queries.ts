import type { AccountId, RoomId } from "@novax/protocol/ids";
import { threadFacesMax, unreadCountMax } from "@novax/protocol/limits";
import type { FollowedThread } from "@novax/protocol/reads";
import type { AccountData } from "../accounts/account-data.ts";
import type { Sql } from "../db/database.ts";
import type { ListCursor } from "../lib/cursor.ts";
import { type PreviewRow, toPreview } from "../messages/preview.ts";
import { type MessageRow, readMessages } from "../messages/timeline-queries.ts";

/**
 * Returns the threads a person follows, in rooms they are in now, the one with the newest reply first, after the
 * cursor.
 */
export async function listFollowedThreads(
  sql: Sql,
  account: AccountId,
  { at, room, seq }: ListCursor,
  { limit }: { limit: number },
): Promise<FollowedThread[]> {
  const rows = await sql<PreviewRow & { reply_count: number; unread: number }>`
    select m.room_id, m.seq, m.thread_root, a.id, a.username, a.display_name, m.sent_at, m.body, m.last_reply_at as at,
      m.reply_count,
      (select count(*) from (
        select 1 from messages r
        where r.room_id = m.room_id and r.thread_root = m.seq and r.seq > f.read_seq and r.deleted_at is null
          and r.sender_id <> f.account_id
          and not exists (select 1 from blocks b where b.blocker_id = f.account_id and b.blocked_id = r.sender_id)
        ${sql.limit(unreadCountMax)}
      ) counted) as unread
    from threads_followed f
      join memberships own on own.room_id = f.room_id and own.account_id = f.account_id
      join messages m on m.room_id = f.room_id and m.seq = f.root_seq
      join accounts a on a.id = m.sender_id
    where f.account_id = ${account} and f.is_followed and m.reply_count > 0
      and (m.last_reply_at, m.room_id, m.seq) < (${at}::bigint, ${room}::text, ${seq}::bigint)
    order by m.last_reply_at desc, m.room_id desc, m.seq desc
    ${sql.limit(limit)}`;
  return rows.map((row) => ({
    ...toPreview(row),
    count: row.reply_count,
    lastAt: row.at,
    unread: row.unread,
  }));
}

/** Returns whether a person follows a thread, and how far they have read it. */
export async function findFollowed(
  sql: Sql,
  { account, room, root }: { account: AccountId; room: RoomId; root: number },
): Promise<{ isFollowed: boolean; readSeq: number }> {
  const [row] = await sql<{ is_followed: boolean; read_seq: number }>`
    select is_followed, read_seq from threads_followed
    where account_id = ${account} and room_id = ${room} and root_seq = ${root}`;
  return { isFollowed: row?.is_followed ?? false, readSeq: row?.read_seq ?? 0 };
}

/**
 * Sets whether a person follows a thread. When they start to, everything up to `headSeq` counts as read. Does nothing
 * if there is no such message.
 */
export async function setFollowed(
  sql: Sql,
  followed: { account: AccountId; room: RoomId; root: number; isFollowed: boolean; headSeq: number },
): Promise<void> {
  const { account, room, root, isFollowed, headSeq } = followed;
  await sql`
    insert into threads_followed as old (account_id, room_id, root_seq, is_followed, read_seq)
    select ${account}, room_id, seq, ${isFollowed}::boolean, ${headSeq}::bigint from messages
    where room_id = ${room} and seq = ${root}
    on conflict (account_id, room_id, root_seq) do update
      set is_followed = excluded.is_followed,
        read_seq = case when old.is_followed then old.read_seq else excluded.read_seq end`;
}

/**
 * Returns how many followed threads have unread replies, in rooms the person is in now, and how many unread replies
 * mention them, except in rooms set to notify about nothing.
 */
export async function countUnreadThreads(
  sql: Sql,
  account: AccountId,
): Promise<{ unreadThreads: number; threadMentions: number }> {
  const [row] = await sql<{ threads: number; mentions: number }>`
    select count(*) filter (where is_unread)::int as threads, coalesce(sum(mentions), 0)::int as mentions
    from (
      select exists (
        select 1 from messages r
        where r.room_id = f.room_id and r.thread_root = f.root_seq and r.seq > f.read_seq and r.deleted_at is null
          and r.sender_id <> f.account_id
          and not exists (select 1 from blocks b where b.blocker_id = f.account_id and b.blocked_id = r.sender_id)
      ) as is_unread, (
        select count(*) from mentions x
        where x.account_id = f.account_id and x.room_id = f.room_id and x.thread_root = f.root_seq and x.seq > f.read_seq
          and own.notify <> 'nothing'
      ) as mentions
      from threads_followed f
        join memberships own on own.room_id = f.room_id and own.account_id = f.account_id
      where f.account_id = ${account} and f.is_followed
    ) counted`;
  return { unreadThreads: row!.threads, threadMentions: row!.mentions };
}

/** Moves the read mark of a thread forward. Returns false if it did not move or the thread has no mark. */
export async function raiseThreadMark(
  sql: Sql,
  { account, room, root, upTo }: { account: AccountId; room: RoomId; root: number; upTo: number },
): Promise<boolean> {
  const rows = await sql`
    update threads_followed set read_seq = ${upTo}
    where account_id = ${account} and room_id = ${room} and root_seq = ${root} and read_seq < ${upTo}
    returning 1`;
  return rows.length > 0;
}

/**
 * Counts replies at the first message of their thread. Its sender and everyone who replies follow the thread. Returns
 * how many replies each thread has now.
 */
export async function recordReplies(
  tx: Sql,
  room: RoomId,
  now: number,
  replies: readonly { root: number; seq: number; sender: AccountId }[],
): Promise<Map<number, number>> {
  const roots = tx.array(
    replies.map((reply) => reply.root),
    "bigint",
  );
  const seqs = tx.array(
    replies.map((reply) => reply.seq),
    "bigint",
  );
  const senders = tx.array(
    replies.map((reply) => reply.sender),
    "uuid",
  );
  const counted = await tx<{ seq: number; reply_count: number }>`
    update messages m set reply_count = reply_count + counted.replies, last_reply_at = ${now}, last_repliers = (
      select array_agg(last.id order by last.place) from (
        select one.id, min(one.place) as place
        from unnest(counted.senders || m.last_repliers) with ordinality as one (id, place)
        group by one.id order by place limit ${threadFacesMax}
      ) last
    )
    from (
      select root, count(*) as replies, array_agg(sender order by seq desc) as senders
      from unnest(${roots}, ${seqs}, ${senders}) as r (root, seq, sender) group by root
    ) counted
    where m.room_id = ${room} and m.seq = counted.root
    returning m.seq, m.reply_count`;
  await tx`
    insert into threads_followed (account_id, room_id, root_seq, is_followed, read_seq)
    select r.sender, ${room}, r.root, true, max(r.seq)
    from unnest(${roots}, ${seqs}, ${senders}) as r (root, seq, sender)
    group by r.sender, r.root
    on conflict (account_id, room_id, root_seq) do update
      set is_followed = true, read_seq = greatest(threads_followed.read_seq, excluded.read_seq)`;
  await tx`
    insert into threads_followed (account_id, room_id, root_seq, is_followed)
    select m.sender_id, ${room}, m.seq, true from messages m where m.room_id = ${room} and m.seq = any(${roots})
    on conflict do nothing`;
  return new Map(counted.map((row) => [row.seq, row.reply_count]));
}

/** Returns the newest `limit` replies of a thread with `seq < beforeSeq`, oldest first. */
export async function readThreadRows(
  sql: Sql,
  room: RoomId,
  { root, beforeSeq, limit }: { root: number; beforeSeq: number; limit: number },
): Promise<MessageRow[]> {
  const rows = await readMessages(
    sql,
    sql.fragment`m.room_id = ${room} and m.thread_root = ${root} and m.seq < ${beforeSeq} and not m.is_hidden
      order by m.seq desc ${sql.limit(limit)}`,
  );
  return rows.reverse();
}

export const threadData: AccountData = {
  name: "threads",
  read: (sql, account) => sql`
    select room_id as room, root_seq as root, is_followed as "isFollowed", read_seq as "readSeq"
    from threads_followed where account_id = ${account}`,
  erase: (tx, account) => tx`delete from threads_followed where account_id = ${account}`,
};
