import type { Person, Room } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { toPerson } from "@novax/protocol/person";
import type { Sql } from "../db/database.ts";
import { roomNotFound } from "../lib/refusal.ts";

/** A room as one of its members sees it. */
export type MemberRoom = Room & { readSeq: number };

type RoomRow = { id: RoomId; name: string; topic: string; head_seq: string; read_seq: string };

/** The room, loaded through the actor's membership. Refuses with `not_found`, the same for a stranger and for nothing. */
export async function requireMembership(
  sql: Sql,
  actor: Pick<Person, "id">,
  room: RoomId,
): Promise<MemberRoom> {
  const [row] = await sql<RoomRow>`
    select r.id, r.name, r.topic, r.head_seq, m.read_seq
    from memberships m join rooms r on r.id = m.room_id
    where m.room_id = ${room} and m.account_id = ${actor.id}`;
  if (!row) throw roomNotFound();
  return toRoom(row);
}

/** Every room a person is in. */
export async function listRooms(sql: Sql, actor: Pick<Person, "id">): Promise<MemberRoom[]> {
  const rows = await sql<RoomRow>`
    select r.id, r.name, r.topic, r.head_seq, m.read_seq
    from memberships m join rooms r on r.id = m.room_id
    where m.account_id = ${actor.id}
    order by r.created_at, r.id`;
  return rows.map(toRoom);
}

/** The first `limit` members of a room by name. The caller has checked the membership of whoever asks. */
export async function listMembers(sql: Sql, room: RoomId, limit: number): Promise<Person[]> {
  const rows = await sql<{ id: AccountId; username: string; display_name: string }>`
    select a.id, a.username, a.display_name
    from memberships m join accounts a on a.id = m.account_id
    where m.room_id = ${room}
    order by a.username_key
    limit ${limit}`;
  return rows.map((row) => toPerson(row.id, row.username, row.display_name));
}

/** Where the rooms' logs end. */
export async function readHeads(sql: Sql, rooms: readonly RoomId[]): Promise<Map<RoomId, number>> {
  const rows = await sql<{ id: RoomId; head_seq: string }>`
    select id, head_seq from rooms where id = any(${sql.array(rooms, "text")})`;
  return new Map(rows.map((row) => [row.id, Number(row.head_seq)]));
}

/** Raises the read mark of a member; a lower or unknown `seq` changes nothing. Returns the mark, or null where it stood. */
export async function raiseReadMark(
  sql: Sql,
  room: RoomId,
  account: AccountId,
  seq: number,
): Promise<number | null> {
  const [row] = await sql<{ read_seq: string }>`
    update memberships m set read_seq = least(${seq}, r.head_seq)
    from rooms r
    where m.room_id = ${room} and m.account_id = ${account} and r.id = m.room_id
      and m.read_seq < least(${seq}, r.head_seq)
    returning m.read_seq`;
  return row ? Number(row.read_seq) : null;
}

function toRoom(row: RoomRow): MemberRoom {
  const { id, name, topic } = row;
  return { id, name, topic, headSeq: Number(row.head_seq), readSeq: Number(row.read_seq) };
}
