import type { Person } from "@novax/protocol/entities";
import type { EventOf, RoomEvent, RoomEventType } from "@novax/protocol/events";
import type { RoomId } from "@novax/protocol/ids";
import type { Bus, BusMessage } from "../bus/bus.ts";
import type { Database, Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";

/** What an event says, without the place and the time that recording it gives it. */
export type EventDraft = {
  [T in Exclude<RoomEventType, "message.sent">]: Omit<EventOf<T>, "seq" | "at"> & { room: RoomId };
}[Exclude<RoomEventType, "message.sent">];

/** Stores an event in the transaction and returns it, with its place and time. Messages are recorded by the room writer, many at a time. */
export type RecordEvent = (draft: EventDraft) => Promise<RoomEvent>;

/** Says something on the bus once the transaction is committed, after its events; never, if it is rolled back. */
export type PublishAfterCommit = (message: BusMessage) => void;

/**
 * One transaction that may record events. They are published after the commit and only then: what was rolled back was
 * never heard of.
 */
export async function transactWithEvents<T>(
  app: { db: Database; bus: Bus; clock: Clock },
  work: (tx: Sql, recordEvent: RecordEvent, publishAfterCommit: PublishAfterCommit) => Promise<T>,
): Promise<T> {
  const recorded: { room: RoomId; event: RoomEvent }[] = [];
  const told: BusMessage[] = [];
  const result = await app.db.transact(async (tx) => {
    recorded.length = 0;
    told.length = 0;
    const recordEvent: RecordEvent = async (draft) => {
      const event = await insertEvent(tx, draft, app.clock.now());
      recorded.push({ room: draft.room, event });
      return event;
    };
    return work(tx, recordEvent, (message) => told.push(message));
  });
  for (const { room, event } of recorded) app.bus.publish({ kind: "events", room, events: [event] });
  for (const message of told) app.bus.publish(message);
  return result;
}

/** What the room itself shows; the rest is seen on the messages it is about. */
const shownTypes: readonly RoomEventType[] = ["member.joined", "member.removed", "room.changed"];

async function insertEvent(tx: Sql, draft: EventDraft, at: number): Promise<RoomEvent> {
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
