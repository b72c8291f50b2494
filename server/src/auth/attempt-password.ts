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

/** NIST 800-63B-4, 3.2.2: after so many failures in a row the password alone opens nothing any more. */
const failuresInARowMax = 100;
const overallBucket = "login-overall";

/**
 * The one place where somebody's word for a password is taken. Says whether it is right, and from which known browser
 * it came; counts a failure.
 *
 * `account` is null where nobody has the name: that costs the same time and counts the same. Refuses with
 * `too_many_attempts` (L04, L06), also the right password, and with `unavailable` when it cannot count or hash.
 */
export async function attemptPassword(
  app: AttemptNeeds,
  attempt: { account: Account | null; username: string; password: string; deviceToken: string | null },
  origin: RequestOrigin,
): Promise<{ isRight: boolean; device: KnownDevice | null }> {
  const { account, deviceToken } = attempt;
  const device = account && deviceToken ? await findKnownDevice(app.db.sql, account.id, deviceToken) : null;
  // A browser that signed in before counts its own failures, so that a stranger's cannot lock the person out.
  // Unknown names are counted as well: a limit that only known ones had would tell them apart.
  const bucket = device
    ? `device:${device.id}`
    : `account:${sha256(usernameKey(attempt.username)).toString("hex")}`;
  const addressBucket = `login-address:${addressKey(origin.address)}`;
  // On the address failures alone count, because an office behind one address signs in at nine; so the look at the count
  // is repeated when the hash's turn comes, or a hundred guesses at once would all have been let in before the first one
  // failed. A browser that signed in before is bound by its own count alone: no neighbour behind the same address, and
  // nobody who tries one password on everybody, locks it out.
  const assertRoom = async () => {
    if (device) return;
    await assertAttemptsLeft(app.attemptLimits, addressBucket, app.signInLimits.perAddress);
    await assertAttemptsLeft(app.attemptLimits, overallBucket, app.signInLimits.overall);
  };
  await assertRoom();
  // The attempt on the account is taken before it is made, so that of fifty at once no more are made than allowed.
  await assertAttempt(app.attemptLimits, bucket, app.signInLimits.perAccount);
  // Counted while the hash is computed, and taken back where the password was right: a write after a wrong one would take
  // time that tells a name that somebody has from one that nobody has (L02).
  const counted = countFailureInARow(app, account, device);
  let isRight: boolean;
  try {
    isRight = await verify(app, account, device, attempt.password, assertRoom);
    await counted;
  } catch (error) {
    // Nobody looked at the password: a busy server must not lock people out.
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

/** Says it once per window: somebody tries passwords on many accounts at once. */
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
  before: () => Promise<void>,
): Promise<boolean> {
  let normalised: string;
  try {
    normalised = normalisePassword(password);
  } catch {
    // No account has such a password; it costs the time of one all the same.
    return app.passwordHasher.verify("", null, before);
  }
  const failuresInARow = device ? device.failuresInARow : (account?.failuresInARow ?? 0);
  const isOpen = account !== null && !account.isDisabled && failuresInARow < failuresInARowMax;
  return app.passwordHasher.verify(normalised, isOpen ? account.passwordHash : null, before);
}
