import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { Transaction } from "../transaction/transact.ts";
import { deleteMembership, promoteHeir } from "./member-queries.ts";
import { lockRoom } from "./queries.ts";

/**
 * Ends a membership. Returns false if there was none. The end has its own `seq` in the room's log, so on every process
 * that event is the last one that reaches the former member.
 */
export async function endMembership(
  { sql, record }: Pick<Transaction, "sql" | "record">,
  { room, member, actor }: { room: RoomId; member: Person; actor: Person },
): Promise<boolean> {
  // Locked first, as in every transaction about a room: two transactions that lock rows in different orders would
  // deadlock.
  await lockRoom(sql, room);
  const role = await deleteMembership(sql, room, member.id);
  if (role === null) return false;
  await record({ room, type: "member.removed", actor, member });
  if (role !== "owner") return true;
  const heir = await promoteHeir(sql, room);
  if (heir) await record({ room, type: "member.role_changed", actor: heir, member: heir, role: "owner" });
  return true;
}
