import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { RoomRole } from "@novax/protocol/permissions";
import { toPerson } from "@novax/protocol/person";
import type { Sql } from "../db/database.ts";
import type { RecordEvent } from "../events/record-events.ts";

/**
 * Ends a membership. The event that says so is the last of the room that reaches them, on every process: the end of a
 * membership has a place in the room's own order. False where there was none.
 */
export async function endMembership(
  tx: Sql,
  recordEvent: RecordEvent,
  actor: Person,
  room: RoomId,
  member: Person,
): Promise<boolean> {
  const [removed] = await tx<{ role: RoomRole }>`
    delete from memberships where room_id = ${room} and account_id = ${member.id} returning role`;
  if (!removed) return false;
  await tx`update rooms set member_count = member_count - 1 where id = ${room}`;
  await tx`delete from drafts where account_id = ${member.id} and room_id = ${room}`;
  await recordEvent({ room, type: "member.removed", actor, member });
  if (removed.role === "owner") await handOn(tx, recordEvent, room);
  return true;
}

/** A room whose last owner went has another: whoever could do most in it, and of those who was there first. */
async function handOn(tx: Sql, recordEvent: RecordEvent, room: RoomId): Promise<void> {
  const [heir] = await tx<{ id: Person["id"]; username: string; display_name: string }>`
    update memberships m set role = 'owner'
    from accounts a
    where a.id = m.account_id and m.room_id = ${room}
      and not exists (select 1 from memberships o where o.room_id = ${room} and o.role = 'owner')
      and m.account_id = (
        select account_id from memberships where room_id = ${room}
        order by array_position(array['moderator', 'member', 'read_only'], role), joined_at, account_id limit 1
      )
    returning a.id, a.username, a.display_name`;
  if (!heir) return;
  const member = toPerson(heir.id, heir.username, heir.display_name);
  await recordEvent({ room, type: "member.role_changed", actor: member, member, role: "owner" });
}
