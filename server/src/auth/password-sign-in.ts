import { changeAccount } from "../accounts/change-account.ts";
import { emailOrNull } from "../accounts/email.ts";
import { readPolicy } from "../accounts/policy-queries.ts";
import {
  type Account,
  findAccountByConfirmedEmail,
  findAccountByUsernameKey,
  lockAccount,
  renewPasswordHash,
} from "../accounts/queries.ts";
import { isUsername, usernameKey } from "../accounts/username.ts";
import { addressKey } from "../lib/ip-address.ts";
import { Refusal } from "../lib/refusal.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { assertAttemptsLeft } from "./attempt-limits.ts";
import { type AttemptNeeds, attemptPassword } from "./attempt-password.ts";
import { addressBanned, type FinishedSignIn, finishSignIn, invalidCredentials } from "./finish-sign-in.ts";
import { findKnownDevice } from "./known-device-queries.ts";
import { usePasskey } from "./passkey-queries.ts";
import { type PasskeyNeeds, type PasskeyResponse, passkeyRefused, verifyPasskey } from "./passkeys.ts";
import { normalisePassword } from "./password-rules.ts";
import type { Actor, RequestOrigin } from "./sessions.ts";

export type SignInNeeds = AttemptNeeds &
  TransactionNeeds & {
    /** Null if there is no single sign-on. */
    sso: object | null;
  };

/** The cookies that came with a sign-in request. */
export type PresentedCookies = { deviceToken: string | null; presented: Actor | null };

/**
 * Signs in with a password, and with a username or a confirmed email address.
 *
 * Refuses with `invalid_credentials`, the same for an unknown username, a wrong password, a disabled account and one
 * with too many failures in a row; with `forbidden` where passwords are turned off, but not for owners; and as
 * {@link attemptPassword} and {@link finishSignIn} do.
 */
export async function signIn(
  app: SignInNeeds,
  attempt: { username: string; password: string } & PresentedCookies,
  origin: RequestOrigin,
): Promise<FinishedSignIn> {
  const account = await findAccount(app, attempt.username);
  // From a banned address nobody's password is tried but an owner's: no attempt there counts against others, and none tells
  // a right password from a wrong one.
  // The same holds where passwords are turned off.
  const isOff = app.sso !== null && !(await readPolicy(app.db.sql)).allowsPasswords;
  const refusal = origin.isBanned ? addressBanned() : isOff ? passwordsOff() : null;
  if (refusal && account?.serverRole !== "owner") throw refusal;
  const { isRight, device } = await attemptPassword(app, { ...attempt, account }, origin);
  if (!account || !isRight) {
    if (refusal) throw refusal;
    // Said by what was typed alone, so that it tells nothing about accounts.
    throw isEmail(attempt.username)
      ? new Refusal("invalid_credentials", (t) => t.credentialsWrongEmail)
      : invalidCredentials();
  }
  await renewHash(app, account, attempt.password, origin.address);
  const finished = await changeAccount(app, (change) =>
    finishSignIn(app, change, {
      account,
      proof: { kind: "password", hasFactor: false },
      knownDevice: device,
      trustsDevice: false,
      presented: attempt.presented,
      origin,
    }),
  );
  app.log.info("login.password", { account: account.id, address: origin.address, outcome: finished.kind });
  return finished;
}

/**
 * Finds the account of a username, or of an email address that has been confirmed. Text that can be neither is not looked
 * up, and is treated like any unknown one. Attempts are counted for what was typed: if those for a name and an address
 * counted together, they would tell whose address it is.
 */
async function findAccount(app: SignInNeeds, typed: string): Promise<Account | null> {
  if (isEmail(typed)) {
    const email = emailOrNull(typed);
    return email === null ? null : findAccountByConfirmedEmail(app.db.sql, email);
  }
  return isUsername(typed) ? findAccountByUsernameKey(app.db.sql, usernameKey(typed)) : null;
}

function isEmail(typed: string): boolean {
  return typed.trim().indexOf("@") > 0;
}

function passwordsOff(): Refusal {
  return new Refusal("forbidden", (t) => t.passwordsOff);
}

/**
 * Signs in with a passkey, without username or password. Refuses with `passkey_refused`, and as {@link finishSignIn}
 * does.
 */
export async function signInWithPasskey(
  app: SignInNeeds & PasskeyNeeds,
  attempt: { response: PasskeyResponse } & PresentedCookies,
  origin: RequestOrigin,
): Promise<FinishedSignIn> {
  const bucket = `login-address:${addressKey(origin.address)}`;
  await assertAttemptsLeft(app.attemptLimits, bucket, app.signInLimits.perAddress);
  try {
    const passkey = await verifyPasskey(app, attempt.response, "login", { accountId: null });
    const finished = await changeAccount(app, async (change) => {
      const account = await lockAccount(change.sql, passkey.accountId);
      if (!account || !(await usePasskey(change.sql, passkey, app.clock.now()))) throw passkeyRefused();
      const { deviceToken, presented } = attempt;
      const knownDevice = deviceToken ? await findKnownDevice(change.sql, account.id, deviceToken) : null;
      const proof = { kind: "passkey" } as const;
      return finishSignIn(app, change, {
        account,
        proof,
        knownDevice,
        trustsDevice: false,
        presented,
        origin,
      });
    });
    app.log.info("login.passkey", { account: passkey.accountId, address: origin.address });
    return finished;
  } catch (error) {
    await app.attemptLimits.countAttempt(bucket, app.signInLimits.perAddress);
    throw error;
  }
}

/** Hashes the password again if its stored hash is weaker than the current setting. */
async function renewHash(
  app: SignInNeeds,
  account: Account,
  password: string,
  address: string,
): Promise<void> {
  const old = account.passwordHash!;
  if (!app.passwordHasher.isOutdated(old)) return;
  // On a busy machine the old one does until the next time.
  const fresh = await app.passwordHasher
    .hash(normalisePassword(password), address)
    .catch((error: unknown) => {
      if (error instanceof Refusal) return null;
      throw error;
    });
  if (fresh === null) return;
  await renewPasswordHash(app.db.sql, account.id, old, { to: fresh });
}
