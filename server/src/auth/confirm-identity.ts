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
 * Proves once more who sits at this session, by everything the account asks for (ASVS 7.5.1): the password, and the
 * second factor where there is one. For five minutes the session may then do what weakens the account.
 *
 * Refuses with `current_password_wrong`, which counts as a failed sign-in, with `second_factor_required` where the code
 * is missing, and as an answer to a sign-in's challenge does.
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
    const answer = await verifyGiven(app, actor.id, given, "confirm");
    const isTaken = await changeAccount(app, async (change) => {
      const locked = (await lockAccount(change.sql, actor.id))!;
      if (!answer || !(await useFactor(app, change, locked, answer))) return false;
      await markProved(change.sql, actor.sessionId, app.clock.now());
      return true;
    });
    if (!isTaken) throw factorWrong(given);
  });
}

/** The same by a passkey alone, which is both: something one has, and verified to be oneself. */
export async function confirmByPasskey(
  app: FactorNeeds,
  actor: Actor,
  response: PasskeyResponse,
): Promise<void> {
  const passkey = await verifyPasskey(app, response, "confirm", actor.id);
  await app.db.transact(async (sql) => {
    await lockAccount(sql, actor.id);
    if (!(await usePasskey(sql, passkey, app.clock.now()))) throw factorWrong({ kind: "passkey", response });
    await markProved(sql, actor.sessionId, app.clock.now());
  });
}

export function requestConfirmingPasskey(app: FactorNeeds, actor: Actor): Promise<unknown> {
  return requestPasskey(app, "confirm", actor.id);
}
