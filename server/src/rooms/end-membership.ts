import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { Transaction } from "../transaction/transact.ts";
import { deleteMembership, promoteHeir } from "./member-queries.ts";
import { lockRoom } from "./queries.ts";

/**
 * Ends a membership; false if there was none. The event that says so is the last of the room that reaches them, on every
 * process: the end of a membership has a `seq` of its own in the room's log.
 */
export async function endMembership(
  { sql, record }: Pick<Transaction, "sql" | "record">,
  { room, member, actor }: { room: RoomId; member: Person; actor: Person },
): Promise<boolean> {
  // First, as everywhere: two transactions that wait for each other's rows would wait for ever.
  await lockRoom(sql, room);
  const role = await deleteMembership(sql, room, member.id);
  if (role === null) return false;
  await record({ room, type: "member.removed", actor, member });
  if (role !== "owner") return true;
  const heir = await promoteHeir(sql, room);
  if (heir) await record({ room, type: "member.role_changed", actor: heir, member: heir, role: "owner" });
  return true;
}
