import type { AccountId } from "@novax/protocol/ids";
import { changeAccount } from "../accounts/change-account.ts";
import { parseEmail } from "../accounts/email.ts";
import { deleteVerification, isVerifiedElsewhere } from "../accounts/email-queries.ts";
import {
  type Account,
  emailKey,
  findAccountById,
  listAccountsByEmail,
  lockAccount,
  setEmail,
  setPasswordHash,
} from "../accounts/queries.ts";
import type { Sql } from "../db/database.ts";
import { defineJob } from "../jobs/job.ts";
import { queueMail } from "../jobs/send-mail.ts";
import { addressKey } from "../lib/ip-address.ts";
import { Refusal } from "../lib/refusal.ts";
import { resetLetter } from "../mail/letters.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { transact } from "../transaction/transact.ts";
import {
  type AttemptLimit,
  type AttemptLimits,
  assertAttempt,
  assertAttemptsLeft,
} from "./attempt-limits.ts";
import { parseNewPassword } from "./change-password.ts";
import { distrustDevices } from "./known-device-queries.ts";
import type { PasswordHasher } from "./password-hasher.ts";
import { assertMayBePassword, type PasswordRules } from "./password-rules.ts";
import { countResetsSince, findReset, hasPasswordAlone, insertReset, takeReset } from "./reset-queries.ts";
import { markAllSessionsEnded } from "./session-queries.ts";
import type { RequestOrigin } from "./sessions.ts";

export type ResetNeeds = TransactionNeeds & {
  attemptLimits: AttemptLimits;
  passwordHasher: PasswordHasher;
  passwordRules: PasswordRules;
};

export const resetMinutes = 30;
const resetMs = resetMinutes * 60_000;
const hourMs = 3_600_000;
/** Links sent to one account per hour (R04). */
const resetsPerHour = 3;
/** Accounts that get a mail for one unconfirmed address. */
const accountsPerAddressMax = 5;
const requestsPerAddress: AttemptLimit = { max: 20, windowMs: hourMs };
const wrongLinksPerAddress: AttemptLimit = { max: 20, windowMs: 10 * 60_000 };

/**
 * Asks for a link to set a new password. Known and unknown addresses are handled alike: each queues one job (R01).
 * Refuses with `email_invalid` and `too_many_attempts`.
 */
export async function requestReset(app: ResetNeeds, email: string, origin: RequestOrigin): Promise<void> {
  const address = parseEmail(email);
  await assertAttempt(app.attemptLimits, `reset-request:${addressKey(origin.address)}`, requestsPerAddress);
  await transact(app, ({ queue }) => queue(sendResetsJob, { email: address }, { untilMs: resetMs }));
}

/** Sends a link to every account with this address that was not sent three in the last hour. */
export const sendResetsJob = defineJob(
  "reset.request",
  async (app: ResetNeeds, { email }: { email: string }): Promise<void> => {
    const accounts = await listAccountsByEmail(app.db.sql, email, accountsPerAddressMax);
    const verified = accounts.filter((account) => account.isEmailVerified);
    for (const { id } of verified.length > 0 ? verified : accounts) {
      await app.db.transact(async (sql) => {
        const account = await lockAccount(sql, id);
        if (!account || account.isDisabled || !(await mayResetByMail(sql, account))) return;
        if ((await countResetsSince(sql, id, app.clock.now() - hourMs)) >= resetsPerHour) return;
        const url = await insertResetLink(app, sql, id, { sentTo: emailKey(account.email) });
        const letter = resetLetter(account.email, account.language, {
          username: account.username,
          url,
          minutes: resetMinutes,
        });
        await queueMail(app, sql, letter, { untilMs: resetMs });
      });
    }
  },
);

/** Creates a link for an account: single use, valid for 30 minutes, and it ends older links. */
export async function insertResetLink(
  app: TransactionNeeds,
  sql: Sql,
  accountId: AccountId,
  { sentTo }: { sentTo: string | null },
): Promise<string> {
  const now = app.clock.now();
  const token = app.random.token();
  await insertReset(sql, { token, accountId, emailKey: sentTo, now, expiresAt: now + resetMs });
  const url = new URL("/reset", app.publicUrl);
  url.searchParams.set("token", token);
  return url.href;
}

/**
 * Finds the account a link belongs to, without using the link up. Refuses with `link_invalid` if it is used, replaced,
 * expired or unknown, and with `too_many_attempts` after 20 such links from one address in ten minutes.
 */
export async function requireReset(app: ResetNeeds, token: string, origin: RequestOrigin): Promise<Account> {
  const bucket = `reset-link:${addressKey(origin.address)}`;
  await assertAttemptsLeft(app.attemptLimits, bucket, wrongLinksPerAddress);
  const accountId = await findReset(app.db.sql, token, app.clock.now());
  const account = accountId && (await findAccountById(app.db.sql, accountId));
  if (!account || account.isDisabled) {
    await app.attemptLimits.countAttempt(bucket, wrongLinksPerAddress);
    throw linkInvalid();
  }
  return account;
}

/**
 * Sets a new password by link. Ends every session and the trust in every browser. It does not sign in, and leaves the
 * second factor as it is (R05). Refuses with `link_invalid`, and as the password rules do; after a refused password
 * the link still works.
 */
export async function resetPassword(
  app: ResetNeeds,
  reset: { token: string; password: string; confirmPassword: string },
  origin: RequestOrigin,
): Promise<void> {
  const account = await requireReset(app, reset.token, origin);
  const password = parseNewPassword(reset);
  await assertMayBePassword(password, app.passwordRules, account);
  const passwordHash = await app.passwordHasher.hash(password, origin.address);
  await changeAccount(app, async ({ sql, endSessions, notify, audit }) => {
    const now = app.clock.now();
    const locked = await lockAccount(sql, account.id);
    const taken = await takeReset(sql, reset.token, now);
    if (!locked || locked.isDisabled || taken?.accountId !== locked.id) throw linkInvalid();
    const isRead = taken.emailKey === emailKey(locked.email);
    // What was true when the mail was sent must still be true: the account has this address, and no key that somebody
    // else may have planted.
    if (taken.emailKey !== null && !(isRead && (await mayResetByMail(sql, locked)))) throw linkInvalid();
    await setPasswordHash(sql, locked.id, passwordHash);
    await deleteVerification(sql, locked.id);
    await distrustDevices(sql, locked.id, null);
    endSessions(await markAllSessionsEnded(sql, locked.id, now));
    // Following the link proves that the person reads mail at this address.
    if (isRead && !locked.isEmailVerified && !(await isVerifiedElsewhere(sql, locked.email, locked.id))) {
      await setEmail(sql, locked.id, locked.email, { verifiedAt: now });
    }
    await notify(locked, "password_reset", (t) => t.outEverywhere);
    audit({ action: "password.reset", actor: locked, subject: locked, address: origin.address });
  });
  app.log.info("password.reset", { account: account.id, address: origin.address });
}

/**
 * Whether a mail may open this account. A confirmed address belongs to the account's owner. An unconfirmed one may be
 * a stranger's, who would then share the account with the person who made it. So the password must be the only key,
 * because the reset replaces it.
 */
async function mayResetByMail(sql: Sql, account: Account): Promise<boolean> {
  return account.isEmailVerified || (await hasPasswordAlone(sql, account.id));
}

function linkInvalid(): Refusal {
  return new Refusal("link_invalid", (t) => t.linkDead);
}
