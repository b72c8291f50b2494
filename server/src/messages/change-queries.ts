import type { MessageBody, Person, PollState } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { toPerson } from "@novax/protocol/person";
import type { Sql } from "../db/database.ts";

/** A message that something is about to be done to. */
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

/** The message at a place of a room, or null: none, or a deleted one. */
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

/** What is kept of what a message said before. */
const revisionsMax = 50;

/** Puts a new body in the place of the old one, which is kept beside it; of many the last ones. */
export async function replaceBody(
  tx: Sql,
  room: RoomId,
  seq: number,
  body: MessageBody,
  at: number,
): Promise<void> {
  await tx`
    insert into message_revisions (room_id, seq, revision, body, at)
    select m.room_id, m.seq,
      (select coalesce(max(revision), 0) + 1 from message_revisions r where r.room_id = m.room_id and r.seq = m.seq),
      m.body,
      coalesce(m.edited_at, m.sent_at)
    from messages m where m.room_id = ${room} and m.seq = ${seq}`;
  await tx`
    delete from message_revisions
    where room_id = ${room} and seq = ${seq} and revision <= (
      select max(revision) - ${revisionsMax} from message_revisions where room_id = ${room} and seq = ${seq}
    )`;
  await tx`
    update messages set body = ${JSON.stringify(body)}::text::jsonb, edited_at = ${at}
    where room_id = ${room} and seq = ${seq}`;
}

/** What a message said before, the oldest first, and what it says now. */
export async function listRevisions(
  sql: Sql,
  room: RoomId,
  seq: number,
): Promise<{ body: MessageBody; at: number }[]> {
  const rows = await sql<{ body: MessageBody; at: number }>`
    select body, at, revision from message_revisions where room_id = ${room} and seq = ${seq}
    union all
    select body, coalesce(edited_at, sent_at), 2147483647 from messages
    where room_id = ${room} and seq = ${seq} and deleted_at is null
    order by revision`;
  return rows.map((row) => ({ body: row.body, at: row.at }));
}

/**
 * Takes everything out of a message that it said and that was done to it. With `isHidden` nothing stays in its place.
 * Returns how many answers the thread has left that it stood in.
 */
export async function emptyMessage(
  tx: Sql,
  room: RoomId,
  seq: number,
  isHidden: boolean,
  at: number,
): Promise<number> {
  await tx`delete from message_revisions where room_id = ${room} and seq = ${seq}`;
  await tx`delete from reactions where room_id = ${room} and seq = ${seq}`;
  const voted = await tx`delete from poll_votes where room_id = ${room} and seq = ${seq} returning 1`;
  if (voted.length > 0) {
    await tx`
      update room_events set payload = payload - 'choices'
      where room_id = ${room} and seq > ${seq} and target_seq = ${seq} and type = 'poll.changed'`;
  }
  await tx`delete from mentions where room_id = ${room} and seq = ${seq}`;
  await tx`delete from saved_messages where room_id = ${room} and seq = ${seq}`;
  const [root] = await tx<{ reply_count: number }>`
    with emptied as (
      update messages
      set body = '{"kind": "deleted"}', deleted_at = ${at}, is_hidden = ${isHidden}, pinned_at = null, mentions_all = false, edited_at = null
      where room_id = ${room} and seq = ${seq}
      returning thread_root
    )
    update messages set reply_count = reply_count - 1 from emptied
    where room_id = ${room} and seq = emptied.thread_root
    returning reply_count`;
  if (isHidden) await tx`update room_events set is_shown = false where room_id = ${room} and seq = ${seq}`;
  return root?.reply_count ?? 0;
}

/** Takes back whom a message calls. Returns who it was. */
export async function takeMentions(tx: Sql, room: RoomId, seq: number): Promise<Set<AccountId>> {
  const rows = await tx<{ account_id: AccountId }>`
    delete from mentions where room_id = ${room} and seq = ${seq} returning account_id`;
  return new Set(rows.map((row) => row.account_id));
}

/** Adds a reaction; false where it is there. */
export async function insertReaction(
  tx: Sql,
  room: RoomId,
  seq: number,
  emoji: string,
  account: AccountId,
  eventSeq: number,
): Promise<void> {
  await tx`
    insert into reactions (room_id, seq, emoji, account_id, event_seq)
    values (${room}, ${seq}, ${emoji}, ${account}, ${eventSeq})`;
}

/** Which emoji stand at a message, and whether this one does from this person. */
export async function readReactions(
  tx: Sql,
  room: RoomId,
  seq: number,
  emoji: string,
  account: AccountId,
): Promise<{ kinds: number; isKnown: boolean; isOwn: boolean }> {
  const [row] = await tx<{ kinds: number; is_known: boolean | null; is_own: boolean | null }>`
    select count(distinct emoji) as kinds, bool_or(emoji = ${emoji}) as is_known,
      bool_or(emoji = ${emoji} and account_id = ${account}) as is_own
    from reactions where room_id = ${room} and seq = ${seq}`;
  return { kinds: row!.kinds, isKnown: row!.is_known ?? false, isOwn: row!.is_own ?? false };
}

export async function deleteReaction(
  tx: Sql,
  room: RoomId,
  seq: number,
  emoji: string,
  account: AccountId,
): Promise<boolean> {
  const rows = await tx`
    delete from reactions where room_id = ${room} and seq = ${seq} and emoji = ${emoji} and account_id = ${account}
    returning 1`;
  return rows.length > 0;
}

export async function setPinned(tx: Sql, room: RoomId, seq: number, at: number | null): Promise<void> {
  await tx`update messages set pinned_at = ${at}::bigint where room_id = ${room} and seq = ${seq}`;
}

export async function countPins(tx: Sql, room: RoomId): Promise<number> {
  const [row] = await tx<{ pins: number }>`
    select count(*) as pins from messages where room_id = ${room} and pinned_at is not null`;
  return row!.pins;
}

/** Replaces what somebody chose in a poll. */
export async function replaceVote(
  tx: Sql,
  room: RoomId,
  seq: number,
  account: AccountId,
  choices: readonly number[],
): Promise<void> {
  await tx`delete from poll_votes where room_id = ${room} and seq = ${seq} and account_id = ${account}`;
  await tx`
    insert into poll_votes (room_id, seq, account_id, choice)
    select ${room}, ${seq}, ${account}, unnest(${tx.array(choices, "bigint")})`;
}

export async function setPollClosed(tx: Sql, room: RoomId, seq: number, at: number): Promise<void> {
  await tx`update messages set poll_closed_at = ${at} where room_id = ${room} and seq = ${seq}`;
}

type Poll = { seq: number; choices: number; isAnonymous: boolean; isClosed: boolean };

/** How polls stand, by the place of their message. */
export async function readPollStates(
  sql: Sql,
  room: RoomId,
  polls: readonly Poll[],
): Promise<Map<number, PollState>> {
  if (polls.length === 0) return new Map();
  const rows = await sql<{ seq: number; choice: number; account_id: AccountId }>`
    select seq, choice, account_id from poll_votes
    where room_id = ${room} and seq = any(${sql.array(
      polls.map((poll) => poll.seq),
      "bigint",
    )})
    order by account_id`;
  return new Map(
    polls.map((poll) => {
      const voters = Array.from({ length: poll.choices }, (_, choice) =>
        rows.filter((row) => row.seq === poll.seq && row.choice === choice).map((row) => row.account_id),
      );
      return [
        poll.seq,
        {
          counts: voters.map((list) => list.length),
          voters: poll.isAnonymous ? null : voters,
          isClosed: poll.isClosed,
        },
      ];
    }),
  );
}
