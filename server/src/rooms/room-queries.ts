import type { JoinedRoom, NotificationLevel, Person, Room } from "@novax/protocol/entities";
import type { RoomChanges } from "@novax/protocol/events";
import type { AccountId, RoomId, SessionId } from "@novax/protocol/ids";
import { roomsPerPersonMax, unreadCountMax } from "@novax/protocol/limits";
import {
  type RoomKind,
  type RoomRole,
  roleInRoom,
  roomRoles,
  type ServerRole,
} from "@novax/protocol/permissions";
import { toPerson } from "@novax/protocol/person";
import type { Sql } from "../db/database.ts";

type RoomRow = {
  id: RoomId;
  kind: RoomKind;
  name: string;
  topic: string;
  description: string;
  icon: string;
  colour: number | null;
  archived_at: number | null;
  posting: Room["posting"];
  slow_mode_seconds: number;
  leaves_mark: boolean;
  member_count: number;
  head_seq: number;
};

type JoinedRoomRow = RoomRow & {
  role: RoomRole;
  server_role: ServerRole;
  people: { id: AccountId; username: string; display_name: string }[] | null;
  read_seq: number;
  unread: number;
  mentions: number;
  is_favourite: boolean;
  is_muted: boolean;
  notify: NotificationLevel;
  last_message_at: number;
};

/** Who somebody is in a room at this moment. */
export type Membership = { room: Room; role: RoomRole; silencedUntil: number | null; readSeq: number };

/**
 * Every room a person is in, or of them the one named, with what is unread: one query however many they are. A count
 * ends at 100, so that whoever was away for a year does not pay for it.
 */
export async function listJoinedRooms(
  sql: Sql,
  account: AccountId,
  room: RoomId | null = null,
): Promise<JoinedRoom[]> {
  const rows = await sql<JoinedRoomRow>`
    select r.id, r.kind, r.name, r.topic, r.description, r.icon, r.colour, r.archived_at, r.posting,
      r.slow_mode_seconds, r.leaves_mark, r.member_count, r.head_seq, r.last_message_at,
      m.role, m.read_seq, m.is_favourite, m.is_muted, m.notify, a.server_role,
      case when r.kind in ('direct', 'group') then (
        select json_agg(json_build_object('id', o.id, 'username', o.username, 'display_name', o.display_name)
          order by o.username_key)
        from memberships om join accounts o on o.id = om.account_id
        where om.room_id = r.id and om.account_id <> m.account_id
      ) end as people,
      case when m.read_seq >= r.head_seq then 0 else (
        select count(*) from (
          select 1 from messages x
          where x.room_id = r.id and x.seq > m.read_seq and x.thread_root is null and x.deleted_at is null
            and x.sender_id <> m.account_id and not x.sender_id = any(blocked.ids)
          limit ${unreadCountMax}
        ) counted
      ) end as unread,
      case when m.read_seq >= r.head_seq then 0 else (
        select count(*) from (
          select x.seq from mentions x
            join messages mentioning on mentioning.room_id = x.room_id and mentioning.seq = x.seq
          where x.account_id = m.account_id and x.room_id = r.id and x.seq > m.read_seq and x.thread_root is null
            and not mentioning.sender_id = any(blocked.ids)
          union
          select x.seq from messages x
          where x.room_id = r.id and x.mentions_all and x.seq > m.read_seq and x.sender_id <> m.account_id
            and not x.sender_id = any(blocked.ids)
          limit ${unreadCountMax}
        ) counted
      ) end as mentions
    from memberships m join rooms r on r.id = m.room_id join accounts a on a.id = m.account_id
      cross join (select array(select blocked_id from blocks where blocker_id = ${account}) as ids) blocked
    where m.account_id = ${account} and (${room}::text is null or r.id = ${room}::text)
    order by r.created_at, r.id`;
  return rows.map(toJoinedRoom);
}

/** What of a room a member has not read, as {@link listJoinedRooms} counts it. Null: they are no member. */
export async function findJoinedRoom(sql: Sql, account: AccountId, room: RoomId): Promise<JoinedRoom | null> {
  const [own] = await listJoinedRooms(sql, account, room);
  return own ?? null;
}

/**
 * The membership of whoever acts, through a session that still is one, or null. Read in the transaction that acts, after
 * the room's row was locked, it holds until that ends.
 */
export async function findMembership(
  sql: Sql,
  actor: { id: AccountId; sessionId: SessionId | null },
  room: RoomId,
): Promise<Membership | null> {
  const [row] = await sql<
    RoomRow & { role: RoomRole; server_role: ServerRole; silenced_until: number | null; read_seq: number }
  >`
    select r.id, r.kind, r.name, r.topic, r.description, r.icon, r.colour, r.archived_at, r.posting,
      r.slow_mode_seconds, r.leaves_mark, r.member_count, r.head_seq, m.role, m.silenced_until, m.read_seq, a.server_role
    from memberships m
      join rooms r on r.id = m.room_id
      join accounts a on a.id = m.account_id and a.disabled_at is null and a.deleted_at is null
    where m.room_id = ${room} and m.account_id = ${actor.id}
      and (${actor.sessionId}::uuid is null or exists (
        select 1 from sessions s where s.id = ${actor.sessionId}::uuid and s.account_id = m.account_id and s.ended_at is null
      ))`;
  if (!row) return null;
  return {
    room: toRoom(row),
    role: roleInRoom(row.role, row.server_role, row.kind),
    silencedUntil: row.silenced_until,
    readSeq: row.read_seq,
  };
}

/** Locks a room's row: its log, its members and what it is stay as they are until the transaction ends. */
export async function lockRoom(tx: Sql, room: RoomId): Promise<void> {
  await tx`select 1 from rooms where id = ${room} for no key update`;
}

/** A room of which nothing is known but its id. For what is not done through a membership. */
export async function findRoom(sql: Sql, room: RoomId): Promise<Room | null> {
  const [row] = await sql<RoomRow>`
    select id, kind, name, topic, description, icon, colour, archived_at, posting, slow_mode_seconds, leaves_mark,
      member_count, head_seq
    from rooms where id = ${room}`;
  return row ? toRoom(row) : null;
}

export type RoomDraft = {
  id: RoomId;
  kind: RoomKind;
  name: string;
  topic: string;
  description: string;
  icon: string;
  colour: number | null;
  directKey: string | null;
};

/** Writes a new room; false where these people have their direct room already. */
export async function insertRoom(tx: Sql, draft: RoomDraft, at: number): Promise<boolean> {
  const { id, kind, name, topic, description, icon, colour, directKey } = draft;
  const rows = await tx`
    insert into rooms (id, kind, name, topic, description, icon, colour, direct_key, created_at)
    values (${id}, ${kind}, ${name}, ${topic}, ${description}, ${icon}, ${colour}::smallint, ${directKey}, ${at})
    on conflict (direct_key) do nothing
    returning 1`;
  return rows.length > 0;
}

export async function findDirectRoom(sql: Sql, directKey: string): Promise<RoomId | null> {
  const [row] = await sql<{ id: RoomId }>`select id from rooms where direct_key = ${directKey}`;
  return row?.id ?? null;
}

/** Whether a name is taken among the rooms that everybody can find. */
export async function isRoomNameTaken(tx: Sql, name: string, except: RoomId | null): Promise<boolean> {
  const rows = await tx`
    select 1 from rooms
    where kind = 'public' and archived_at is null and lower(name) = lower(${name}) and id is distinct from ${except}::text
    limit 1`;
  return rows.length > 0;
}

export async function updateRoom(tx: Sql, room: RoomId, changes: RoomChanges, now: number): Promise<void> {
  const given = (value: unknown) => value !== undefined;
  await tx`
    update rooms set
      name = coalesce(${changes.name ?? null}::text, name),
      topic = coalesce(${changes.topic ?? null}::text, topic),
      description = coalesce(${changes.description ?? null}::text, description),
      icon = coalesce(${changes.icon ?? null}::text, icon),
      colour = case when ${given(changes.colour)}::boolean then ${changes.colour ?? null}::smallint else colour end,
      posting = coalesce(${changes.posting ?? null}::text, posting),
      slow_mode_seconds = coalesce(${changes.slowModeSeconds ?? null}::integer, slow_mode_seconds),
      leaves_mark = coalesce(${changes.leavesMark ?? null}::boolean, leaves_mark),
      archived_at = case when not ${given(changes.isArchived)}::boolean then archived_at
        when ${changes.isArchived ?? false}::boolean then ${now}::bigint end
    where id = ${room}`;
}

/** A public room as somebody who may join it sees it. */
export type BrowsedRoom = {
  id: RoomId;
  name: string;
  topic: string;
  description: string;
  icon: string;
  colour: number | null;
  memberCount: number;
  isMember: boolean;
};

/** Public rooms whose name contains `search`, by name, after the one called `after`. */
export async function browseRooms(
  sql: Sql,
  account: AccountId,
  search: string,
  after: { name: string; id: string } | null,
  limit: number,
): Promise<BrowsedRoom[]> {
  const pattern = `%${escapeLike(search.toLowerCase())}%`;
  const rows = await sql<RoomRow & { is_member: boolean }>`
    select r.id, r.name, r.topic, r.description, r.icon, r.colour, r.member_count,
      exists (select 1 from memberships m where m.room_id = r.id and m.account_id = ${account}) as is_member
    from rooms r
    where r.kind = 'public' and r.archived_at is null and lower(r.name) like ${pattern}
      and (lower(r.name), r.id) > (${after?.name.toLowerCase() ?? ""}, ${after?.id ?? ""})
    order by lower(r.name), r.id
    limit ${limit}`;
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    topic: row.topic,
    description: row.description,
    icon: row.icon,
    colour: row.colour,
    memberCount: row.member_count,
    isMember: row.is_member,
  }));
}

/** What is not to be a pattern in `like`. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

/** A member as the others see them. */
export type Member = Person & { role: RoomRole; silencedUntil: number | null };

/** Members of a room whose name begins with `search`, by name, after the username `after`. */
export async function listMembersPage(
  sql: Sql,
  room: RoomId,
  search: string,
  after: string,
  limit: number,
): Promise<Member[]> {
  const prefix = `${escapeLike(search.toLowerCase())}%`;
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
    where m.room_id = ${room} and a.username_key > ${after.toLowerCase()}
      and (a.username_key like ${prefix} or lower(a.display_name) like ${prefix})
    order by a.username_key
    limit ${limit}`;
  return rows.map((row) => ({
    ...toPerson(row.id, row.username, row.display_name),
    role: roleInRoom(row.role, row.server_role, row.kind),
    silencedUntil: row.silenced_until,
  }));
}

/** The role that a member was given in a room; null: they are no member. */
export async function findGivenRole(
  tx: Sql,
  room: RoomId,
  account: AccountId,
): Promise<{ person: Person; role: RoomRole; actsAs: RoomRole } | null> {
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
  };
}

export async function setRole(tx: Sql, room: RoomId, account: AccountId, role: RoomRole): Promise<void> {
  await tx`update memberships set role = ${role} where room_id = ${room} and account_id = ${account}`;
}

export async function countOwners(tx: Sql, room: RoomId): Promise<number> {
  const [row] = await tx<{ owners: number }>`
    select count(*) as owners from memberships where room_id = ${room} and role = ${roomRoles[0]}`;
  return row!.owners;
}

export async function setSilenced(
  tx: Sql,
  room: RoomId,
  account: AccountId,
  until: number | null,
): Promise<void> {
  await tx`
    update memberships set silenced_until = ${until}::bigint where room_id = ${room} and account_id = ${account}`;
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

export async function deleteBan(tx: Sql, room: RoomId, account: AccountId): Promise<boolean> {
  const rows =
    await tx`delete from room_bans where room_id = ${room} and account_id = ${account} returning 1`;
  return rows.length > 0;
}

export async function listBans(
  sql: Sql,
  room: RoomId,
  limit: number,
): Promise<{ person: Person; reason: string; at: number }[]> {
  const rows = await sql<{
    id: AccountId;
    username: string;
    display_name: string;
    reason: string;
    at: number;
  }>`
    select a.id, a.username, a.display_name, b.reason, b.at
    from room_bans b join accounts a on a.id = b.account_id
    where b.room_id = ${room} order by b.at desc limit ${limit}`;
  return rows.map((row) => ({
    person: toPerson(row.id, row.username, row.display_name),
    reason: row.reason,
    at: row.at,
  }));
}

/**
 * Those of these people who may be brought into a room by somebody: who exist, are not banned from it, did not block
 * whoever brings them, and are not in as many rooms as one can be. Bans do not hold owners and admins of the server.
 */
export async function listAdmissible(
  tx: Sql,
  room: RoomId,
  by: AccountId,
  ids: readonly AccountId[],
): Promise<Person[]> {
  const rows = await tx<{ id: AccountId; username: string; display_name: string }>`
    select a.id, a.username, a.display_name from accounts a
    where a.id = any(${tx.array(ids, "uuid")}) and a.disabled_at is null and a.deleted_at is null
      and not a.awaits_approval
      and (a.server_role in ('owner', 'admin')
        or not exists (select 1 from room_bans b where b.room_id = ${room} and b.account_id = a.id))
      and not exists (select 1 from blocks b where b.blocker_id = a.id and b.blocked_id = ${by})
      and (select count(*) from memberships m where m.account_id = a.id) < ${roomsPerPersonMax}
    order by a.username_key`;
  return rows.map((row) => toPerson(row.id, row.username, row.display_name));
}

export async function countRoomsOf(tx: Sql, account: AccountId): Promise<number> {
  const [row] = await tx<{ rooms: number }>`
    select count(*) as rooms from memberships where account_id = ${account}`;
  return row!.rooms;
}

/** Changes what a member wants of a room; what is null stays. */
export async function updatePreferences(
  sql: Sql,
  room: RoomId,
  account: AccountId,
  changes: {
    isStarred?: boolean | undefined;
    isMuted?: boolean | undefined;
    notify?: NotificationLevel | undefined;
  },
): Promise<{ isStarred: boolean; isMuted: boolean; notify: NotificationLevel } | null> {
  const [row] = await sql<{ is_favourite: boolean; is_muted: boolean; notify: NotificationLevel }>`
    update memberships set
      is_favourite = coalesce(${changes.isStarred ?? null}::boolean, is_favourite),
      is_muted = coalesce(${changes.isMuted ?? null}::boolean, is_muted),
      notify = coalesce(${changes.notify ?? null}::text, notify)
    where room_id = ${room} and account_id = ${account}
    returning is_favourite, is_muted, notify`;
  return row ? { isStarred: row.is_favourite, isMuted: row.is_muted, notify: row.notify } : null;
}

/** Keeps what somebody is writing; an empty text is forgotten. */
export async function saveDraft(
  sql: Sql,
  room: RoomId,
  account: AccountId,
  text: string,
  now: number,
): Promise<void> {
  if (text === "") await sql`delete from drafts where account_id = ${account} and room_id = ${room}`;
  else {
    await sql`
      insert into drafts (account_id, room_id, text, at) values (${account}, ${room}, ${text}, ${now})
      on conflict (account_id, room_id) do update set text = excluded.text, at = excluded.at`;
  }
}

export async function listDrafts(sql: Sql, account: AccountId): Promise<Record<string, string>> {
  const rows = await sql<{ room_id: string; text: string }>`
    select d.room_id, d.text from drafts d
      join memberships m on m.room_id = d.room_id and m.account_id = d.account_id
    where d.account_id = ${account}`;
  return Object.fromEntries(rows.map((row) => [row.room_id, row.text]));
}

function toRoom(row: RoomRow): Room {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    topic: row.topic,
    description: row.description,
    icon: row.icon,
    colour: row.colour,
    isArchived: row.archived_at !== null,
    posting: row.posting,
    slowModeSeconds: row.slow_mode_seconds,
    leavesMark: row.leaves_mark,
    memberCount: row.member_count,
    headSeq: row.head_seq,
  };
}

function toJoinedRoom(row: JoinedRoomRow): JoinedRoom {
  return {
    ...toRoom(row),
    role: roleInRoom(row.role, row.server_role, row.kind),
    people: (row.people ?? []).map((person) => toPerson(person.id, person.username, person.display_name)),
    readSeq: row.read_seq,
    unread: row.unread,
    mentions: row.mentions,
    isStarred: row.is_favourite,
    isMuted: row.is_muted,
    notify: row.notify,
    lastAt: row.last_message_at,
  };
}
