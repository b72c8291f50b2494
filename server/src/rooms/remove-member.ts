import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { RoomRole } from "@novax/protocol/permissions";
import { toPerson } from "@novax/protocol/person";
import type { Sql } from "../db/database.ts";
import type { RecordEvent } from "../events/record-events.ts";
import { lockRoom } from "./room-queries.ts";

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
  // First, as everybody does: two who wait for each other's rows would wait for ever.
  await lockRoom(tx, room);
  await tx`
    insert into former_members (room_id, account_id, is_read_only, silenced_until, last_sent_at)
    select room_id, account_id, role = 'read_only', silenced_until, last_sent_at
    from memberships where room_id = ${room} and account_id = ${member.id}
    on conflict (room_id, account_id) do update set is_read_only = excluded.is_read_only,
      silenced_until = excluded.silenced_until, last_sent_at = excluded.last_sent_at`;
  const [removed] = await tx<{ role: RoomRole }>`
    delete from memberships where room_id = ${room} and account_id = ${member.id} returning role`;
  if (!removed) return false;
  await tx`update rooms set member_count = member_count - 1 where id = ${room}`;
  await tx`delete from drafts where account_id = ${member.id} and room_id = ${room}`;
  await recordEvent({ room, type: "member.removed", actor, member });
  if (removed.role === "owner") await handOn(tx, recordEvent, room);
  return true;
}

/**
 * A room whose last owner went has another: whoever could do most in it, and of those who was there first. Only somebody
 * who has done something in it: nobody is made to answer for a room that they were put into.
 */
async function handOn(tx: Sql, recordEvent: RecordEvent, room: RoomId): Promise<void> {
  const [heir] = await tx<{ id: Person["id"]; username: string; display_name: string }>`
    update memberships m set role = 'owner'
    from accounts a
    where a.id = m.account_id and m.room_id = ${room}
      and not exists (select 1 from memberships o where o.room_id = ${room} and o.role = 'owner')
      and m.account_id = (
        select c.account_id
        from memberships c join accounts ca on ca.id = c.account_id
        where c.room_id = ${room} and ca.disabled_at is null and ca.deleted_at is null and ca.server_role <> 'guest'
          and c.role in ('moderator', 'member')
          and (c.role = 'moderator' or exists (
            select 1 from room_events e where e.room_id = c.room_id and e.actor_id = c.account_id
          ))
        order by c.role desc, c.joined_at, c.account_id limit 1
      )
    returning a.id, a.username, a.display_name`;
  if (!heir) return;
  const member = toPerson(heir.id, heir.username, heir.display_name);
  await recordEvent({ room, type: "member.role_changed", actor: member, member, role: "owner" });
}
