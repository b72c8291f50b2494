import type { AccountId } from "@novax/protocol/ids";
import { requiresFactor } from "../accounts/policy.ts";
import { readPolicy } from "../accounts/policy-queries.ts";
import { type Account, clearDeletion, clearFailures, lockAccount } from "../accounts/queries.ts";
import { deviceName } from "../lib/device-name.ts";
import { Refusal } from "../lib/refusal.ts";
import { textsIn } from "../texts/texts.ts";
import type { Transaction, TransactionNeeds } from "../transaction/transact.ts";
import { hasKnownDevices, type KnownDevice, rememberDevice } from "./known-device-queries.ts";
import { insertSession, markSessionEnded } from "./session-queries.ts";
import type { Actor, RequestOrigin } from "./sessions.ts";
import { insertChallenge } from "./sign-in-challenge-queries.ts";

/** What somebody showed, all of it verified by whoever calls. */
export type Proof =
  /** `hasFactor`: and a second factor with it. */
  | { kind: "password"; hasFactor: boolean }
  /** With user verification: something they have and something they know or are. */
  | { kind: "passkey" }
  /** An OpenID Connect provider's word. */
  | { kind: "identity"; hasFactor: boolean }
  /** The account was made in this transaction. */
  | { kind: "new_account" };

export type FinishedSignIn =
  | {
      kind: "signed_in";
      username: string;
      sessionToken: string;
      /** A cookie for a browser we did not know; null where it has one. */
      deviceToken: string | null;
      /** The session is good for setting up a second factor alone. */
      mustEnrol: boolean;
    }
  /** Right so far; no session before the second factor is shown. */
  | { kind: "factor_owed"; challengeToken: string };

/** So many wrong passwords before a right one are worth a word (ASVS 6.3.7). */
const notableFailures = 3;

/**
 * The only way to a session: every path that proves who somebody is ends here, and here alone it is decided whether a
 * second factor is still owed. Refuses with `invalid_credentials` when what was proved is no longer so, or the account
 * is shut, and with `approval_pending`.
 *
 * Always a new token; the session that the browser presented is ended with it, so that a planted cookie is worth
 * nothing afterwards (ASVS 7.2.4).
 */
export async function finishSignIn(
  app: TransactionNeeds,
  change: Transaction,
  signIn: {
    /** As it was when the proof was looked at. */
    account: { id: AccountId; credentialsVersion: number };
    proof: Proof;
    knownDevice: KnownDevice | null;
    /** Whether this browser shall not be asked for the second factor again for a while. */
    trustsDevice: boolean;
    /** Whose session came with the request. */
    presented: Pick<Actor, "id" | "sessionId"> | null;
    origin: RequestOrigin;
  },
): Promise<FinishedSignIn> {
  const { sql } = change;
  const { proof, knownDevice, presented, origin } = signIn;
  const now = app.clock.now();
  const account = await lockAccount(sql, signIn.account.id);
  // Between the look at the proof and here the password or a factor may have changed, or the account been shut; a login
  // that was under way must not survive that.
  if (!account || account.isDisabled || account.credentialsVersion !== signIn.account.credentialsVersion)
    throw invalidCredentials();
  if (account.awaitsApproval) {
    throw new Refusal("approval_pending", (t) => t.awaitsApproval);
  }
  const hasFactor = proof.kind === "passkey" || (proof.kind !== "new_account" && proof.hasFactor);
  const isTrusted = knownDevice?.trustedUntil != null && knownDevice.trustedUntil > now;
  if (account.hasFactor && !hasFactor && !isTrusted) {
    const { id: accountId, credentialsVersion } = account;
    const first = proof.kind === "identity" ? "identity" : "password";
    const challengeToken = await insertChallenge(app, sql, { accountId, credentialsVersion, proof: first });
    return { kind: "factor_owed", challengeToken };
  }
  const mustEnrol =
    !account.hasFactor && proof.kind !== "passkey" && requiresFactor(await readPolicy(sql), account);

  if (presented) change.endSessions(await markSessionEnded(sql, presented.id, presented.sessionId, now));
  if (proof.kind !== "new_account") await notifySignIn(change, account, knownDevice, origin);
  await clearFailures(sql, account.id);
  if (account.deleteAt !== null) await keepAccount(change, account);
  const { id: accountId } = account;
  const trusts = signIn.trustsDevice && account.hasFactor;
  const deviceToken = await rememberDevice(app, sql, { accountId, known: knownDevice, origin, trusts });
  // Nobody was asked for the factor on a trusted browser, and a provider may have asked for nothing at all: what weakens
  // the account then asks for all of it.
  const isProved = proof.kind !== "identity" && (hasFactor || !account.hasFactor);
  const sessionToken = await insertSession(app, sql, { accountId, origin, isProved, mustEnrol });
  change.audit({
    action: "login.succeeded",
    actor: account,
    address: origin.address,
    detail: `${proof.kind}${hasFactor && proof.kind !== "passkey" ? " and second factor" : ""}; ${deviceName(origin.userAgent)}`,
  });
  return { kind: "signed_in", username: account.username, sessionToken, deviceToken, mustEnrol };
}

/** The one answer for an unknown name, a wrong password and an account that is shut. */
export function invalidCredentials(): Refusal {
  return new Refusal("invalid_credentials", (t) => t.credentialsWrong);
}

async function notifySignIn(
  { sql, notify }: Transaction,
  account: Account,
  knownDevice: KnownDevice | null,
  origin: RequestOrigin,
): Promise<void> {
  const browser = deviceName(origin.userAgent, textsIn(account.language).parts);
  const failures = Math.max(account.failuresInARow, knownDevice?.failuresInARow ?? 0);
  if (failures >= notableFailures) {
    await notify(account, "login_after_failures", (t) => t.deviceAfter(browser, origin.address, failures));
  } else if (!knownDevice && (await hasKnownDevices(sql, account.id))) {
    await notify(account, "new_device", (t) => t.device(browser, origin.address));
  }
}

/** Whoever signs in before their account is deleted wants to keep it. */
async function keepAccount({ sql, notify, audit }: Transaction, account: Account): Promise<void> {
  await clearDeletion(sql, account.id);
  await notify(account, "deletion_cancelled", (t) => t.stays);
  audit({ action: "account.deletion_cancelled", actor: account });
}
