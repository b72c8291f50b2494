import type { Person } from "@novax/protocol/entities";
import type { AccountId, RoomId, SessionId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { roomNotFound } from "../lib/refusal.ts";
import { findMembership, type Membership } from "./room-queries.ts";

/** Whoever reads or acts. A basic client or a job has no session to be looked at again. */
export type Viewer = { id: AccountId; sessionId?: SessionId };

/**
 * The room, loaded through the membership of whoever asks, whose session must still be one. Refuses with `not_found`,
 * the same for a stranger and for nothing.
 */
export async function requireMembership(sql: Sql, viewer: Viewer, room: RoomId): Promise<Membership> {
  const membership = await findMembership(sql, { id: viewer.id, sessionId: viewer.sessionId ?? null }, room);
  if (!membership) throw roomNotFound();
  return membership;
}

/** Which rooms a person is in. */
export async function listRoomIds(sql: Sql, viewer: Pick<Person, "id">): Promise<RoomId[]> {
  const rows = await sql<{ room_id: RoomId }>`
    select room_id from memberships where account_id = ${viewer.id} order by room_id`;
  return rows.map((row) => row.room_id);
}

/** Which of these people are in which of these rooms. */
export async function listMembersOf(
  sql: Sql,
  rooms: readonly RoomId[],
  accounts: readonly AccountId[],
): Promise<{ room: RoomId; account: AccountId }[]> {
  if (rooms.length === 0 || accounts.length === 0) return [];
  const rows = await sql<{ room_id: RoomId; account_id: AccountId }>`
    select room_id, account_id from memberships
    where room_id = any(${sql.array(rooms, "text")}) and account_id = any(${sql.array(accounts, "uuid")})`;
  return rows.map((row) => ({ room: row.room_id, account: row.account_id }));
}

/** Where the rooms' logs end. */
export async function readHeads(sql: Sql, rooms: readonly RoomId[]): Promise<Map<RoomId, number>> {
  const rows = await sql<{ id: RoomId; head_seq: number }>`
    select id, head_seq from rooms where id = any(${sql.array(rooms, "text")})`;
  return new Map(rows.map((row) => [row.id, row.head_seq]));
}

/**
 * Moves the read mark of a member: up to `seq`, or with `isBack` down to it. What was seen once was seen. False where
 * the mark stood so already.
 */
export async function moveReadMark(
  sql: Sql,
  room: RoomId,
  account: AccountId,
  seq: number,
  isBack: boolean,
): Promise<boolean> {
  const rows = await sql`
    update memberships m
    set read_seq = least(${seq}::bigint, r.head_seq), seen_seq = greatest(m.seen_seq, least(${seq}::bigint, r.head_seq))
    from rooms r
    where m.room_id = ${room} and m.account_id = ${account} and r.id = m.room_id
      and case when ${isBack}::boolean then m.read_seq > ${seq}::bigint
        else m.read_seq < least(${seq}::bigint, r.head_seq) end
    returning 1`;
  return rows.length > 0;
}
