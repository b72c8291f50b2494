import type { AccountId } from "@novax/protocol/ids";
import { requiresFactor } from "../accounts/policy.ts";
import { readPolicy } from "../accounts/policy-queries.ts";
import { type Account, clearDeletion, clearFailures, lockAccount } from "../accounts/queries.ts";
import { deviceName } from "../lib/device-name.ts";
import { Refusal } from "../lib/refusal.ts";
import { textsIn } from "../texts/texts.ts";
import type { Transaction, TransactionNeeds } from "../transaction/transact.ts";
import { hasKnownDevices, type KnownDevice, rememberDevice } from "./known-device-queries.ts";
import { endSurplusSessions, insertSession, markSessionEnded } from "./session-queries.ts";
import type { Actor, RequestOrigin } from "./sessions.ts";
import { insertChallenge } from "./sign-in-challenge-queries.ts";

/** What has been proved so far. The caller has verified all of it. */
export type Proof =
  /** `hasFactor`: a second factor was shown as well. */
  | { kind: "password"; hasFactor: boolean }
  /** With user verification, so it counts as two factors. */
  | { kind: "passkey" }
  /** An OpenID Connect provider vouched for the person. */
  | { kind: "identity"; hasFactor: boolean }
  /** The account was created in this transaction. */
  | { kind: "new_account" };

export type FinishedSignIn =
  | {
      kind: "signed_in";
      username: string;
      sessionToken: string;
      /** The cookie for a browser that is new to us; null if it is already known. */
      deviceToken: string | null;
      /** The session may only be used to set up a second factor. */
      mustEnrol: boolean;
    }
  /** The first proof is right; there is no session until the second factor is shown. */
  | { kind: "factor_owed"; challengeToken: string };

/** After this many wrong passwords, a right one is reported to the account's owner (ASVS 6.3.7). */
const notableFailures = 3;

/**
 * The only way to a session: every sign-in path ends here, and only here is it decided whether a second factor is
 * still needed. Refuses with `invalid_credentials` if the credentials have changed since they were checked or the
 * account is disabled, and with `approval_pending`.
 *
 * The session token is always new, and the session that the browser presented is ended, so that a planted cookie is
 * worthless afterwards (ASVS 7.2.4).
 */
export async function finishSignIn(
  app: TransactionNeeds,
  change: Transaction,
  signIn: {
    /** As it was when the proof was checked. */
    account: { id: AccountId; credentialsVersion: number };
    proof: Proof;
    knownDevice: KnownDevice | null;
    /** Whether to skip the second factor in this browser for a while. */
    trustsDevice: boolean;
    /** The session that came with the request. */
    presented: Pick<Actor, "id" | "sessionId"> | null;
    origin: RequestOrigin;
  },
): Promise<FinishedSignIn> {
  const { sql } = change;
  const { proof, knownDevice, presented, origin } = signIn;
  const now = app.clock.now();
  const account = await lockAccount(sql, signIn.account.id);
  // The password or a factor may have changed since the proof was checked, or the account may have been disabled. A
  // sign-in that was under way must not survive that.
  if (!account || account.isDisabled || account.credentialsVersion !== signIn.account.credentialsVersion)
    throw invalidCredentials();
  if (origin.isBanned && account.serverRole !== "owner") throw addressBanned();
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

  if (presented) change.endSessions(await markSessionEnded(sql, presented.id, presented.sessionId, { now }));
  if (proof.kind !== "new_account") await notifySignIn(change, account, knownDevice, origin);
  await clearFailures(sql, account.id);
  if (account.deleteAt !== null) await keepAccount(change, account);
  const { id: accountId } = account;
  const trusts = signIn.trustsDevice && account.hasFactor;
  const deviceToken = await rememberDevice(app, sql, { accountId, known: knownDevice, origin, trusts });
  // A trusted browser was not asked for the factor, and a provider may not have asked for anything. So whatever
  // weakens the account asks for everything again.
  const isProved = proof.kind !== "identity" && (hasFactor || !account.hasFactor);
  change.endSessions(await endSurplusSessions(sql, accountId, { now }));
  const sessionToken = await insertSession(app, sql, { accountId, origin, isProved, mustEnrol });
  change.audit({
    action: "login.succeeded",
    actor: account,
    address: origin.address,
    detail: `${proof.kind}${hasFactor && proof.kind !== "passkey" ? " and second factor" : ""}; ${deviceName(origin.userAgent)}`,
  });
  return { kind: "signed_in", username: account.username, sessionToken, deviceToken, mustEnrol };
}

export function addressBanned(): Refusal {
  return new Refusal("banned", (t) => t.addressBanned);
}

/** The same answer for an unknown username, a wrong password and a disabled account, so that it reveals nothing. */
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

/** Signing in before the deletion date cancels the deletion. */
async function keepAccount({ sql, notify, audit }: Transaction, account: Account): Promise<void> {
  await clearDeletion(sql, account.id);
  await notify(account, "deletion_cancelled", (t) => t.stays);
  audit({ action: "account.deletion_cancelled", actor: account });
}
