import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";

/** Returns which of these people are members of which of these rooms. */
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
