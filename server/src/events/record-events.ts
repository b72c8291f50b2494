import type { Person } from "@novax/protocol/entities";
import type { RoomEvent, RoomEventType } from "@novax/protocol/events";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Bus } from "../bus/bus.ts";
import type { Database, Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";

/** An event that is about a person; messages are recorded by the room writer, many at a time. */
export type MemberEventDraft = {
  room: RoomId;
  type: Exclude<RoomEventType, "message.sent">;
  actor: Person;
  member: Person;
};

export type RecordEvent = (draft: MemberEventDraft) => Promise<void>;

/**
 * One transaction that may record events. They are published after the commit and only then: what was rolled back was
 * never heard of.
 */
export async function transactWithEvents<T>(
  app: { db: Database; bus: Bus; clock: Clock },
  work: (tx: Sql, recordEvent: RecordEvent) => Promise<T>,
): Promise<T> {
  const recorded: { room: RoomId; event: RoomEvent }[] = [];
  const result = await app.db.transact(async (tx) => {
    recorded.length = 0;
    return work(tx, async (draft) => {
      recorded.push({ room: draft.room, event: await insertMemberEvent(tx, draft, app.clock.now()) });
    });
  });
  for (const { room, event } of recorded) app.bus.publish({ kind: "events", room, events: [event] });
  return result;
}

async function insertMemberEvent(tx: Sql, draft: MemberEventDraft, at: number): Promise<RoomEvent> {
  const { room, type, actor, member } = draft;
  const [row] = await tx<{ seq: string }>`
    with head as (
      update rooms set head_seq = head_seq + 1 where id = ${room} returning head_seq
    )
    insert into room_events (room_id, seq, type, actor_id, at, subject_id)
    select ${room}, head_seq, ${type}, ${actor.id as AccountId}, ${at}, ${member.id} from head
    returning seq`;
  return { seq: Number(row!.seq), at, type, actor, member };
}
