import { findAccountByUsernameKey, replacePasswordHash } from "../accounts/queries.ts";
import { usernameKey } from "../accounts/username.ts";
import { Refusal } from "../lib/refusal.ts";
import { attemptPassword } from "./attempt-password.ts";
import { type FinishedLogin, finishLogin } from "./finish-login.ts";
import type { LoginNeeds } from "./log-in.ts";
import { assertMayBePassword, normalisePassword, type PasswordRules } from "./password-rules.ts";
import { type Actor, markAllSessionsEnded, type RequestOrigin } from "./sessions.ts";

/**
 * Changes one's own password. Every session of the account ends, on every process, and this browser gets a new one.
 *
 * Refuses with `current_password_wrong`, which counts as a failed sign-in (P08), and as {@link attemptPassword} and the
 * rules for new passwords do; then nothing has changed.
 */
export async function changePassword(
  app: LoginNeeds & { passwordRules: PasswordRules },
  actor: Actor,
  change: { current: string; password: string; confirmPassword: string; deviceToken: string | null },
  origin: RequestOrigin,
): Promise<FinishedLogin> {
  const password = normalisePassword(change.password);
  if (password !== normalisePassword(change.confirmPassword)) {
    throw new Refusal("passwords_differ", "The two passwords differ.", { field: "confirm_password" });
  }
  const { username } = actor;
  const account = (await findAccountByUsernameKey(app.db.sql, usernameKey(username)))!;
  await assertMayBePassword(password, app.passwordRules, account);
  const attempt = { account, username, password: change.current, deviceToken: change.deviceToken };
  const { isRight, device } = await attemptPassword(app, attempt, origin);
  if (!isRight) throw currentPasswordWrong();
  const passwordHash = await app.passwordHasher.hash(password);
  const { finished, ended } = await app.db.transact(async (tx) => {
    // Two changes at once: the second one's "current password" is no longer that.
    if (!(await replacePasswordHash(tx, account.id, account.passwordHash!, passwordHash)))
      throw currentPasswordWrong();
    const sessions = await markAllSessionsEnded(tx, account.id, app.clock.now());
    const login = {
      account: { ...account, passwordHash },
      knownDevice: device,
      presentedSession: null,
      origin,
    };
    return { ended: sessions, finished: await finishLogin(app, tx, login) };
  });
  app.bus.publish({ kind: "sessions_ended", sessions: ended });
  app.log.info("password.changed", { account: account.id, address: origin.address });
  return finished;
}

function currentPasswordWrong(): Refusal {
  return new Refusal("current_password_wrong", "The current password is wrong.", {
    field: "current_password",
  });
}
