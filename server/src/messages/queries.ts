import { type BasicMessage, toBasicMessage } from "@novax/protocol/basic";
import type { MessageBody, Person } from "@novax/protocol/entities";
import type { FileId } from "@novax/protocol/files";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import { roomPermissions } from "@novax/protocol/permissions";
import { toPerson } from "@novax/protocol/person";
import { filesOf } from "@novax/protocol/text";
import type { Sql } from "../db/database.ts";
import type { MessageDraft } from "./draft.ts";

/** A draft and the room it is for. */
export type RoomDraft = { room: RoomId; draft: MessageDraft };

/**
 * The outcome for the draft at `index`: inserted now, already there (`known`), or not looked at because something else has
 * locked its room (`held`). A draft without an outcome was refused.
 */
export type InsertOutcome =
  | { index: number; outcome: "sent" | "known"; seq: number; sentAt: number }
  | { index: number; outcome: "held" };

/**
 * Inserts the drafts whose senders can post now, each with the next `seq` of its room, in the given order: all of them or
 * none. It is one statement, so outside of a transaction it is one round trip, commit included.
 *
 * The rooms' rows are locked first. What follows therefore sees every membership, session and message committed
 * before, on any process: no one posts after their removal, and no `sendId` is inserted twice. A draft that was
 * inserted before is returned as such, even if its sender can no longer post.
 *
 * `waits`: whether a room that is locked is waited for. `withinMs`: if it is not done by then, it does not happen.
 */
export async function insertMessages(
  sql: Sql,
  drafts: readonly RoomDraft[],
  { now, waits, withinMs }: { now: number; waits: boolean; withinMs: number },
): Promise<InsertOutcome[]> {
  const rows = await sql<{ index: number; outcome: "sent" | "known" | "held"; seq: number; sent_at: number }>`
    select * from send_messages(
      ${sql.array([...new Set(drafts.map(({ room }) => room))], "text")},
      ${JSON.stringify(drafts.map(toDraftRow))}::text::json,
      ${sql.array(
        drafts.flatMap(({ draft }) => fileIdsOf(draft)),
        "uuid",
      )},
      ${now}, ${now + withinMs},
      ${sql.array(roomPermissions["message.send"], "text")},
      ${sql.array(roomPermissions["message.send_always"], "text")},
      ${waits}
    )`;
  return rows.map(({ index, outcome, seq, sent_at }) =>
    outcome === "held" ? { index, outcome } : { index, outcome, seq, sentAt: sent_at },
  );
}

/** A draft as `send_messages` reads it. What is not there is null. */
function toDraftRow({ room, draft }: RoomDraft, index: number) {
  const files = fileIdsOf(draft);
  return {
    index,
    room,
    sender: draft.sender.id,
    session: draft.sessionId ?? undefined,
    send_id: draft.sendId,
    body: draft.body,
    reply_to: draft.replyTo ?? undefined,
    thread_root: draft.threadRoot ?? undefined,
    mentions_all: draft.mentionsEveryone || undefined,
    files: files.length > 0 ? files : undefined,
  };
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
    ${sql.limit(limit)}`;
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
    ${sql.limit(limit)}`;
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
