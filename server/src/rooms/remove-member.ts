import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { Bus } from "../bus/bus.ts";
import type { Database, Sql } from "../db/database.ts";
import { type RecordEvent, transactWithEvents } from "../events/record-events.ts";
import type { Clock } from "../lib/clock.ts";

/**
 * Takes a person out of a room. The event that says so is the last of the room that reaches them, on every process:
 * the end of a membership has a place in the room's own order.
 */
export async function removeMember(
  app: { db: Database; bus: Bus; clock: Clock },
  actor: Person,
  room: RoomId,
  member: Person,
): Promise<void> {
  await transactWithEvents(app, async (tx, recordEvent) => {
    await endMembership(tx, recordEvent, actor, room, member);
  });
}

/** The same by one's own will, inside a transaction. */
export function leaveRoom(tx: Sql, recordEvent: RecordEvent, member: Person, room: RoomId): Promise<void> {
  return endMembership(tx, recordEvent, member, room, member);
}

async function endMembership(
  tx: Sql,
  recordEvent: RecordEvent,
  actor: Person,
  room: RoomId,
  member: Person,
): Promise<void> {
  const removed = await tx`
    delete from memberships where room_id = ${room} and account_id = ${member.id} returning 1`;
  if (removed.length > 0) await recordEvent({ room, type: "member.removed", actor, member });
}
