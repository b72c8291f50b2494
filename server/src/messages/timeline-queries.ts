import type { Message, MessageBody, Person, PollState, Reaction } from "@novax/protocol/entities";
import type { RoomChanges } from "@novax/protocol/events";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import { toPerson } from "@novax/protocol/person";
import type { TimelinePage } from "@novax/protocol/reads";
import type { Fragment, Sql } from "../db/database.ts";
import { type QuoteRow, quoteOf } from "../events/queries.ts";
import { readPollStates } from "./poll-queries.ts";

export type MessageRow = {
  seq: number;
  actor_id: AccountId;
  actor_username: string;
  actor_display_name: string;
  at: number;
  send_id: SendId;
  body: MessageBody;
  edited_at: number | null;
  thread_root: number | null;
  reply_count: number;
  last_reply_at: number | null;
  last_repliers: AccountId[];
  pinned_at: number | null;
  mentions_all: boolean;
  poll_closed_at: number | null;
} & QuoteRow;

export type ShownRow = MessageRow & {
  type: "message.sent" | "member.joined" | "member.removed" | "room.changed";
  subject_id: AccountId | null;
  subject_username: string | null;
  subject_display_name: string | null;
  payload: { changes?: RoomChanges } | null;
};

/** The columns of a message `m` and of the message it replies to. Needs {@link quoteJoins} and the account `actor`. */
function messageColumns(sql: Sql): Fragment {
  return sql.fragment`
    m.send_id, m.body, m.edited_at, m.thread_root, m.reply_count, m.last_reply_at, m.last_repliers, m.pinned_at, m.mentions_all,
    m.poll_closed_at, actor.id as actor_id, actor.username as actor_username, actor.display_name as actor_display_name,
    q.seq as quoted_seq, q.body as quoted_body, quoted.id as quoted_sender_id,
    quoted.username as quoted_username, quoted.display_name as quoted_display_name`;
}

/** Joins the message that `m` replies to as `q`, and its sender as `quoted`. */
function quoteJoins(sql: Sql): Fragment {
  return sql.fragment`
    left join messages q on q.room_id = m.room_id and q.seq = m.reply_to
    left join accounts quoted on quoted.id = q.sender_id`;
}

/** Returns what a room shows before a `seq`, newest first, or after one, oldest first. */
export async function readShown(
  sql: Sql,
  room: RoomId,
  { before, after, limit }: { before?: number; after?: number; limit: number },
): Promise<ShownRow[]> {
  const part =
    after === undefined
      ? sql.fragment`e.seq < ${before} order by e.seq desc`
      : sql.fragment`e.seq > ${after} order by e.seq`;
  return sql<ShownRow>`
    select e.seq, e.type, e.at, e.payload,
      e.subject_id, subject.username as subject_username, subject.display_name as subject_display_name,
      ${messageColumns(sql)}
    from room_events e
      join accounts actor on actor.id = e.actor_id
      left join accounts subject on subject.id = e.subject_id
      left join messages m on m.room_id = e.room_id and m.seq = e.seq
      ${quoteJoins(sql)}
    where e.room_id = ${room} and e.is_shown and ${part}
    ${sql.limit(limit)}`;
}

/**
 * Returns the `seq` of the first entry that a room shows from a time on; null if there is none. The log is in the order of
 * time, so it is halved until the place is found: about twenty rows are read of a million.
 */
export async function findShownSince(
  sql: Sql,
  { id: room, headSeq }: { id: RoomId; headSeq: number },
  time: number,
): Promise<number | null> {
  const [row] = await sql<{ seq: number }>`
    with recursive half (low, high) as (
      select 1::bigint, ${headSeq}::bigint + 1
      union all
      select case when e.at < ${time}::bigint then e.seq + 1 else h.low end,
        case when e.at < ${time}::bigint then h.high else e.seq end
      from half h join room_events e on e.room_id = ${room} and e.seq = (h.low + h.high) / 2
      where h.low < h.high
    )
    select e.seq from room_events e
    where e.room_id = ${room} and e.is_shown and e.seq >= (select max(low) from half)
    order by e.seq limit 1`;
  return row?.seq ?? null;
}

/** Returns the messages `m` that match a condition. The condition may be followed by "order by" and "limit". */
export async function readMessages(sql: Sql, condition: Fragment): Promise<MessageRow[]> {
  return sql<MessageRow>`
    select m.seq, m.sent_at as at, ${messageColumns(sql)}
    from messages m
      join accounts actor on actor.id = m.sender_id
      ${quoteJoins(sql)}
    where ${condition}`;
}

/** Returns the messages with these `seq`s, in order. Hidden ones are left out. */
export async function readMessageRows(
  sql: Sql,
  room: RoomId,
  seqs: readonly number[],
): Promise<MessageRow[]> {
  return readMessages(
    sql,
    sql.fragment`m.room_id = ${room} and m.seq = any(${sql.array(seqs, "bigint")}) and not m.is_hidden order by m.seq`,
  );
}

/** Returns the `seq`s of a room's pinned messages, the last pinned first. */
export async function listPinnedSeqs(sql: Sql, room: RoomId): Promise<number[]> {
  const rows = await sql<{ seq: number }>`
    select seq from messages where room_id = ${room} and pinned_at is not null order by pinned_at desc`;
  return rows.map((row) => row.seq);
}

/** Data shown with messages that is stored outside them. */
export type MessageExtras = {
  reactions: ReadonlyMap<number, Reaction[]>;
  polls: ReadonlyMap<number, PollState>;
  people: Person[];
  myVotes: TimelinePage["myVotes"];
};

/** Reads the reactions, votes and repliers of all messages at once: one query, one more with threads, two more with polls. */
export async function readMessageExtras(
  sql: Sql,
  viewer: { id: AccountId },
  room: RoomId,
  rows: readonly MessageRow[],
): Promise<MessageExtras> {
  const seqs = rows.map((row) => row.seq);
  const reacted = await sql<{
    seq: number;
    emoji: string;
    id: AccountId;
    username: string;
    display_name: string;
  }>`
    select r.seq, r.emoji, a.id, a.username, a.display_name
    from reactions r join accounts a on a.id = r.account_id
    where r.room_id = ${room} and r.seq = any(${sql.array(seqs, "bigint")})
    order by r.seq, r.event_seq`;
  const reactions = new Map<number, Reaction[]>();
  const people = new Map<AccountId, Person>();
  for (const row of reacted) {
    const list = reactions.get(row.seq) ?? [];
    const known = list.find((reaction) => reaction.emoji === row.emoji);
    if (known) known.by.push(row.id);
    else list.push({ emoji: row.emoji, by: [row.id] });
    reactions.set(row.seq, list);
    people.set(row.id, toPerson(row.id, row.username, row.display_name));
  }
  const repliers = [...new Set(rows.flatMap((row) => row.last_repliers))].filter((id) => !people.has(id));
  if (repliers.length > 0)
    for (const row of await sql<{ id: AccountId; username: string; display_name: string }>`
      select id, username, display_name from accounts where id = any(${sql.array(repliers, "uuid")})`)
      people.set(row.id, toPerson(row.id, row.username, row.display_name));
  const polls = rows.flatMap((row) =>
    row.body.kind === "poll"
      ? [
          {
            seq: row.seq,
            choices: row.body.choices.length,
            isAnonymous: row.body.isAnonymous,
            isClosed: row.poll_closed_at !== null,
          },
        ]
      : [],
  );
  const states = await readPollStates(sql, room, polls);
  const myVotes: TimelinePage["myVotes"] = {};
  if (polls.length > 0) {
    const voters = [...states.values()].flatMap((state) => state.voters?.flat() ?? []);
    const voted = await sql<{
      seq: number | null;
      choice: number;
      id: AccountId;
      username: string;
      display_name: string;
    }>`
      select null::bigint as seq, 0 as choice, id, username, display_name
      from accounts where id = any(${sql.array([...new Set(voters)], "uuid")})
      union all
      select v.seq, v.choice, v.account_id, '', '' from poll_votes v
      where v.room_id = ${room} and v.account_id = ${viewer.id} and v.seq = any(${sql.array(
        polls.map((poll) => poll.seq),
        "bigint",
      )})`;
    for (const row of voted) {
      if (row.seq === null) people.set(row.id, toPerson(row.id, row.username, row.display_name));
      else myVotes[row.seq] = [...(myVotes[row.seq] ?? []), row.choice];
    }
  }
  return { reactions, polls: states, people: [...people.values()], myVotes };
}

/** Converts a row and its extras to a message. */
export function toMessage(row: MessageRow, { reactions, polls }: MessageExtras): Message {
  const seq = row.seq;
  const isDeleted = row.body.kind === "deleted";
  return {
    seq,
    sendId: row.send_id,
    sender: toPerson(row.actor_id, row.actor_username, row.actor_display_name),
    sentAt: row.at,
    body: row.body,
    editedAt: row.edited_at,
    quote: isDeleted ? null : quoteOf(row),
    threadRoot: row.thread_root,
    thread:
      row.reply_count > 0
        ? { count: row.reply_count, lastAt: row.last_reply_at!, by: row.last_repliers }
        : null,
    reactions: reactions.get(seq) ?? [],
    isPinned: row.pinned_at !== null,
    mentionsEveryone: row.mentions_all,
    poll: polls.get(seq) ?? null,
  };
}
