import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import type { RecordEvent } from "../events/record-events.ts";
import type { Clock } from "../lib/clock.ts";

/** Makes a person a member, and records it. What stands in the room already counts as read. */
export async function joinRoom(
  app: { clock: Clock },
  tx: Sql,
  recordEvent: RecordEvent,
  room: RoomId,
  member: Person,
): Promise<void> {
  await recordEvent({ room, type: "member.joined", actor: member, member });
  await tx`
    insert into memberships (room_id, account_id, joined_at, read_seq)
    select ${room}, ${member.id}, ${app.clock.now()}, head_seq from rooms where id = ${room}`;
}
