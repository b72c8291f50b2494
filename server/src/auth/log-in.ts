import type { SessionId } from "@novax/protocol/ids";
import { type Account, findAccountByUsernameKey, replacePasswordHash } from "../accounts/queries.ts";
import { isUsername, usernameKey } from "../accounts/username.ts";
import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { type AttemptNeeds, attemptPassword } from "./attempt-password.ts";
import { type FinishedLogin, finishLogin, invalidCredentials } from "./finish-login.ts";
import { normalisePassword } from "./password-rules.ts";
import type { RequestOrigin } from "./sessions.ts";

export type LoginNeeds = AttemptNeeds & { bus: Bus; clock: Clock; random: Random };

/**
 * Signs in by password.
 *
 * Refuses with `invalid_credentials`, the same for an unknown name, a wrong password, a disabled account and one with
 * too many failures in a row; and as {@link attemptPassword} does.
 */
export async function logIn(
  app: LoginNeeds,
  attempt: {
    username: string;
    password: string;
    deviceToken: string | null;
    presentedSession: SessionId | null;
  },
  origin: RequestOrigin,
): Promise<FinishedLogin> {
  // What cannot be a name is nobody's; it is not looked up, and goes the way of every unknown name.
  const account = isUsername(attempt.username)
    ? await findAccountByUsernameKey(app.db.sql, usernameKey(attempt.username))
    : null;
  const { isRight, device } = await attemptPassword(app, { ...attempt, account }, origin);
  if (!account || !isRight) throw invalidCredentials();
  const passwordHash = await renewHash(app, account, attempt.password);
  const { presentedSession } = attempt;
  const finished = await app.db.transact((tx) =>
    finishLogin(app, tx, {
      account: { ...account, passwordHash },
      knownDevice: device,
      presentedSession,
      origin,
    }),
  );
  app.bus.publish({ kind: "sessions_ended", sessions: finished.endedSessions });
  app.log.info("login.succeeded", { account: account.id, address: origin.address });
  return finished;
}

/** Hashes the password anew where its hash is weaker than today's. Returns the hash that the account has now. */
async function renewHash(app: LoginNeeds, account: Account, password: string): Promise<string> {
  const old = account.passwordHash!;
  if (!app.passwordHasher.isOutdated(old)) return old;
  const fresh = await app.passwordHasher.hash(normalisePassword(password));
  return (await replacePasswordHash(app.db.sql, account.id, old, fresh)) ? fresh : old;
}
