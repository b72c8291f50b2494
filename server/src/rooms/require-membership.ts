import type { AccountId, RoomId, SessionId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { roomNotFound } from "../lib/refusal.ts";
import { findMembership, type Membership } from "./queries.ts";

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
