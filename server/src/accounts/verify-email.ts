import { randomInt } from "node:crypto";
import type { AccountId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import { isUniqueViolation, type Sql } from "../db/database.ts";
import type { QueueNeeds } from "../jobs/queue.ts";
import { queueMail } from "../jobs/send-mail.ts";
import { plainDigits } from "../lib/digits.ts";
import { Refusal } from "../lib/refusal.ts";
import type { ServerName } from "../lib/server-name.ts";
import { addressInUseLetter, verifyLetter } from "../mail/letters.ts";
import { mailNotice } from "../notices/record-notice.ts";
import type { Transaction, TransactionNeeds } from "../transaction/transact.ts";
import { changeAccount } from "./change-account.ts";
import {
  countVerificationMail,
  findVerification,
  findVerificationByToken,
  isVerifiedElsewhere,
  takeCodeTry,
  takeVerificationByCode,
  takeVerificationByToken,
  upsertVerification,
  type Verification,
} from "./email-queries.ts";
import { type Account, emailKey, listAccountsByEmail, lockAccount, setEmail } from "./queries.ts";

const dayMs = 24 * 3_600_000;
const hourMs = 3_600_000;
const codeTriesMax = 5;
const mailsPerHour = 5;
/** Other accounts that may have a mail sent to the same address. */
const othersPerHour = 5;

/**
 * Sends a confirmation mail to an address that an account wants to use. The account keeps its current address until
 * the link or the code comes back. If another account has confirmed the address, its owner gets a warning instead of a
 * link, and the person who asked cannot tell the difference (L09, L10). Refuses with `too_many_attempts`.
 */
export async function startVerification(
  app: QueueNeeds & { publicUrl: URL; identity: ServerName },
  sql: Sql,
  account: { id: AccountId; username: string; language: Language },
  { email }: { email: string },
): Promise<void> {
  const now = app.clock.now();
  const { ofAccount, othersToAddress } = await countVerificationMail(sql, account.id, email, { now });
  if (ofAccount > mailsPerHour) {
    throw new Refusal("too_many_attempts", (t) => t.tooManyMails, {
      retryInMs: hourMs,
    });
  }
  // Many accounts must not be able to flood one mailbox. What was sent before stays valid.
  if (othersToAddress >= othersPerHour) return;
  const token = app.random.token();
  const code = randomInt(1_000_000).toString().padStart(6, "0");
  await upsertVerification(sql, {
    accountId: account.id,
    email,
    token,
    codeMac: codeMac(app, account.id, email, code),
    expiresAt: now + dayMs,
  });
  if (await isVerifiedElsewhere(sql, email, account.id)) {
    const [owner] = await listAccountsByEmail(sql, email, 1);
    if (owner)
      await queueMail(
        app,
        sql,
        addressInUseLetter(owner.email, owner.language, {
          username: owner.username,
          url: app.publicUrl.href,
        }),
      );
    return;
  }
  const url = new URL("/verify", app.publicUrl);
  url.searchParams.set("token", token);
  await queueMail(
    app,
    sql,
    verifyLetter(email, account.language, { username: account.username, url: url.href, code }),
    { untilMs: dayMs },
  );
}

/** Finds the address a link would confirm, without using the link up. Refuses with `link_invalid`. */
export async function requireVerification(app: TransactionNeeds, token: string): Promise<Verification> {
  const verification = await findVerificationByToken(app.db.sql, token, app.clock.now());
  if (!verification) throw linkInvalid();
  return verification;
}

/** Confirms an address with the mail's link. Refuses with `link_invalid` and `email_taken`. */
export async function verifyByToken(app: TransactionNeeds, token: string): Promise<void> {
  const { accountId } = await requireVerification(app, token);
  await changeAccount(app, async (change) => {
    const account = await lockAccount(change.sql, accountId);
    const verification = account && (await takeVerificationByToken(change.sql, token, app.clock.now()));
    if (!verification || account.isDisabled) throw linkInvalid();
    await confirmAddress(app, change, account, verification.email);
  });
}

/**
 * Confirms an address with the mail's code; five tries. Refuses with `code_wrong`, `link_invalid` and `email_taken`.
 */
export async function verifyByCode(
  app: TransactionNeeds,
  accountId: AccountId,
  typed: string,
): Promise<void> {
  const pending = await findVerification(app.db.sql, accountId);
  const isTried =
    pending && (await takeCodeTry(app.db.sql, accountId, app.clock.now(), { triesMax: codeTriesMax }));
  if (!isTried)
    throw new Refusal("code_wrong", (t) => t.codeDead, {
      field: "code",
    });
  await changeAccount(app, async (change) => {
    const account = await lockAccount(change.sql, accountId);
    if (!account || account.isDisabled) throw linkInvalid();
    const mac = codeMac(app, accountId, pending.email, plainDigits(typed).replace(/[\s-]/g, ""));
    const verification = await takeVerificationByCode(change.sql, accountId, mac);
    if (!verification) throw new Refusal("code_wrong", (t) => t.codeWrong, { field: "code" });
    await confirmAddress(app, change, account, verification.email);
  });
}

/**
 * Asks for another address, which becomes the account's once it is confirmed. The old address gets a notice (R08).
 * Refuses with `too_many_attempts`.
 */
export async function requestEmailChange(
  app: TransactionNeeds,
  actor: { id: AccountId; username: string },
  email: string,
  origin: { address: string },
): Promise<void> {
  await changeAccount(app, async ({ sql, notify, audit }) => {
    const account = (await lockAccount(sql, actor.id))!;
    await startVerification(app, sql, account, { email });
    await notify(account, "email_change_requested", (t) => t.emailPending);
    audit({ action: "email.change_requested", actor, subject: actor, address: origin.address });
  });
}

/** Sends a new link and a new code. Refuses with `too_many_attempts`. */
export async function resendVerification(app: TransactionNeeds, accountId: AccountId): Promise<void> {
  await app.db.transact(async (sql) => {
    const account = (await lockAccount(sql, accountId))!;
    const pending = await findVerification(sql, accountId);
    await startVerification(app, sql, account, { email: pending?.email ?? account.email });
  });
}

async function confirmAddress(
  app: TransactionNeeds,
  change: Transaction,
  account: Account,
  email: string,
): Promise<void> {
  const { sql, notify, audit } = change;
  const { id: accountId } = account;
  if (await isVerifiedElsewhere(sql, email, accountId)) {
    throw emailTaken();
  }
  try {
    await setEmail(sql, accountId, email, { verifiedAt: app.clock.now() });
  } catch (error) {
    // Two accounts confirmed the same address at the same moment.
    throw isUniqueViolation(error) ? emailTaken() : error;
  }
  const isOther = emailKey(email) !== emailKey(account.email);
  if (isOther) await notifyOfChange(app, sql, account, email, notify);
  audit({ action: isOther ? "email.changed" : "email.verified", actor: account, subject: account });
}

/** Notifies both the old and the new address (R08), so that somebody who lost the account hears of it. */
async function notifyOfChange(
  app: TransactionNeeds,
  sql: Sql,
  account: Account,
  email: string,
  notify: Transaction["notify"],
): Promise<void> {
  await notify(account, "email_changed", (t) => t.emailMoved);
  await mailNotice(
    app,
    sql,
    { ...account, address: email },
    { kind: "email_changed", detail: (t) => t.emailHere },
  );
}

function codeMac(app: QueueNeeds, accountId: AccountId, email: string, code: string): Buffer {
  return app.secret.mac(code, `verify:${accountId}:${emailKey(email)}`);
}

function linkInvalid(): Refusal {
  return new Refusal("link_invalid", (t) => t.mailLinkDead);
}

function emailTaken(): Refusal {
  return new Refusal("email_taken", (t) => t.emailTaken, { field: "email" });
}
