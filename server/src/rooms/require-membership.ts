import type { AccountId, RoomId, SessionId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { roomNotFound } from "../lib/refusal.ts";
import { findMembership, type Membership } from "./queries.ts";

/** A person who reads or acts. A job has no session that could be checked again. */
export type Viewer = { id: AccountId; sessionId?: SessionId };

/**
 * Returns the viewer's membership in a room. Refuses with `not_found` if they are not a member or their session has
 * ended, the same as for a room that does not exist: outsiders cannot find out which rooms exist.
 */
export async function requireMembership(sql: Sql, viewer: Viewer, room: RoomId): Promise<Membership> {
  const membership = await findMembership(sql, { id: viewer.id, sessionId: viewer.sessionId ?? null }, room);
  if (!membership) throw roomNotFound();
  return membership;
}
