import type { JoinedRoom, NotificationLevel, Room } from "@novax/protocol/entities";
import type { RoomChanges } from "@novax/protocol/events";
import type { FileId } from "@novax/protocol/files";
import { generalRoomId } from "@novax/protocol/general-room";
import type { AccountId, RoomId, SessionId } from "@novax/protocol/ids";
import { unreadCountMax } from "@novax/protocol/limits";
import { searchForm } from "@novax/protocol/names";
import { type RoomKind, type RoomRole, roleInRoom, type ServerRole } from "@novax/protocol/permissions";
import { toPerson } from "@novax/protocol/person";
import type { BrowsedRoom } from "@novax/protocol/reads";
import type { Sql } from "../db/database.ts";
import { escapeLike } from "../db/like.ts";
import { nameKeys } from "../lib/name-keys.ts";

type RoomRow = {
  id: RoomId;
  kind: RoomKind;
  name: string;
  topic: string;
  description: string;
  icon: string;
  colour: number | null;
  picture_id: FileId | null;
  archived_at: number | null;
  posting: Room["posting"];
  slow_mode_seconds: number;
  keep_days: number;
  leaves_mark: boolean;
  has_link_previews: boolean | null;
  member_count: number;
  head_seq: number;
};

type JoinedRoomRow = RoomRow & {
  kept_days: number;
  account_id: AccountId;
  role: RoomRole;
  server_role: ServerRole;
  people: { id: AccountId; username: string; display_name: string }[] | null;
  read_seq: number;
  unread: number;
  mentions: number;
  is_favourite: boolean;
  is_muted: boolean;
  notify: NotificationLevel;
  is_request: boolean;
  hidden_at: number | null;
  last_message_at: number;
};

/** A person's membership in a room, with the role they act with. */
export type Membership = { room: Room; role: RoomRole; silencedUntil: number | null; readSeq: number };

/**
 * Returns all rooms a person is in, or only `room`, with unread counts, in one query. Counts stop at `unreadCountMax`,
 * so that a person who was away for a year does not cost more.
 */
export async function listJoinedRooms(
  sql: Sql,
  account: AccountId,
  room: RoomId | null = null,
): Promise<JoinedRoom[]> {
  return (await listRoomsOf(sql, [account], room)).get(account) ?? [];
}

/** As {@link listJoinedRooms}, for many people in one query. Who is in no room is left out. */
export async function listRoomsOf(
  sql: Sql,
  accounts: readonly AccountId[],
  room: RoomId | null = null,
): Promise<Map<AccountId, JoinedRoom[]>> {
  const rows = await sql<JoinedRoomRow>`
    with person as materialized (
      select given.id, a.server_role, array(select blocked_id from blocks where blocker_id = given.id) as blocked
      from unnest((select ${sql.array(accounts, "uuid")})) as given (id)
        cross join lateral (select server_role from accounts where id = given.id limit 1) a
    )
    select m.account_id, r.id, r.kind, r.name, r.topic, r.description, r.icon, r.colour, r.picture_id, r.archived_at, r.posting,
      r.slow_mode_seconds, r.leaves_mark, r.keep_days, r.has_link_previews, r.member_count, r.head_seq, r.last_message_at,
      m.role, m.read_seq, m.is_favourite, m.is_muted, m.notify, m.is_request, m.hidden_at, p.server_role,
      case when r.is_held then 0
        else coalesce(least(nullif(r.keep_days, 0), nullif((select keep_days from installation), 0)), 0) end as kept_days,
      case when r.kind in ('direct', 'group') then coalesce((
        select json_agg(json_build_object('id', o.id, 'username', o.username, 'display_name', o.display_name)
          order by o.username_key)
        from memberships om join accounts o on o.id = om.account_id
        where om.room_id = r.id and om.account_id <> m.account_id
      ), (
        -- Whose account is gone is no member, and the conversation is still one with them.
        select json_agg(json_build_object('id', o.id, 'username', o.username, 'display_name', o.display_name))
        from accounts o
        where r.kind = 'direct' and o.id::text = any(string_to_array(r.direct_key, ' ')) and o.id <> m.account_id
      )) end as people,
      case when m.read_seq >= r.head_seq then 0 else (
        select count(*) from (
          select 1 from messages x
          where x.room_id = r.id and x.seq > m.read_seq and x.thread_root is null and x.deleted_at is null
            and x.sender_id <> m.account_id and not x.sender_id = any(p.blocked)
          ${sql.limit(unreadCountMax)}
        ) counted
      ) end as unread,
      case when m.read_seq >= r.head_seq then 0 else (
        select count(*) from (
          select x.seq from mentions x
            join messages mentioning on mentioning.room_id = x.room_id and mentioning.seq = x.seq
          where x.account_id = m.account_id and x.room_id = r.id and x.seq > m.read_seq and x.thread_root is null
            and not mentioning.sender_id = any(p.blocked)
          union
          select x.seq from messages x
          where x.room_id = r.id and x.mentions_all and x.seq > m.read_seq and x.sender_id <> m.account_id
            and not x.sender_id = any(p.blocked)
          ${sql.limit(unreadCountMax)}
        ) counted
      ) end as mentions
    from person p
      -- Looked up for each person ("offset", "limit"): joined as wholes, all rooms and their members would be read.
      cross join lateral (select * from memberships where account_id = p.id offset 0) m
      cross join lateral (select * from rooms where id = m.room_id limit 1) r
    where ${room}::text is null or r.id = ${room}::text
    order by r.created_at, r.id`;
  const rooms = new Map<AccountId, JoinedRoom[]>();
  for (const row of rows) {
    const ofPerson = rooms.get(row.account_id);
    if (ofPerson) ofPerson.push(toJoinedRoom(row));
    else rooms.set(row.account_id, [toJoinedRoom(row)]);
  }
  return rooms;
}

/** Who has joined which room since a time, the last ones first. */
export async function listRecentJoins(
  sql: Sql,
  since: number,
  limit: number,
): Promise<{ account: AccountId; room: RoomId }[]> {
  return sql<{ account: AccountId; room: RoomId }>`
    select account_id as account, room_id as room from memberships
    where joined_at >= ${since} order by joined_at desc ${sql.limit(limit)}`;
}

/** Returns one room as {@link listJoinedRooms} does. Null if the person is not a member. */
export async function findJoinedRoom(sql: Sql, account: AccountId, room: RoomId): Promise<JoinedRoom | null> {
  const [own] = await listJoinedRooms(sql, account, room);
  return own ?? null;
}

/**
 * Returns the actor's membership. Null if there is none or their session has ended. Read after the room's row was
 * locked in the same transaction, it holds until that transaction ends.
 */
export async function findMembership(
  sql: Sql,
  actor: { id: AccountId; sessionId: SessionId | null },
  room: RoomId,
): Promise<Membership | null> {
  const [row] = await sql<
    RoomRow & { role: RoomRole; server_role: ServerRole; silenced_until: number | null; read_seq: number }
  >`
    select r.id, r.kind, r.name, r.topic, r.description, r.icon, r.colour, r.picture_id, r.archived_at, r.posting,
      r.slow_mode_seconds, r.leaves_mark, r.keep_days, r.has_link_previews, r.member_count, r.head_seq, m.role, m.silenced_until, m.read_seq, a.server_role
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

/** Locks a room's row: its log, members and settings do not change until the transaction ends. */
export async function lockRoom(tx: Sql, room: RoomId): Promise<void> {
  await tx`select 1 from rooms where id = ${room} for no key update`;
}

/** Finds a room without checking a membership. Only for work that is not done by a member. */
export async function findRoom(sql: Sql, room: RoomId): Promise<Room | null> {
  const [row] = await sql<RoomRow>`
    select id, kind, name, topic, description, icon, colour, picture_id, archived_at, posting, slow_mode_seconds, leaves_mark, keep_days,
      has_link_previews, member_count, head_seq
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

/** Inserts a new room. Returns false if these people already have a direct room. */
export async function insertRoom(tx: Sql, draft: RoomDraft, at: number): Promise<boolean> {
  const { id, kind, name, topic, description, icon, colour, directKey } = draft;
  const rows = await tx`
    insert into rooms (id, kind, name, name_keys, search_name, topic, description, icon, colour, direct_key, created_at)
    values (${id}, ${kind}, ${name}, ${tx.array(nameKeys(name), "text")}, ${searchForm(name)}, ${topic}, ${description},
      ${icon}, ${colour}::smallint, ${directKey}, ${at})
    on conflict (direct_key) do nothing
    returning 1`;
  return rows.length > 0;
}

export async function findDirectRoom(sql: Sql, directKey: string): Promise<RoomId | null> {
  const [row] = await sql<{ id: RoomId }>`select id from rooms where direct_key = ${directKey}`;
  return row?.id ?? null;
}

/** A group that somebody left is no longer found by the people in it. */
export async function clearDirectKey(tx: Sql, room: RoomId): Promise<void> {
  await tx`update rooms set direct_key = null where id = ${room}`;
}

/** Returns the name of another public, unarchived room that shares one of these keys. */
export async function findRoomNameLike(
  tx: Sql,
  keys: readonly string[],
  except: RoomId | null,
): Promise<string | null> {
  const [row] = await tx<{ name: string }>`
    select name from rooms
    where kind = 'public' and archived_at is null and name_keys && ${tx.array(keys, "text")}
      and id is distinct from ${except}::text
    limit 1`;
  return row?.name ?? null;
}

export async function updateRoom(
  tx: Sql,
  room: RoomId,
  changes: RoomChanges,
  { now }: { now: number },
): Promise<void> {
  const given = (value: unknown) => value !== undefined;
  await tx`
    update rooms set
      name = coalesce(${changes.name ?? null}::text, name),
      name_keys = coalesce(${changes.name === undefined ? null : tx.array(nameKeys(changes.name), "text")}::text[], name_keys),
      search_name = coalesce(${changes.name === undefined ? null : searchForm(changes.name)}::text, search_name),
      topic = coalesce(${changes.topic ?? null}::text, topic),
      description = coalesce(${changes.description ?? null}::text, description),
      icon = coalesce(${changes.icon ?? null}::text, icon),
      colour = case when ${given(changes.colour)}::boolean then ${changes.colour ?? null}::smallint else colour end,
      posting = coalesce(${changes.posting ?? null}::text, posting),
      slow_mode_seconds = coalesce(${changes.slowModeSeconds ?? null}::integer, slow_mode_seconds),
      keep_changed_at = case when ${given(changes.keepDays)}::boolean then ${now}::bigint else keep_changed_at end,
      keep_days = coalesce(${changes.keepDays ?? null}::integer, keep_days),
      leaves_mark = coalesce(${changes.leavesMark ?? null}::boolean, leaves_mark),
      has_link_previews = coalesce(${changes.hasLinkPreviews ?? null}::boolean, has_link_previews),
      archived_at = case when not ${given(changes.isArchived)}::boolean then archived_at
        when ${changes.isArchived ?? false}::boolean then ${now}::bigint end
    where id = ${room}`;
}

/**
 * Archives a public room that everybody has left, so that its name is free. Returns whether it did. The general room stays.
 */
export async function archiveIfEmpty(tx: Sql, room: RoomId, now: number): Promise<boolean> {
  const rows = await tx`
    update rooms set archived_at = ${now}
    where id = ${room} and id <> ${generalRoomId} and kind = 'public' and member_count = 0 and archived_at is null
    returning 1`;
  return rows.length > 0;
}

/** Returns public rooms whose name contains `search`, by name and id, after the cursor. */
export async function browseRooms(
  sql: Sql,
  account: AccountId,
  { search, after, limit }: { search: string; after: [string, string] | null; limit: number },
): Promise<BrowsedRoom[]> {
  const pattern = `%${escapeLike(searchForm(search))}%`;
  const rows = await sql<RoomRow & { is_member: boolean }>`
    select r.id, r.name, r.topic, r.description, r.icon, r.colour, r.picture_id, r.member_count,
      exists (select 1 from memberships m where m.room_id = r.id and m.account_id = ${account}) as is_member
    from rooms r
    where r.kind = 'public' and r.archived_at is null and r.search_name like ${pattern}
      and (r.search_name, r.id) > (${searchForm(after?.[0] ?? "")}, ${after?.[1] ?? ""})
    order by r.search_name, r.id
    ${sql.limit(limit)}`;
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    topic: row.topic,
    description: row.description,
    icon: row.icon,
    colour: row.colour,
    picture: row.picture_id,
    memberCount: row.member_count,
    isMember: row.is_member,
  }));
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
    picture: row.picture_id,
    isArchived: row.archived_at !== null,
    posting: row.posting,
    slowModeSeconds: row.slow_mode_seconds,
    leavesMark: row.leaves_mark,
    keepDays: row.keep_days,
    hasLinkPreviews: row.has_link_previews ?? row.kind === "public",
    memberCount: row.member_count,
    headSeq: row.head_seq,
  };
}

function toJoinedRoom(row: JoinedRoomRow): JoinedRoom {
  return {
    ...toRoom(row),
    role: roleInRoom(row.role, row.server_role, row.kind),
    people: (row.people ?? []).map((person) => toPerson(person.id, person.username, person.display_name)),
    keptDays: row.kept_days,
    readSeq: row.read_seq,
    unread: row.unread,
    mentions: row.mentions,
    isStarred: row.is_favourite,
    isMuted: row.is_muted,
    notify: row.notify,
    isRequest: row.is_request,
    hiddenAt: row.hidden_at,
    lastAt: row.last_message_at,
  };
}

/**
 * Where a room's log ends, the time of its event at `seq`, or null if there is none, and {@link timeMark} of its events after
 * `afterSeq` up to `seq`, added up.
 */
export type LogPosition = { room: RoomId; headSeq: number; seq: number; at: number | null; marks: number };

const timeMarks = 1 << 20;

/** A number that two different events at the same place hardly share, and of which thousands can be added up. */
export function timeMark(at: number): number {
  return at % timeMarks;
}

export async function readLogPositions(
  sql: Sql,
  positions: readonly { room: RoomId; seq: number; afterSeq: number }[],
): Promise<LogPosition[]> {
  const rooms = positions.map(({ room }) => room);
  const seqs = positions.map(({ seq }) => seq);
  const afterSeqs = positions.map(({ afterSeq }) => afterSeq);
  const rows = await sql<{ id: RoomId; head_seq: number; seq: number; at: number | null; marks: number }>`
    select r.id, r.head_seq, p.seq, e.at, (
      select coalesce(sum(between_them.at % ${timeMarks}), 0)::bigint from room_events between_them
      where between_them.room_id = p.id and between_them.seq > p.after_seq and between_them.seq <= p.seq
    ) as marks
    from unnest(
        (select ${sql.array(rooms, "text")}), (select ${sql.array(seqs, "bigint")}), (select ${sql.array(afterSeqs, "bigint")})
      ) as p (id, seq, after_seq)
      join rooms r using (id)
      left join room_events e on e.room_id = p.id and e.seq = p.seq`;
  return rows.map(({ id, head_seq, ...row }) => ({ room: id, headSeq: head_seq, ...row }));
}
