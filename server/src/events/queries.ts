import type { MessageBody, Person, Quote } from "@novax/protocol/entities";
import type { EventOf, RoomEvent, RoomEventType } from "@novax/protocol/events";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import { toPerson } from "@novax/protocol/person";
import { toQuote } from "@novax/protocol/quote";
import type { Sql } from "../db/database.ts";

type EventRow = {
  seq: number;
  type: RoomEventType;
  at: number;
  actor_id: AccountId;
  actor_username: string;
  actor_display_name: string;
  subject_id: AccountId | null;
  subject_username: string | null;
  subject_display_name: string | null;
  target_seq: number | null;
  payload: Record<string, unknown> | null;
  send_id: SendId | null;
  body: MessageBody | null;
  thread_root: number | null;
  mentions_all: boolean | null;
  replies: number | null;
} & QuoteRow;

export type QuoteRow = {
  quoted_seq: number | null;
  quoted_body: MessageBody | null;
  quoted_sender_id: AccountId | null;
  quoted_username: string | null;
  quoted_display_name: string | null;
};

/** A room's events with `seq > afterSeq`, in order, at most `limit`. */
export async function readEventsAfter(
  sql: Sql,
  room: RoomId,
  afterSeq: number,
  { limit }: { limit: number },
): Promise<RoomEvent[]> {
  const rows = await sql<EventRow>`
    select e.seq, e.type, e.at, e.actor_id, actor.username as actor_username,
      actor.display_name as actor_display_name,
      e.subject_id, subject.username as subject_username, subject.display_name as subject_display_name,
      e.target_seq, e.payload, m.send_id, m.body, m.thread_root, m.mentions_all, root.reply_count as replies,
      q.seq as quoted_seq, q.body as quoted_body, quoted.id as quoted_sender_id,
      quoted.username as quoted_username, quoted.display_name as quoted_display_name
    from room_events e
      join accounts actor on actor.id = e.actor_id
      left join accounts subject on subject.id = e.subject_id
      left join messages m on m.room_id = e.room_id and m.seq = coalesce(e.target_seq, e.seq)
      left join messages root on root.room_id = e.room_id and root.seq = m.thread_root
        and e.type in ('message.sent', 'message.deleted')
      left join messages q on q.room_id = e.room_id and q.seq = m.reply_to and e.target_seq is null
      left join accounts quoted on quoted.id = q.sender_id
    where e.room_id = ${room} and e.seq > ${afterSeq}
    order by e.seq
    ${sql.limit(limit)}`;
  return rows.map(toEvent);
}

/** The time of each room's event at a `seq`, for rooms that have one there. */
export async function readEventTimes(
  sql: Sql,
  positions: readonly { room: RoomId; seq: number }[],
): Promise<Map<RoomId, number>> {
  if (positions.length === 0) return new Map();
  const rows = await sql<{ room_id: RoomId; at: number }>`
    select e.room_id, e.at
    from unnest(
      (select ${sql.array(
        positions.map(({ room }) => room),
        "text",
      )}), (select ${sql.array(
        positions.map(({ seq }) => seq),
        "bigint",
      )})
    ) as p (room_id, seq) join room_events e using (room_id, seq)`;
  return new Map(rows.map((row) => [row.room_id, row.at]));
}

/** The quote of a message, from a row joined with the message it replies to. */
export function quoteOf(row: QuoteRow): Quote | null {
  if (row.quoted_seq === null) return null;
  const sender = toPerson(row.quoted_sender_id!, row.quoted_username!, row.quoted_display_name!);
  return toQuote(row.quoted_seq, sender, row.quoted_body!);
}

/** A deleted poll no longer shows who voted for what. */
function withoutChoices(payload: Record<string, unknown> | null): Record<string, unknown> {
  const { choices: _, ...rest } = payload ?? {};
  return rest;
}

function toEvent(row: EventRow): RoomEvent {
  const base = {
    seq: row.seq,
    at: row.at,
    actor: toPerson(row.actor_id, row.actor_username, row.actor_display_name),
    type: row.type,
  };
  if (row.type === "message.sent") {
    const quote = row.body?.kind === "deleted" ? null : quoteOf(row);
    return {
      ...base,
      type: row.type,
      sendId: row.send_id!,
      body: row.body!,
      ...(quote ? { quote } : {}),
      ...(row.thread_root === null ? {} : { threadRoot: row.thread_root, replies: row.replies ?? 0 }),
      ...(row.mentions_all ? { mentionsEveryone: true as const } : {}),
    };
  }
  // The columns hold the fields of every event type; the protocol's schema defines them.
  return {
    ...base,
    ...(row.subject_id === null
      ? {}
      : { member: toPerson(row.subject_id, row.subject_username!, row.subject_display_name!) }),
    ...(row.target_seq === null ? {} : { target: row.target_seq }),
    ...(row.type === "message.edited" || row.type === "message.previewed" ? { body: row.body! } : {}),
    ...(row.type === "poll.changed" && row.body?.kind === "deleted"
      ? withoutChoices(row.payload)
      : row.payload),
    // A thread's reply count is the current one, as a message's text is the current text.
    ...(row.replies === null ? {} : { replies: row.replies }),
  } as RoomEvent;
}

/** An event without the seq and time it gets when it is recorded. */
export type EventDraft = {
  [T in Exclude<RoomEventType, "message.sent">]: Omit<EventOf<T>, "seq" | "at"> & { room: RoomId };
}[Exclude<RoomEventType, "message.sent">];

/** Events shown in the timeline; the others are shown on the messages they concern. */
const shownTypes: readonly RoomEventType[] = ["member.joined", "member.removed", "room.changed"];

/**
 * Stores an event in a transaction with the room's next `seq`, and returns it. Messages are not stored here but by the
 * message writer, in batches.
 */
export async function recordEvent(tx: Sql, draft: EventDraft, at: number): Promise<RoomEvent> {
  const { room, ...event } = draft;
  const { type, actor, ...facts } = event;
  const {
    member,
    target,
    body: _,
    ...payload
  } = facts as { member?: Person; target?: number; body?: unknown };
  const [row] = await tx<{ seq: number }>`
    with head as (
      update rooms set head_seq = head_seq + 1 where id = ${room} returning head_seq
    )
    insert into room_events (room_id, seq, type, actor_id, at, subject_id, target_seq, payload, is_shown)
    select ${room}, head_seq, ${type}, ${actor.id}, ${at}, ${member?.id ?? null}::uuid, ${target ?? null}::bigint,
      ${Object.keys(payload).length === 0 ? null : JSON.stringify(payload)}::text::jsonb,
      ${shownTypes.includes(type)}
    from head
    returning seq`;
  return { seq: row!.seq, at, ...event } as RoomEvent;
}
