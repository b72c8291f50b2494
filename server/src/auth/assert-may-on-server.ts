import { mayOnServer, type ServerAction } from "@novax/protocol/permissions";
import { findServerRole } from "../accounts/queries.ts";
import type { Sql } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import { assertLiveSession } from "./session-queries.ts";
import type { Actor } from "./sessions.ts";

/**
 * Asserts a server right. Reads role and session inside the transaction, so a demoted or signed-out actor is refused.
 * Refuses with `forbidden`, or `unauthenticated` where the session has ended.
 */
export async function assertMayOnServer(tx: Sql, actor: Actor, right: ServerAction): Promise<void> {
  await assertLiveSession(tx, actor);
  const role = await findServerRole(tx, actor.id);
  if (role === null || !mayOnServer(role, right)) throw new Refusal("forbidden", (t) => t.roleForbids);
}
