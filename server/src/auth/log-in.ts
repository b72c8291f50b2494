import type { SessionId } from "@novax/protocol/ids";
import {
  type Account,
  countFailure,
  findAccountByUsernameKey,
  updatePasswordHash,
} from "../accounts/queries.ts";
import { usernameKey } from "../accounts/username.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { addressKey } from "../lib/ip-address.ts";
import type { Random } from "../lib/random.ts";
import { Refusal } from "../lib/refusal.ts";
import { sha256 } from "../lib/sha256.ts";
import type { Log } from "../log/log.ts";
import { type AttemptLimit, type AttemptLimits, assertAttempt } from "./attempt-limits.ts";
import { type FinishedLogin, finishLogin } from "./finish-login.ts";
import { countDeviceFailure, findKnownDevice, type KnownDevice } from "./known-devices.ts";
import type { PasswordHasher } from "./password-hasher.ts";
import { normalisePassword } from "./password-rules.ts";
import type { RequestOrigin } from "./sessions.ts";

export type LoginNeeds = {
  db: Database;
  bus: Bus;
  log: Log;
  clock: Clock;
  random: Random;
  passwordHasher: PasswordHasher;
  attemptLimits: AttemptLimits;
  loginLimits: { perAccount: AttemptLimit; perAddress: AttemptLimit };
};

/** NIST 800-63B-4, 3.2.2: after so many failures in a row the password alone opens nothing any more. */
const failuresInARowMax = 100;

/**
 * Signs in by password.
 *
 * Refuses with `invalid_credentials`, the same for an unknown name, a wrong password, a disabled account and an
 * account after {@link failuresInARowMax} failures; with `too_many_attempts` (L04, L06), also for the right password;
 * with `unavailable` when it cannot count or hash.
 */
export async function logIn(
  app: LoginNeeds,
  attempt: {
    username: string;
    password: string;
    deviceToken: string | null;
    presentedSession: SessionId | null;
  },
  origin: RequestOrigin,
): Promise<FinishedLogin> {
  const account = await findAccountByUsernameKey(app.db.sql, usernameKey(attempt.username));
  const device =
    account && attempt.deviceToken
      ? await findKnownDevice(app.db.sql, account.id, attempt.deviceToken)
      : null;
  // A browser that signed in before counts its own failures, so that a stranger's cannot lock the person out.
  // Unknown names are counted as well: a limit that only known ones had would tell them apart.
  const bucket = device
    ? `device:${device.id}`
    : `account:${sha256(usernameKey(attempt.username)).toString("hex")}`;
  const addressBucket = `login-address:${addressKey(origin.address)}`;

  await assertAttempt(app.attemptLimits, addressBucket, app.loginLimits.perAddress);
  await assertAttempt(app.attemptLimits, bucket, app.loginLimits.perAccount);
  const isRight = await verify(app, account, device, attempt.password);
  if (!account || !isRight) {
    if (account) await recordFailure(app, account, device);
    app.log.info("login.refused", { known: account !== null, address: origin.address });
    throw new Refusal("invalid_credentials", "The username or the password is wrong.");
  }
  await app.attemptLimits.forgiveAttempt(addressBucket);
  await app.attemptLimits.forgiveAttempt(bucket);
  if (app.passwordHasher.isOutdated(account.passwordHash!)) {
    const fresh = await app.passwordHasher.hash(normalisePassword(attempt.password));
    await updatePasswordHash(app.db.sql, account.id, fresh);
  }
  const finished = await app.db.transact((tx) =>
    finishLogin(app, tx, {
      account,
      knownDevice: device,
      presentedSession: attempt.presentedSession,
      origin,
    }),
  );
  if (attempt.presentedSession)
    app.bus.publish({ kind: "sessions_ended", sessions: [attempt.presentedSession] });
  app.log.info("login.succeeded", { account: account.id, address: origin.address });
  return finished;
}

async function verify(
  app: LoginNeeds,
  account: Account | null,
  device: KnownDevice | null,
  password: string,
): Promise<boolean> {
  let normalised: string;
  try {
    normalised = normalisePassword(password);
  } catch {
    // No account has such a password, and hashing it would only cost.
    return false;
  }
  const failuresInARow = device ? device.failuresInARow : (account?.failuresInARow ?? 0);
  const isOpen = account !== null && !account.isDisabled && failuresInARow < failuresInARowMax;
  return app.passwordHasher.verify(normalised, isOpen ? account.passwordHash : null);
}

async function recordFailure(app: LoginNeeds, account: Account, device: KnownDevice | null): Promise<void> {
  if (device) await countDeviceFailure(app.db.sql, device.id);
  else await countFailure(app.db.sql, account.id);
}
