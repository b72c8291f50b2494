import type { AccountId } from "@novax/protocol/ids";
import { markDisabled } from "../accounts/queries.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { endSessions, listLiveSessionIds, type SessionLimits } from "./sessions.ts";

/** Shuts an account: no sign-in, every session ended, every socket closed. */
export async function disableAccount(
  app: { db: Database; bus: Bus; clock: Clock; sessionLimits: SessionLimits },
  accountId: AccountId,
): Promise<void> {
  await markDisabled(app.db.sql, accountId, app.clock.now());
  await endSessions(app, await listLiveSessionIds(app.db.sql, accountId));
}
