import { type BasicMessage, toBasicMessage } from "@novax/protocol/basic";
import type { MessageBody, Person } from "@novax/protocol/entities";
import type { FileId } from "@novax/protocol/files";
import type { AccountId, RoomId, SendId, SessionId } from "@novax/protocol/ids";
import { roomPermissions } from "@novax/protocol/permissions";
import { toPerson } from "@novax/protocol/person";
import { filesOf } from "@novax/protocol/text";
import type { Sql } from "../db/database.ts";
import type { MessageDraft } from "./draft.ts";

/**
 * The outcome for the draft at `index`: inserted now (`isNew`), or already there. A draft without a row was refused.
 */
export type InsertedMessage = { index: number; seq: number; sentAt: number; isNew: boolean };

/** Stands for a missing session when the server sends on the author's behalf. */
const noSession = "00000000-0000-0000-0000-000000000000" as SessionId;

/**
 * Inserts the drafts whose senders can post now, each with the next `seq`, in the given order.
 *
 * The room's row is locked first. The statement after it therefore sees every membership, session and message committed
 * before, on any process: no one posts after their removal, and no `sendId` is inserted twice. A draft that was
 * inserted before is returned as such, even if its sender can no longer post.
 */
export async function insertMessages(
  tx: Sql,
  room: RoomId,
  now: number,
  drafts: readonly MessageDraft[],
): Promise<InsertedMessage[]> {
  const fileIds = drafts.flatMap(fileIdsOf);
  const column = <T>(pick: (draft: MessageDraft) => T, type: "uuid" | "text" | "bigint") =>
    tx.array(drafts.map(pick), type);
  const maySend = tx.array(roomPermissions["message.send"], "text");
  const mayAlways = tx.array(roomPermissions["message.send_always"], "text");
  // Each draft is looked up on its own ("lateral" with "limit", "(select true …)" instead of "exists"): the plan of a
  // join is made once, while a room is small, and would later read the whole room. The arrays are wrapped in selects
  // for the same reason: otherwise every array length would be planned anew, which takes longer than a send. The
  // statements are issued at once: on one connection they run in order, so the last sees everything the others waited
  // for. Files are locked as well, so that no file becomes part of two messages.
  const locked = tx`select 1 from rooms where id = ${room} for no key update`;
  const lockedFiles =
    fileIds.length > 0
      ? tx`select 1 from files where id = any(${tx.array(fileIds, "uuid")}) order by id for update`
      : [];
  const inserted = tx<{ index: number; seq: number; sent_at: number; is_new: boolean }>`
    with draft as (
      select d.index, d.sender_id, d.send_id, d.body, nullif(d.reply_to, 0) as reply_to,
        nullif(d.thread_root, 0) as thread_root, d.mentions_all = 1 as mentions_all, r.slow_mode_seconds,
        r.archived_at is null and x.role = any(${maySend}) and coalesce(m.silenced_until, 0) <= ${now}
        and (r.posting = 'everybody' or x.role = any(${mayAlways}))
        and (r.slow_mode_seconds = 0 or x.role = any(${mayAlways})
          or m.last_sent_at + r.slow_mode_seconds * 1000 <= ${now})
        and (d.reply_to = 0 or (
          select true from messages q where q.room_id = ${room} and q.seq = d.reply_to and q.deleted_at is null
        ))
        and (d.thread_root = 0 or (
          select true from messages t
          where t.room_id = ${room} and t.seq = d.thread_root and t.thread_root is null and t.deleted_at is null
        ))
        and (d.file_ids = '' or (
          select count(*) = cardinality(string_to_array(d.file_ids, ',')) from files f
          where f.id = any(string_to_array(d.file_ids, ',')::uuid[]) and f.owner_id = d.sender_id and f.seq is null
            and f.details is not null and f.purpose = 'message'
        ))
        and (r.kind <> 'direct' or not exists (
          select 1 from memberships o join blocks b
            on (b.blocker_id = o.account_id and b.blocked_id = d.sender_id)
            or (b.blocked_id = o.account_id and b.blocker_id = d.sender_id)
          where o.room_id = ${room}
        )) as may_send, r.slow_mode_seconds > 0 and not x.role = any(${mayAlways}) as must_wait
      from unnest(
        (select ${column((draft) => draft.sender.id, "uuid")}),
        (select ${column((draft) => draft.sessionId ?? noSession, "uuid")}),
        (select ${column((draft) => draft.sendId, "uuid")}),
        (select ${column((draft) => JSON.stringify(draft.body), "text")}),
        (select ${column((draft) => draft.replyTo ?? 0, "bigint")}),
        (select ${column((draft) => draft.threadRoot ?? 0, "bigint")}),
        (select ${column((draft) => (draft.mentionsEveryone ? 1 : 0), "bigint")}),
        (select ${column((draft) => fileIdsOf(draft).join(","), "text")})
      ) with ordinality as d (sender_id, session_id, send_id, body, reply_to, thread_root, mentions_all, file_ids, index)
        join rooms r on r.id = ${room}
        cross join lateral (
          select role, silenced_until, last_sent_at from memberships
          where room_id = ${room} and account_id = d.sender_id limit 1
        ) m
        cross join lateral (
          select server_role from accounts
          where id = d.sender_id and disabled_at is null and deleted_at is null limit 1
        ) a
        cross join lateral (
          select case when a.server_role in ('owner', 'admin') and r.kind in ('public', 'private') then 'owner'
            else m.role end as role
        ) x
      where d.session_id = ${noSession}::uuid or (
        select s.account_id = d.sender_id and s.ended_at is null from sessions s where s.id = d.session_id
      )
    ), known as (
      select d.index, m.seq, m.sent_at
      from draft d cross join lateral (
        select seq, sent_at from messages
        where room_id = ${room} and sender_id = d.sender_id and send_id = d.send_id limit 1
      ) m
    ), fresh as (
      select f.*, row_number() over (order by f.index) as place
      from (
        select d.*, row_number() over (partition by d.sender_id order by d.index) as nth
        from draft d
        where d.may_send and not exists (select 1 from known k where k.index = d.index)
      ) f
      where f.nth = 1 or not f.must_wait
    ), head as (
      update rooms set head_seq = head_seq + (select count(*) from fresh),
        last_message_at = case when exists (select 1 from fresh) then ${now} else last_message_at end
      where id = ${room}
      returning head_seq - (select count(*) from fresh) as before
    ), event as (
      insert into room_events (room_id, seq, type, actor_id, at, is_shown)
      select ${room}, head.before + fresh.place, 'message.sent', fresh.sender_id, ${now}, fresh.thread_root is null
      from fresh, head
    ), message as (
      insert into messages (room_id, seq, sender_id, send_id, sent_at, body, reply_to, thread_root, mentions_all)
      select ${room}, head.before + fresh.place, fresh.sender_id, fresh.send_id, ${now}, fresh.body::jsonb,
        fresh.reply_to, fresh.thread_root, fresh.mentions_all
      from fresh, head
    ), paced as (
      update memberships m set last_sent_at = ${now}
      from fresh where fresh.slow_mode_seconds > 0 and m.room_id = ${room} and m.account_id = fresh.sender_id
    )
    select index, seq, sent_at, false as is_new from known
    union all
    select fresh.index, head.before + fresh.place, ${now}, true from fresh, head`;
  const [, , rows] = await Promise.all([locked, lockedFiles, inserted]);
  return rows.map((row) => ({
    index: row.index - 1,
    seq: row.seq,
    sentAt: row.sent_at,
    isNew: row.is_new,
  }));
}

function fileIdsOf(draft: MessageDraft): FileId[] {
  return filesOf(draft.body).map((file) => file.id);
}

/** Returns the `seq` of a message that was sent before. Null if there is none. */
export async function findSent(
  sql: Sql,
  sender: AccountId,
  { room, sendId }: { room: RoomId; sendId: SendId },
): Promise<number | null> {
  const [row] = await sql<{ seq: number }>`
    select seq from messages where room_id = ${room} and sender_id = ${sender} and send_id = ${sendId}`;
  return row?.seq ?? null;
}

/**
 * Returns a room's newest messages with `seq <= lastSeq` in the basic form, oldest first, without threads. The caller
 * has checked the membership.
 */
export async function readNewestMessagesUpTo(
  sql: Sql,
  room: RoomId,
  lastSeq: number,
  { limit }: { limit: number },
): Promise<BasicMessage[]> {
  const rows = await sql<{ id: AccountId; username: string; sent_at: number; body: MessageBody }>`
    select a.id, a.username, m.sent_at, m.body
    from messages m join accounts a on a.id = m.sender_id
    where m.room_id = ${room} and m.seq <= ${lastSeq} and m.thread_root is null and m.deleted_at is null
    order by m.seq desc
    limit ${limit}`;
  return rows
    .reverse()
    .map(({ id, username, sent_at, body }) =>
      toBasicMessage({ sender: { id, username }, body, sentAt: sent_at }),
    );
}

/**
 * Looks up facts that explain a refused message: whether a message it refers to is missing, whether a member and the
 * sender blocked each other, whether a file is gone or part of another message, and how long slow mode still lasts for the
 * sender, in ms (negative if it is over).
 */
export async function findObstacle(
  sql: Sql,
  room: RoomId,
  now: number,
  draft: Pick<MessageDraft, "sender" | "body" | "replyTo" | "threadRoot">,
): Promise<{ isMissing: boolean; isBlocked: boolean; lacksFiles: boolean; waitMs: number }> {
  const fileIds = filesOf(draft.body).map((file) => file.id);
  const [row] = await sql<{ found: number; is_blocked: boolean; wait_ms: number; files: number }>`
    select
      (select count(*) from messages
        where room_id = ${room} and deleted_at is null
          and (seq = ${draft.replyTo ?? 0} or (seq = ${draft.threadRoot ?? 0} and thread_root is null))) as found,
      exists (
        select 1 from memberships o join blocks b
          on (b.blocker_id = o.account_id and b.blocked_id = ${draft.sender.id})
          or (b.blocked_id = o.account_id and b.blocker_id = ${draft.sender.id})
        where o.room_id = ${room}
      ) as is_blocked,
      coalesce((
        select m.last_sent_at + r.slow_mode_seconds * 1000 - ${now}
        from memberships m join rooms r on r.id = m.room_id
        where m.room_id = ${room} and m.account_id = ${draft.sender.id}
      ), 0) as wait_ms,
      (select count(*) from files
        where id = any(${sql.array(fileIds, "uuid")}) and owner_id = ${draft.sender.id} and seq is null) as files`;
  const wanted = new Set([draft.replyTo, draft.threadRoot].filter((seq) => seq !== null)).size;
  return {
    isMissing: row!.found < wanted,
    isBlocked: row!.is_blocked,
    lacksFiles: row!.files < fileIds.length,
    waitMs: row!.wait_ms,
  };
}

/** Returns members who have read as far as this message and share their read receipts with the viewer, by username. */
export async function listReaders(
  sql: Sql,
  {
    room,
    seq,
    viewer,
    except,
    limit,
  }: { room: RoomId; seq: number; viewer: AccountId; except: AccountId; limit: number },
): Promise<Person[]> {
  const rows = await sql<{ id: AccountId; username: string; display_name: string }>`
    select a.id, a.username, a.display_name
    from memberships m join accounts a on a.id = m.account_id
    where m.room_id = ${room} and m.seen_seq >= ${seq} and a.shares_reading and a.id <> ${except}
      and not exists (select 1 from blocks b where b.blocker_id = a.id and b.blocked_id = ${viewer})
    order by a.username_key
    limit ${limit}`;
  return rows.map((row) => toPerson(row.id, row.username, row.display_name));
}

/** A stored message, for code that is about to change it. */
export type StoredMessage = {
  seq: number;
  sender: Person;
  body: MessageBody;
  sentAt: number;
  threadRoot: number | null;
  replyCount: number;
  isPinned: boolean;
  pollClosedAt: number | null;
};

/** Returns a message by its `seq`. Null if there is none or it is deleted. */
export async function findMessage(sql: Sql, room: RoomId, seq: number): Promise<StoredMessage | null> {
  const [row] = await sql<{
    seq: number;
    id: AccountId;
    username: string;
    display_name: string;
    body: MessageBody;
    sent_at: number;
    thread_root: number | null;
    reply_count: number;
    pinned_at: number | null;
    poll_closed_at: number | null;
  }>`
    select m.seq, a.id, a.username, a.display_name, m.body, m.sent_at, m.thread_root, m.reply_count, m.pinned_at,
      m.poll_closed_at
    from messages m join accounts a on a.id = m.sender_id
    where m.room_id = ${room} and m.seq = ${seq} and m.deleted_at is null`;
  if (!row) return null;
  return {
    seq: row.seq,
    sender: toPerson(row.id, row.username, row.display_name),
    body: row.body,
    sentAt: row.sent_at,
    threadRoot: row.thread_root,
    replyCount: row.reply_count,
    isPinned: row.pinned_at !== null,
    pollClosedAt: row.poll_closed_at,
  };
}
