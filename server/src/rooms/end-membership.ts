import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import { asPerson } from "@novax/protocol/person";
import type { AuditDraft } from "../audit/audit-log.ts";
import type { Clock } from "../lib/clock.ts";
import type { Transaction } from "../transaction/transact.ts";
import { deleteMembership, promoteHeir } from "./member-queries.ts";
import { archiveIfEmpty, lockRoom } from "./queries.ts";

/**
 * Ends a membership. Returns false if there was none. If its owner leaves, the room goes to somebody else; a public room
 * that nobody is left in is archived. The end has its own `seq` in the room's log, so on every process
 * that event is the last one that reaches the former member.
 */
export async function endMembership(
  app: { clock: Clock },
  {
    sql,
    record,
    audit,
  }: Pick<Transaction, "sql" | "record"> & {
    audit(draft: Pick<AuditDraft, "action" | "actor" | "subject" | "detail">): void;
  },
  { room, member, actor }: { room: RoomId; member: Person; actor: Person },
): Promise<boolean> {
  // Locked first, as in every transaction about a room: two transactions that lock rows in different orders would
  // deadlock.
  await lockRoom(sql, room);
  const role = await deleteMembership(sql, room, member.id);
  if (role === null) return false;
  const by = asPerson(actor);
  await record({ room, type: "member.removed", actor: by, member });
  if (await archiveIfEmpty(sql, room, app.clock.now())) {
    await record({ room, type: "room.changed", actor: by, changes: { isArchived: true } });
    audit({ action: "room.archived", actor, detail: `${room}: everyone has left` });
  }
  if (role !== "owner") return true;
  const heir = await promoteHeir(sql, room);
  if (!heir) return true;
  await record({ room, type: "member.role_changed", actor: heir, member: heir, role: "owner" });
  const detail = `${room}: to owner, because ${member.username} left`;
  audit({ action: "member.role_changed", actor, subject: heir, detail });
  return true;
}
