import { changeAccount } from "../accounts/change-account.ts";
import { cancelEmailChange } from "../accounts/email-queries.ts";
import { findAccountById, lockAccount, setPasswordHash } from "../accounts/queries.ts";
import { Refusal } from "../lib/refusal.ts";
import { attemptPassword } from "./attempt-password.ts";
import { type FinishedSignIn, finishSignIn } from "./finish-sign-in.ts";
import { distrustDevices } from "./known-device-queries.ts";
import { assertMayBePassword, normalisePassword, type PasswordRules } from "./password-rules.ts";
import type { SignInNeeds } from "./password-sign-in.ts";
import { assertLiveSession, markAllSessionsEnded } from "./session-queries.ts";
import { type Actor, assertRecentProof, type RequestOrigin } from "./sessions.ts";

/**
 * Changes the actor's password. Ends every session of the account on every process and the trust in every browser;
 * this browser gets a new session.
 *
 * Refuses with `current_password_wrong`, which counts as a failed sign-in (P08); with `reauth_required` if the account
 * has a second factor and the session has no recent proof; and as {@link attemptPassword} and the password rules do.
 * After a refusal nothing has changed.
 */
export async function changePassword(
  app: SignInNeeds & { passwordRules: PasswordRules },
  actor: Actor,
  change: { current: string; password: string; confirmPassword: string; deviceToken: string | null },
  origin: RequestOrigin,
): Promise<FinishedSignIn> {
  const password = parseNewPassword(change);
  const account = (await findAccountById(app.db.sql, actor.id))!;
  if (account.hasFactor) assertRecentProof(app, actor);
  await assertMayBePassword(password, app.passwordRules, account);
  const { username } = account;
  const attempt = { account, username, password: change.current, deviceToken: change.deviceToken };
  const { isRight, device } = await attemptPassword(app, attempt, origin);
  if (!isRight) throw currentPasswordWrong("current_password");
  const passwordHash = await app.passwordHasher.hash(password, origin.address);
  const finished = await changeAccount(app, async (changed) => {
    const { sql, notify, audit } = changed;
    const locked = (await lockAccount(sql, account.id))!;
    // The session may have ended while the hash waited for its turn.
    await assertLiveSession(sql, actor);
    // Of two changes at once, the second one's "current password" is out of date.
    if (locked.credentialsVersion !== account.credentialsVersion)
      throw currentPasswordWrong("current_password");
    await setPasswordHash(sql, account.id, passwordHash);
    await cancelEmailChange(sql, locked);
    await distrustDevices(sql, account.id, null);
    changed.endSessions(await markAllSessionsEnded(sql, account.id, app.clock.now()));
    await notify(locked, "password_changed", (t) => t.outElsewhere);
    audit({ action: "password.changed", actor, subject: actor, address: origin.address });
    return finishSignIn(app, changed, {
      account: { id: account.id, credentialsVersion: account.credentialsVersion + 1 },
      proof: { kind: "password", hasFactor: account.hasFactor },
      knownDevice: device,
      trustsDevice: false,
      presented: null,
      origin,
    });
  });
  app.log.info("password.changed", { account: account.id, address: origin.address });
  return finished;
}

/**
 * Checks that the new password was typed the same twice, and returns it normalised for hashing. Refuses with
 * `passwords_differ`, or as {@link normalisePassword} does.
 */
export function parseNewPassword(typed: { password: string; confirmPassword: string }): string {
  const password = normalisePassword(typed.password);
  if (password !== normalisePassword(typed.confirmPassword)) {
    throw new Refusal("passwords_differ", (t) => t.passwordsDiffer, { field: "confirm_password" });
  }
  return password;
}

export function currentPasswordWrong(field: string): Refusal {
  return new Refusal("current_password_wrong", (t) => t.currentPasswordWrong, { field });
}
