import type { AccountId, SessionId } from "@novax/protocol/ids";
import { clearFailures, lockPasswordHash } from "../accounts/queries.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database, Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { Refusal } from "../lib/refusal.ts";
import { type KnownDevice, rememberDevice } from "./known-devices.ts";
import { insertSession, type RequestOrigin } from "./sessions.ts";

export type FinishedLogin = {
  username: string;
  sessionToken: string;
  /** A cookie for a browser we did not know; null where it has one. */
  deviceToken: string | null;
  /** Sessions that ended with it; whoever commits tells the bus. */
  endedSessions: SessionId[];
};

/**
 * The only way to a session: every path that proves who somebody is ends here. Refuses with `invalid_credentials`
 * when what was proved is no longer so.
 *
 * Always a new token; the session that the browser presented is ended with it, so that a planted cookie is worth
 * nothing afterwards (ASVS 7.2.4).
 */
export async function finishLogin(
  app: { db: Database; bus: Bus; clock: Clock; random: Random },
  tx: Sql,
  login: {
    /** With the hash of the password that was just verified. */
    account: { id: AccountId; username: string; passwordHash: string };
    knownDevice: KnownDevice | null;
    presentedSession: SessionId | null;
    origin: RequestOrigin;
  },
): Promise<FinishedLogin> {
  const { account, presentedSession } = login;
  // Between the look at the password and here it may have been changed, or the account shut; a login that was under
  // way must not survive that.
  if (!(await lockPasswordHash(tx, account.id, account.passwordHash))) throw invalidCredentials();
  if (presentedSession !== null) {
    await tx`update sessions set ended_at = ${app.clock.now()} where id = ${presentedSession} and ended_at is null`;
  }
  await clearFailures(tx, account.id);
  const deviceToken = await rememberDevice(app, tx, account.id, login.knownDevice);
  const { token } = await insertSession(app, tx, account.id, login.origin);
  const endedSessions = presentedSession === null ? [] : [presentedSession];
  return { username: account.username, sessionToken: token, deviceToken, endedSessions };
}

/** The one answer for an unknown name, a wrong password and an account that is shut. */
export function invalidCredentials(): Refusal {
  return new Refusal("invalid_credentials", "The username or the password is wrong.");
}
