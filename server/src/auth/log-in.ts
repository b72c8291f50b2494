import type { SessionId } from "@novax/protocol/ids";
import { findAccountByUsernameKey, updatePasswordHash } from "../accounts/queries.ts";
import { usernameKey } from "../accounts/username.ts";
import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { Refusal } from "../lib/refusal.ts";
import { type AttemptNeeds, attemptPassword } from "./attempt-password.ts";
import { type FinishedLogin, finishLogin } from "./finish-login.ts";
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
  const account = await findAccountByUsernameKey(app.db.sql, usernameKey(attempt.username));
  const { isRight, device } = await attemptPassword(app, { ...attempt, account }, origin);
  if (!account || !isRight)
    throw new Refusal("invalid_credentials", "The username or the password is wrong.");
  if (app.passwordHasher.isOutdated(account.passwordHash!)) {
    const fresh = await app.passwordHasher.hash(normalisePassword(attempt.password));
    await updatePasswordHash(app.db.sql, account.id, fresh);
  }
  const { presentedSession } = attempt;
  const finished = await app.db.transact((tx) =>
    finishLogin(app, tx, { account, knownDevice: device, presentedSession, origin }),
  );
  if (presentedSession) app.bus.publish({ kind: "sessions_ended", sessions: [presentedSession] });
  app.log.info("login.succeeded", { account: account.id, address: origin.address });
  return finished;
}
