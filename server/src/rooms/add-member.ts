import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { RoomRole } from "@novax/protocol/permissions";
import type { Clock } from "../lib/clock.ts";
import type { Transaction } from "../transaction/transact.ts";
import { insertMembership, startReadMark } from "./member-queries.ts";
import { ownSeat, type Seat } from "./seat-people.ts";

/**
 * Makes a person a member and records the event. Returns false if they are a member already. Messages from before are
 * not unread for them. If they were a member before, read-only access, a silence and the slow mode wait from then apply
 * again. `actor` is who added them, by default the person themselves.
 */
export async function addMember(
  app: { clock: Clock },
  { sql, record, publishAfterCommit }: Pick<Transaction, "sql" | "record" | "publishAfterCommit">,
  {
    room,
    member,
    actor = member,
    role = "member",
    seat = ownSeat,
  }: { room: RoomId; member: Person; actor?: Person; role?: RoomRole; seat?: Seat | undefined },
): Promise<boolean> {
  const membership = { room, account: member.id, role, at: app.clock.now(), seat };
  if (!(await insertMembership(sql, membership))) return false;
  await record({ room, type: "member.joined", actor, member });
  await startReadMark(sql, room, member.id);
  publishAfterCommit({ kind: "room_joined", account: member.id, room });
  return true;
}
