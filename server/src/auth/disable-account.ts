import type { AccountId } from "@novax/protocol/ids";
import { markDisabled } from "../accounts/queries.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { markAllSessionsEnded } from "./sessions.ts";

/** Shuts an account: no sign-in, every session ended, every socket closed. */
export async function disableAccount(
  app: { db: Database; bus: Bus; clock: Clock },
  accountId: AccountId,
): Promise<void> {
  const sessions = await app.db.transact(async (tx) => {
    await markDisabled(tx, accountId, app.clock.now());
    return markAllSessionsEnded(tx, accountId, app.clock.now());
  });
  app.bus.publish({ kind: "sessions_ended", sessions });
}
