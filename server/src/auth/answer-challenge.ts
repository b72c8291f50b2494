import type { AccountId } from "@novax/protocol/ids";
import { changeAccount } from "../accounts/change-account.ts";
import { lockAccount } from "../accounts/queries.ts";
import { deviceName } from "../lib/device-name.ts";
import { Refusal } from "../lib/refusal.ts";
import { textsIn } from "../texts/texts.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { type AttemptLimit, type AttemptLimits, assertAttempt } from "./attempt-limits.ts";
import { type FinishedSignIn, finishSignIn } from "./finish-sign-in.ts";
import { findKnownDevice } from "./known-device-queries.ts";
import { type PasskeyNeeds, type PasskeyResponse, requestPasskey, verifyPasskey } from "./passkeys.ts";
import type { PresentedCookies } from "./password-sign-in.ts";
import type { RequestOrigin } from "./sessions.ts";
import { endChallenge, findChallenge, takeTry } from "./sign-in-challenge-queries.ts";
import { type FactorAnswer, useFactor } from "./use-factor.ts";

export type FactorNeeds = TransactionNeeds &
  PasskeyNeeds & { attemptLimits: AttemptLimits; factorLimit: AttemptLimit };

/** The second factor as the client sends it. */
export type GivenFactor = { kind: "code"; code: string } | { kind: "passkey"; response: PasskeyResponse };

/**
 * The second half of a sign-in: checks the second factor.
 *
 * Refuses with `challenge_ended` when the challenge expired, was already answered or has had five wrong answers; with
 * `code_wrong` or `passkey_refused`; with `too_many_attempts` after ten wrong answers for the account in 15 minutes.
 * The account's owner is notified of the first wrong answer, because the sender already knew the password.
 */
export async function answerChallenge(
  app: FactorNeeds,
  answer: { challengeToken: string; factor: GivenFactor; trustsDevice: boolean } & PresentedCookies,
  origin: RequestOrigin,
): Promise<FinishedSignIn> {
  const { challengeToken, deviceToken, presented, trustsDevice } = answer;
  const challenge = await findChallenge(app.db.sql, challengeToken, app.clock.now());
  if (!challenge) throw challengeEnded();
  const { accountId } = challenge;
  return attemptFactor(app, accountId, async () => {
    const tried = await takeTry(app.db.sql, challengeToken, app.clock.now());
    if (tried === null) throw challengeEnded();
    const factor = await verifyGiven(app, accountId, answer.factor, { purpose: "factor" });
    const finished = await changeAccount(app, async (change) => {
      const { sql } = change;
      const account = await lockAccount(sql, accountId);
      const used = account && factor ? await useFactor(app, change, account, factor) : null;
      if (!used) return null;
      // Somebody else answered this challenge first. Throwing rolls the transaction back, so the factor is not spent.
      if (!(await endChallenge(sql, challengeToken))) throw challengeEnded();
      const knownDevice = deviceToken ? await findKnownDevice(sql, accountId, deviceToken) : null;
      const proof = { kind: challenge.proof, hasFactor: true } as const;
      return finishSignIn(app, change, {
        account: { id: accountId, credentialsVersion: challenge.credentialsVersion },
        proof,
        knownDevice,
        trustsDevice,
        presented,
        origin,
      });
    });
    if (!finished) {
      if (tried === 1) await notifyWrongAnswer(app, accountId, origin);
      throw factorWrong(answer.factor);
    }
    return finished;
  });
}

/** Requests one of the passkeys of the account that is signing in. Refuses with `challenge_ended`. */
export async function requestFactorPasskey(app: FactorNeeds, challengeToken: string): Promise<unknown> {
  const challenge = await findChallenge(app.db.sql, challengeToken, app.clock.now());
  if (!challenge) throw challengeEnded();
  return requestPasskey(app, "factor", challenge.accountId);
}

/** Runs one attempt at an account's second factor within its limit. An attempt that succeeds does not count. */
export async function attemptFactor<T>(
  app: FactorNeeds,
  accountId: AccountId,
  attempt: () => Promise<T>,
): Promise<T> {
  const bucket = `factor:${accountId}`;
  await assertAttempt(app.attemptLimits, bucket, app.factorLimit);
  const result = await attempt();
  await app.attemptLimits.forgiveAttempt(bucket);
  return result;
}

/** Passes a code through as typed and verifies a passkey. Returns null for a passkey that is not valid. */
export async function verifyGiven(
  app: PasskeyNeeds,
  accountId: AccountId,
  given: GivenFactor,
  { purpose }: { purpose: "factor" | "confirm" },
): Promise<FactorAnswer | null> {
  if (given.kind === "code") return given;
  try {
    return { kind: "passkey", passkey: await verifyPasskey(app, given.response, purpose, { accountId }) };
  } catch (error) {
    if (error instanceof Refusal && error.code === "passkey_refused") return null;
    throw error;
  }
}

export function factorWrong(given: GivenFactor): Refusal {
  return given.kind === "code"
    ? new Refusal("code_wrong", (t) => t.codeWrongOrUsed, { field: "code" })
    : new Refusal("passkey_refused", (t) => t.passkeyOrCode);
}

async function notifyWrongAnswer(
  app: FactorNeeds,
  accountId: AccountId,
  origin: RequestOrigin,
): Promise<void> {
  await changeAccount(app, async ({ sql, notify, audit }) => {
    const account = await lockAccount(sql, accountId);
    if (!account) return;
    const browser = deviceName(origin.userAgent, textsIn(account.language).parts);
    await notify(account, "wrong_code", (t) => t.deviceRefused(browser, origin.address));
    audit({ action: "login.code_refused", actor: null, subject: account, address: origin.address });
  });
}

function challengeEnded(): Refusal {
  return new Refusal("challenge_ended", (t) => t.challengeOver);
}
