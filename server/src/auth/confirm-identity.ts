import { changeAccount } from "../accounts/change-account.ts";
import { findAccountById, lockAccount } from "../accounts/queries.ts";
import { Refusal } from "../lib/refusal.ts";
import {
  attemptFactor,
  type FactorNeeds,
  factorWrong,
  type GivenFactor,
  verifyGiven,
} from "./answer-challenge.ts";
import { attemptPassword } from "./attempt-password.ts";
import { usePasskey } from "./passkey-queries.ts";
import { type PasskeyResponse, requestPasskey, verifyPasskey } from "./passkeys.ts";
import type { SignInNeeds } from "./password-sign-in.ts";
import { markProved } from "./session-queries.ts";
import type { Actor, RequestOrigin } from "./sessions.ts";
import { useFactor } from "./use-factor.ts";

/**
 * Re-authenticates the person at this session with everything the account requires (ASVS 7.5.1): the password, and the
 * second factor if there is one. For the next five minutes the session may do what weakens the account.
 *
 * Refuses with `current_password_wrong`, which counts as a failed sign-in; with `second_factor_required` if the code
 * is missing; and with `code_wrong` or `too_many_attempts` as at sign-in.
 */
export async function confirmByPassword(
  app: SignInNeeds & FactorNeeds,
  actor: Actor,
  proof: { password: string; code: string; deviceToken: string | null },
  origin: RequestOrigin,
): Promise<void> {
  const account = (await findAccountById(app.db.sql, actor.id))!;
  const { password, deviceToken } = proof;
  const attempt = { account, username: account.username, password, deviceToken };
  const { isRight } = await attemptPassword(app, attempt, origin);
  if (!isRight) {
    throw new Refusal("current_password_wrong", (t) => t.passwordWrong, { field: "password" });
  }
  if (!account.hasFactor) return markProved(app.db.sql, actor.sessionId, app.clock.now());
  if (proof.code.trim() === "") {
    throw new Refusal("second_factor_required", (t) => t.codeAsWell, {
      field: "code",
    });
  }
  const given: GivenFactor = { kind: "code", code: proof.code };
  await attemptFactor(app, actor.id, async () => {
    const answer = await verifyGiven(app, actor.id, given, { purpose: "confirm" });
    const isTaken = await changeAccount(app, async (change) => {
      const locked = (await lockAccount(change.sql, actor.id))!;
      if (!answer || !(await useFactor(app, change, locked, answer))) return false;
      await markProved(change.sql, actor.sessionId, app.clock.now());
      return true;
    });
    if (!isTaken) throw factorWrong(given);
  });
}

/**
 * Re-authenticates by passkey alone: with user verification a passkey is two factors. Refuses with `passkey_refused`.
 */
export async function confirmByPasskey(
  app: FactorNeeds,
  actor: Actor,
  response: PasskeyResponse,
): Promise<void> {
  const passkey = await verifyPasskey(app, response, "confirm", { accountId: actor.id });
  await app.db.transact(async (sql) => {
    await lockAccount(sql, actor.id);
    if (!(await usePasskey(sql, passkey, app.clock.now()))) throw factorWrong({ kind: "passkey", response });
    await markProved(sql, actor.sessionId, app.clock.now());
  });
}

export function requestConfirmingPasskey(app: FactorNeeds, actor: Actor): Promise<unknown> {
  return requestPasskey(app, "confirm", actor.id);
}
