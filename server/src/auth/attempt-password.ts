import { type Account, countFailure, uncountFailure } from "../accounts/queries.ts";
import { usernameKey } from "../accounts/username.ts";
import type { Database } from "../db/database.ts";
import { addressKey } from "../lib/ip-address.ts";
import { sha256 } from "../lib/sha256.ts";
import type { Log } from "../log/log.ts";
import {
  type AttemptLimit,
  type AttemptLimits,
  assertAttempt,
  assertAttemptsLeft,
} from "./attempt-limits.ts";
import {
  countDeviceFailure,
  findKnownDevice,
  type KnownDevice,
  uncountDeviceFailure,
} from "./known-device-queries.ts";
import type { PasswordHasher } from "./password-hasher.ts";
import { normalisePassword } from "./password-rules.ts";
import type { RequestOrigin } from "./sessions.ts";

export type AttemptNeeds = {
  db: Database;
  log: Log;
  passwordHasher: PasswordHasher;
  attemptLimits: AttemptLimits;
  signInLimits: { perAccount: AttemptLimit; perAddress: AttemptLimit; overall: AttemptLimit };
};

/** After this many failures in a row the password alone no longer opens the account (NIST 800-63B-4, 3.2.2). */
const failuresInARowMax = 100;
const overallBucket = "login-overall";

/**
 * The only function that checks a password. Returns whether it is right and which known browser sent it, and counts a
 * failure.
 *
 * `account` is null for an unknown username, which takes the same time and counts the same. Refuses with
 * `too_many_attempts` (L04, L06), even for the right password, and with `unavailable` when it cannot count or hash.
 */
export async function attemptPassword(
  app: AttemptNeeds,
  attempt: { account: Account | null; username: string; password: string; deviceToken: string | null },
  origin: RequestOrigin,
): Promise<{ isRight: boolean; device: KnownDevice | null }> {
  const { account, deviceToken } = attempt;
  const device = account && deviceToken ? await findKnownDevice(app.db.sql, account.id, deviceToken) : null;
  // A known browser has its own counter, so that a stranger's failures cannot lock the person out. Unknown usernames
  // are counted too: a limit on known ones only would tell them apart.
  const bucket = device
    ? `device:${device.id}`
    : `account:${sha256(usernameKey(attempt.username)).toString("hex")}`;
  const addressBucket = `login-address:${addressKey(origin.address)}`;
  // Per address only failures count, because a whole office may sign in from one address at nine o'clock. The count is
  // checked again when the hash gets its turn; otherwise a hundred parallel guesses would all pass before the first
  // one failed. A known browser is bound by its own counter only, so neither a neighbour on the same address nor a
  // password-spraying attack can lock it out.
  const assertWithinLimits = async () => {
    if (device) return;
    await assertAttemptsLeft(app.attemptLimits, addressBucket, app.signInLimits.perAddress);
    await assertAttemptsLeft(app.attemptLimits, overallBucket, app.signInLimits.overall);
  };
  await assertWithinLimits();
  // Count the attempt before making it, so that of fifty parallel attempts only the permitted number are made.
  await assertAttempt(app.attemptLimits, bucket, app.signInLimits.perAccount);
  // Counted while the hash is computed, and taken back if the password was right. A write only after a wrong password
  // would take extra time and so reveal which usernames exist (L02).
  const counted = countFailureInARow(app, account, device);
  let isRight: boolean;
  try {
    const options = { before: assertWithinLimits, address: origin.address };
    isRight = await verify(app, account, device, attempt.password, options);
    await counted;
  } catch (error) {
    // The password was never checked: a busy server must not lock people out.
    await app.attemptLimits.forgiveAttempt(bucket);
    await counted.then(() => uncountFailureInARow(app, account, device)).catch(() => {});
    throw error;
  }
  if (isRight) {
    await app.attemptLimits.forgiveAttempt(bucket);
    await uncountFailureInARow(app, account, device);
  } else {
    await app.attemptLimits.countAttempt(addressBucket, app.signInLimits.perAddress);
    await countOverall(app);
    app.log.info("password.refused", { known: account !== null, address: origin.address });
  }
  return { isRight, device };
}

/** Counts a failure over all accounts, and logs once per window that somebody is trying passwords on many of them. */
async function countOverall(app: AttemptNeeds): Promise<void> {
  const { overall } = app.signInLimits;
  const { count } = await app.attemptLimits.countAttempt(overallBucket, overall);
  if (count === overall.max) app.log.warn("login.spray", { failures: count, windowMs: overall.windowMs });
}

async function uncountFailureInARow(
  app: AttemptNeeds,
  account: Account | null,
  device: KnownDevice | null,
): Promise<void> {
  if (device) await uncountDeviceFailure(app.db.sql, device.id);
  else if (account) await uncountFailure(app.db.sql, account.id);
}

async function countFailureInARow(
  app: AttemptNeeds,
  account: Account | null,
  device: KnownDevice | null,
): Promise<void> {
  if (device) await countDeviceFailure(app.db.sql, device.id);
  else if (account) await countFailure(app.db.sql, account.id);
}

async function verify(
  app: AttemptNeeds,
  account: Account | null,
  device: KnownDevice | null,
  password: string,
  options: { before: () => Promise<void>; address: string },
): Promise<boolean> {
  let normalised: string;
  try {
    normalised = normalisePassword(password);
  } catch {
    // No account can have such a password; take the time of a real check all the same.
    return app.passwordHasher.verify("", null, options);
  }
  const failuresInARow = device ? device.failuresInARow : (account?.failuresInARow ?? 0);
  const isOpen = account !== null && !account.isDisabled && failuresInARow < failuresInARowMax;
  return app.passwordHasher.verify(normalised, isOpen ? account.passwordHash : null, options);
}
