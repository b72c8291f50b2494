import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { RoomRole } from "@novax/protocol/permissions";
import type { Sql } from "../db/database.ts";
import type { RecordEvent } from "../events/record-events.ts";
import type { Clock } from "../lib/clock.ts";

/**
 * Makes a person a member, and records it; false where they are one already. What stands in the room is not unread to
 * them, and what held for them when they left holds again.
 * `actor`: who brought them in.
 */
export async function joinRoom(
  app: { clock: Clock },
  tx: Sql,
  recordEvent: RecordEvent,
  room: RoomId,
  member: Person,
  { actor = member, role = "member" }: { actor?: Person; role?: RoomRole } = {},
): Promise<boolean> {
  const joined = await tx`
    insert into memberships (room_id, account_id, role, joined_at, silenced_until, last_sent_at)
    select ${room}, ${member.id}, case when f.is_read_only then 'read_only' else ${role}::text end, ${app.clock.now()},
      f.silenced_until, coalesce(f.last_sent_at, 0)
    from (select 1) one left join former_members f on f.room_id = ${room} and f.account_id = ${member.id}
    on conflict do nothing returning 1`;
  if (joined.length === 0) return false;
  await tx`delete from former_members where room_id = ${room} and account_id = ${member.id}`;
  await recordEvent({ room, type: "member.joined", actor, member });
  await tx`
    with counted as (
      update rooms set member_count = member_count + 1 where id = ${room} returning head_seq
    )
    update memberships set read_seq = head_seq from counted
    where room_id = ${room} and account_id = ${member.id}`;
  return true;
}

/** The people of a new direct room: they were never not in it, so no event says that they came. */
export async function seatPeople(
  tx: Sql,
  room: RoomId,
  people: readonly Person["id"][],
  at: number,
): Promise<void> {
  await tx`
    insert into memberships (room_id, account_id, joined_at)
    select ${room}, unnest(${tx.array(people, "uuid")}), ${at}`;
  await tx`update rooms set member_count = ${people.length} where id = ${room}`;
}
