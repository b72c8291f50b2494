import type { Person } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { searchForm } from "@novax/protocol/names";
import {
  type RoomKind,
  type RoomRole,
  roleInRoom,
  roomRoles,
  type ServerRole,
} from "@novax/protocol/permissions";
import { toPerson } from "@novax/protocol/person";
import type { Ban, Member } from "@novax/protocol/reads";
import type { Sql } from "../db/database.ts";
import { escapeLike } from "../db/like.ts";
import type { Seat } from "./seat-people.ts";

/** Returns members of a room whose username or a word of whose name begins with `search`, by username, after the username key `after`. */
export async function listMembersPage(
  sql: Sql,
  room: RoomId,
  { search, after, limit }: { search: string; after: string; limit: number },
): Promise<Member[]> {
  const prefix = `${escapeLike(search.toLowerCase())}%`;
  const word = `% ${escapeLike(searchForm(search))}%`;
  const rows = await sql<{
    id: AccountId;
    username: string;
    display_name: string;
    role: RoomRole;
    server_role: ServerRole;
    kind: RoomKind;
    silenced_until: number | null;
  }>`
    select a.id, a.username, a.display_name, m.role, a.server_role, r.kind, m.silenced_until
    from memberships m join accounts a on a.id = m.account_id join rooms r on r.id = m.room_id
    where m.room_id = ${room} and a.username_key > ${after}
      and (a.username_key like ${prefix} or ' ' || a.search_name like ${word})
    order by a.username_key
    ${sql.limit(limit)}`;
  return rows.map((row) => ({
    ...toPerson(row.id, row.username, row.display_name),
    role: roleInRoom(row.role, row.server_role, row.kind),
    silencedUntil: row.silenced_until,
  }));
}

/** Returns the members of a room with these username keys. */
export async function listMembersNamed(sql: Sql, room: RoomId, keys: readonly string[]): Promise<Person[]> {
  const rows = await sql<{ id: AccountId; username: string; display_name: string }>`
    select a.id, a.username, a.display_name
    from accounts a join memberships m on m.room_id = ${room} and m.account_id = a.id
    where a.username_key = any(${sql.array(keys, "text")})`;
  return rows.map((row) => toPerson(row.id, row.username, row.display_name));
}

/** Returns the role a member was given in a room, and the one they act with. Null if they are not a member. */
export async function findGivenRole(
  tx: Sql,
  room: RoomId,
  account: AccountId,
): Promise<{ person: Person; role: RoomRole; actsAs: RoomRole; serverRole: ServerRole } | null> {
  const [row] = await tx<{
    username: string;
    display_name: string;
    role: RoomRole;
    server_role: ServerRole;
    kind: RoomKind;
  }>`
    select a.username, a.display_name, m.role, a.server_role, r.kind
    from memberships m join accounts a on a.id = m.account_id join rooms r on r.id = m.room_id
    where m.room_id = ${room} and m.account_id = ${account}`;
  if (!row) return null;
  return {
    person: toPerson(account, row.username, row.display_name),
    role: row.role,
    actsAs: roleInRoom(row.role, row.server_role, row.kind),
    serverRole: row.server_role,
  };
}

export async function setRole(
  tx: Sql,
  { room, account, role }: { room: RoomId; account: AccountId; role: RoomRole },
): Promise<void> {
  await tx`update memberships set role = ${role} where room_id = ${room} and account_id = ${account}`;
}

export async function countOwners(tx: Sql, room: RoomId): Promise<number> {
  const [row] = await tx<{ owners: number }>`
    select count(*) as owners from memberships where room_id = ${room} and role = ${roomRoles[0]}`;
  return row!.owners;
}

/** Returns whether it was another time before. */
export async function setSilenced(
  tx: Sql,
  { room, account, until }: { room: RoomId; account: AccountId; until: number | null },
): Promise<boolean> {
  const rows = await tx`
    update memberships set silenced_until = ${until}::bigint
    where room_id = ${room} and account_id = ${account} and silenced_until is distinct from ${until}::bigint
    returning 1`;
  return rows.length > 0;
}

export async function insertBan(
  tx: Sql,
  ban: { room: RoomId; account: AccountId; by: AccountId; reason: string; at: number },
): Promise<void> {
  await tx`
    insert into room_bans (room_id, account_id, banned_by, reason, at)
    values (${ban.room}, ${ban.account}, ${ban.by}, ${ban.reason}, ${ban.at})
    on conflict (room_id, account_id) do nothing`;
}

/** Lifts a ban, and returns whose it was. Null if the person isn't banned. */
export async function deleteBan(tx: Sql, room: RoomId, account: AccountId): Promise<Person | null> {
  const [row] = await tx<{ id: AccountId; username: string; display_name: string }>`
    with lifted as (
      delete from room_bans where room_id = ${room} and account_id = ${account} returning account_id
    )
    select a.id, a.username, a.display_name from lifted join accounts a on a.id = lifted.account_id`;
  return row ? toPerson(row.id, row.username, row.display_name) : null;
}

/** Returns the people banned from a room, the last banned first, after the cursor of time and account id. */
export async function listBans(
  sql: Sql,
  room: RoomId,
  { after, limit }: { after: [number, string] | null; limit: number },
): Promise<Ban[]> {
  const [afterAt, afterId] = after ?? [Number.MAX_SAFE_INTEGER, "00000000-0000-0000-0000-000000000000"];
  const rows = await sql<{
    id: AccountId;
    username: string;
    display_name: string;
    reason: string;
    at: number;
  }>`
    select a.id, a.username, a.display_name, b.reason, b.at
    from room_bans b join accounts a on a.id = b.account_id
    where b.room_id = ${room} and (b.at, b.account_id) < (${afterAt}::bigint, ${afterId}::uuid)
    order by b.at desc, b.account_id desc ${sql.limit(limit)}`;
  return rows.map((row) => ({
    person: toPerson(row.id, row.username, row.display_name),
    reason: row.reason,
    at: row.at,
  }));
}

/**
 * Filters people to those `by` can add to a room: they exist, are not banned from it, and did not block `by`. Bans do not
 * apply to server owners and admins.
 */
export async function listAdmissible(
  tx: Sql,
  { room, by, ids }: { room: RoomId; by: AccountId; ids: readonly AccountId[] },
): Promise<Person[]> {
  const rows = await tx<{ id: AccountId; username: string; display_name: string }>`
    select a.id, a.username, a.display_name from accounts a
    where a.id = any(${tx.array(ids, "uuid")}) and a.disabled_at is null and a.deleted_at is null
      and not a.awaits_approval
      and (a.server_role in ('owner', 'admin')
        or not exists (select 1 from room_bans b where b.room_id = ${room} and b.account_id = a.id))
      and not exists (select 1 from blocks b where b.blocker_id = a.id and b.blocked_id = ${by})
    order by a.username_key`;
  return rows.map((row) => toPerson(row.id, row.username, row.display_name));
}

export async function countRoomsOf(tx: Sql, account: AccountId): Promise<number> {
  const [row] = await tx<{ rooms: number }>`
    select count(*) as rooms from memberships where account_id = ${account} and not is_request`;
  return row!.rooms;
}

/** Returns the rooms a person is in. */
export async function listRoomIds(sql: Sql, viewer: Pick<Person, "id">): Promise<RoomId[]> {
  const rows = await sql<{ room_id: RoomId }>`
    select room_id from memberships where account_id = ${viewer.id} order by room_id`;
  return rows.map((row) => row.room_id);
}

/**
 * Inserts a membership and restores the restrictions of an earlier one. Returns false if the person is a member
 * already.
 */
export async function insertMembership(
  tx: Sql,
  {
    room,
    account,
    role,
    at,
    seat,
  }: { room: RoomId; account: AccountId; role: RoomRole; at: number; seat: Seat },
): Promise<boolean> {
  const joined = await tx`
    insert into memberships (room_id, account_id, role, joined_at, silenced_until, last_sent_at, added_by, is_request)
    select ${room}, ${account}, case when f.is_read_only then 'read_only' else ${role}::text end, ${at},
      f.silenced_until, coalesce(f.last_sent_at, 0), ${seat.addedBy}::uuid, ${seat.isRequest}::boolean
    from (select 1) one left join former_members f on f.room_id = ${room} and f.account_id = ${account}
    on conflict do nothing returning 1`;
  if (joined.length === 0) return false;
  await tx`delete from former_members where room_id = ${room} and account_id = ${account}`;
  return true;
}

/** Adds one to the member count and sets the member's read mark to the end of the room's log. */
export async function startReadMark(tx: Sql, room: RoomId, account: AccountId): Promise<void> {
  await tx`
    with counted as (
      update rooms set member_count = member_count + 1 where id = ${room} returning head_seq
    )
    update memberships set read_seq = head_seq from counted
    where room_id = ${room} and account_id = ${account}`;
}

/** Inserts the members of a new direct room. They are in it from the start, so no event records that they joined. */
export async function insertDirectMembers(
  tx: Sql,
  { room, people, at }: { room: RoomId; people: readonly (Seat & { id: AccountId })[]; at: number },
): Promise<void> {
  const rows = people.map(({ id, addedBy, isRequest }) => ({ id, added_by: addedBy, is_request: isRequest }));
  await tx`
    insert into memberships (room_id, account_id, joined_at, added_by, is_request)
    select ${room}, p.id, ${at}, p.added_by, p.is_request
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as p (id uuid, added_by uuid, is_request boolean)`;
  await tx`update rooms set member_count = ${people.length} where id = ${room}`;
}

/**
 * Deletes a membership and its draft, and stores the restrictions that apply again when the person returns. Returns the
 * role, or null if there was no membership.
 */
export async function deleteMembership(tx: Sql, room: RoomId, account: AccountId): Promise<RoomRole | null> {
  await tx`
    insert into former_members (room_id, account_id, is_read_only, silenced_until, last_sent_at)
    select room_id, account_id, role = 'read_only', silenced_until, last_sent_at
    from memberships where room_id = ${room} and account_id = ${account}
    on conflict (room_id, account_id) do update set is_read_only = excluded.is_read_only,
      silenced_until = excluded.silenced_until, last_sent_at = excluded.last_sent_at`;
  const [removed] = await tx<{ role: RoomRole }>`
    delete from memberships where room_id = ${room} and account_id = ${account} returning role`;
  if (!removed) return null;
  await tx`update rooms set member_count = member_count - 1 where id = ${room}`;
  await tx`delete from drafts where account_id = ${account} and room_id = ${room}`;
  return removed.role;
}

/**
 * Gives a room without an owner a new one: the moderator who joined first or, without one, the member who joined first
 * and has acted in the room. Members who were only added never become responsible for a room. Returns the new owner, or
 * null.
 */
export async function promoteHeir(tx: Sql, room: RoomId): Promise<Person | null> {
  const [heir] = await tx<{ id: AccountId; username: string; display_name: string }>`
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
  return heir ? toPerson(heir.id, heir.username, heir.display_name) : null;
}
