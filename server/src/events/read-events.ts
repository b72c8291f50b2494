import type { MessageBody } from "@novax/protocol/entities";
import type { RoomEvent, RoomEventType } from "@novax/protocol/events";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import { toPerson } from "@novax/protocol/person";
import type { Sql } from "../db/database.ts";

type EventRow = {
  seq: string;
  type: RoomEventType;
  at: string;
  actor_id: AccountId;
  actor_username: string;
  actor_display_name: string;
  subject_id: AccountId | null;
  subject_username: string | null;
  subject_display_name: string | null;
  send_id: SendId | null;
  body: MessageBody | null;
};

/** A room's events with `afterSeq < seq`, in order, at most `limit`. */
export async function readEventsAfter(
  sql: Sql,
  room: RoomId,
  afterSeq: number,
  limit: number,
): Promise<RoomEvent[]> {
  const rows = await sql<EventRow>`
    select e.seq, e.type, e.at, e.actor_id, actor.username as actor_username,
      actor.display_name as actor_display_name,
      e.subject_id, subject.username as subject_username,
      subject.display_name as subject_display_name, m.send_id, m.body
    from room_events e
      join accounts actor on actor.id = e.actor_id
      left join accounts subject on subject.id = e.subject_id
      left join messages m on m.room_id = e.room_id and m.seq = e.seq
    where e.room_id = ${room} and e.seq > ${afterSeq}
    order by e.seq
    limit ${limit}`;
  return rows.map(toEvent);
}

/** The newest events of a room with `seq < beforeSeq`, in order, at most `limit`. */
export async function readEventsBefore(
  sql: Sql,
  room: RoomId,
  beforeSeq: number,
  limit: number,
): Promise<RoomEvent[]> {
  const rows = await sql<EventRow>`
    select e.seq, e.type, e.at, e.actor_id, actor.username as actor_username,
      actor.display_name as actor_display_name,
      e.subject_id, subject.username as subject_username,
      subject.display_name as subject_display_name, m.send_id, m.body
    from room_events e
      join accounts actor on actor.id = e.actor_id
      left join accounts subject on subject.id = e.subject_id
      left join messages m on m.room_id = e.room_id and m.seq = e.seq
    where e.room_id = ${room} and e.seq < ${beforeSeq}
    order by e.seq desc
    limit ${limit}`;
  return rows.reverse().map(toEvent);
}

function toEvent(row: EventRow): RoomEvent {
  const base = {
    seq: Number(row.seq),
    at: Number(row.at),
    actor: toPerson(row.actor_id, row.actor_username, row.actor_display_name),
  };
  if (row.type === "message.sent") return { ...base, type: row.type, sendId: row.send_id!, body: row.body! };
  return {
    ...base,
    type: row.type,
    member: toPerson(row.subject_id!, row.subject_username!, row.subject_display_name!),
  };
}
