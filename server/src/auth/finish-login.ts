import type { AccountId, SessionId } from "@novax/protocol/ids";
import { clearFailures } from "../accounts/queries.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database, Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { type KnownDevice, rememberDevice } from "./known-devices.ts";
import { insertSession, type RequestOrigin } from "./sessions.ts";

export type FinishedLogin = {
  username: string;
  sessionToken: string;
  /** A cookie for a browser we did not know; null where it has one. */
  deviceToken: string | null;
};

/**
 * The only way to a session: every path that proves who somebody is ends here.
 *
 * Always a new token; the session that the browser presented is ended with it, so that a planted cookie is worth
 * nothing afterwards (ASVS 7.2.4).
 */
export async function finishLogin(
  app: { db: Database; bus: Bus; clock: Clock; random: Random },
  tx: Sql,
  login: {
    account: { id: AccountId; username: string };
    knownDevice: KnownDevice | null;
    presentedSession: SessionId | null;
    origin: RequestOrigin;
  },
): Promise<FinishedLogin> {
  const { account, presentedSession } = login;
  if (presentedSession !== null) {
    await tx`update sessions set ended_at = ${app.clock.now()} where id = ${presentedSession} and ended_at is null`;
  }
  await clearFailures(tx, account.id);
  const deviceToken = await rememberDevice(app, tx, account.id, login.knownDevice);
  const { token } = await insertSession(app, tx, account.id, login.origin);
  return { username: account.username, sessionToken: token, deviceToken };
}
