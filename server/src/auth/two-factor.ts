import type { AccountId } from "@novax/protocol/ids";
import { changeAccount } from "../accounts/change-account.ts";
import { type Account, lockAccount } from "../accounts/queries.ts";
import type { Sql } from "../db/database.ts";
import { plainDigits } from "../lib/digits.ts";
import { Refusal } from "../lib/refusal.ts";
import { type NoticeText, textsIn } from "../texts/texts.ts";
import type { Transaction, TransactionNeeds } from "../transaction/transact.ts";
import { readTotp, turnFactorOff, turnFactorOn } from "./factor-queries.ts";
import { distrustDevices } from "./known-device-queries.ts";
import { listPasskeys } from "./passkey-queries.ts";
import { deleteRecoveryCodes } from "./recovery-code-queries.ts";
import { replaceRecoveryCodes } from "./recovery-codes.ts";
import { markAllSessionsEnded, markEnrolled } from "./session-queries.ts";
import { type Actor, assertRecentProof, type RequestOrigin } from "./sessions.ts";
import { createTotpSeed, findTotpStep, totpUri } from "./totp.ts";
import { totpContext } from "./use-factor.ts";

const enrolmentMs = 15 * 60_000;

/**
 * A seed that is shown but not yet active. The client sends `enrolment` back, which holds the seed sealed, so the
 * server stores nothing.
 */
export type TotpEnrolment = { seed: string; uri: string; enrolment: string };

/**
 * Makes a new seed for an authenticator app. It changes nothing until it is confirmed. Refuses with `reauth_required`.
 */
export function startTotp(app: TransactionNeeds, actor: Actor): TotpEnrolment {
  assertRecentProof(app, actor);
  const seed = createTotpSeed();
  const sealed = JSON.stringify({ seed, until: app.clock.now() + enrolmentMs });
  const enrolment = app.secret.seal(sealed, enrolmentContext(actor.id)).toString("base64url");
  return { seed, uri: totpUri(seed, actor.username, app.identity.name), enrolment };
}

/** The same seed again, after a wrong code. Refuses with `challenge_ended`. */
export function resumeTotp(app: TransactionNeeds, actor: Actor, enrolment: string): TotpEnrolment {
  const opened = app.secret.open(Buffer.from(enrolment, "base64url"), enrolmentContext(actor.id));
  const { seed, until } =
    opened === null ? { seed: "", until: 0 } : (JSON.parse(opened) as { seed: string; until: number });
  if (until < app.clock.now()) throw new Refusal("challenge_ended", (t) => t.tookTooLong);
  return { seed, uri: totpUri(seed, actor.username, app.identity.name), enrolment };
}

/**
 * Turns the second factor on with the first code of the new seed. Returns ten recovery codes, shown only this once.
 * Replaces the seed if the account has one. Refuses with `code_wrong`, `challenge_ended`, `second_factor_on` and
 * `reauth_required`.
 */
export async function confirmTotp(
  app: TransactionNeeds,
  actor: Actor,
  answer: { enrolment: string; code: string },
  origin: RequestOrigin,
): Promise<string[]> {
  const { seed } = resumeTotp(app, actor, answer.enrolment);
  const step = findTotpStep(seed, plainDigits(answer.code).replace(/[\s-]/g, ""), app.clock.now(), {
    lastStep: 0,
  });
  if (step === null) {
    throw new Refusal("code_wrong", (t) => t.codeWrongClock, {
      field: "code",
    });
  }
  return enable(app, actor, { seed, lastStep: step }, origin, (t) => t.byApp);
}

/**
 * Turns the second factor on with the account's passkeys as the factor. Returns ten recovery codes. Refuses with
 * `reauth_required`, with `second_factor_on`, and with `second_factor_off` if there is no passkey.
 */
export async function turnOnWithPasskeys(
  app: TransactionNeeds,
  actor: Actor,
  origin: RequestOrigin,
): Promise<string[]> {
  assertRecentProof(app, actor);
  return enable(app, actor, null, origin, (t) => t.byPasskeys);
}

/**
 * Turns the second factor off. Refuses with `reauth_required`, with `second_factor_off` if it is off already, and with
 * `second_factor_setup_required` if the server's policy demands one.
 */
export async function disableFactor(
  app: TransactionNeeds,
  actor: Actor,
  isRequired: boolean,
  origin: RequestOrigin,
): Promise<void> {
  assertRecentProof(app, actor);
  if (isRequired) {
    throw new Refusal("second_factor_setup_required", (t) => t.factorDemanded);
  }
  await changeAccount(app, async (change) => {
    const account = (await lockAccount(change.sql, actor.id))!;
    if (!account.hasFactor) throw factorOff();
    await dropFactor(change, account, { actor, origin, detail: (t) => t.byYou });
  });
}

/** Makes ten new recovery codes; the old ones stop working. Refuses with `reauth_required` and `second_factor_off`. */
export async function renewRecoveryCodes(
  app: TransactionNeeds,
  actor: Actor,
  origin: RequestOrigin,
): Promise<string[]> {
  assertRecentProof(app, actor);
  return changeAccount(app, async ({ sql, notify, audit }) => {
    const account = (await lockAccount(sql, actor.id))!;
    if (!account.hasFactor) throw factorOff();
    const codes = await replaceRecoveryCodes(app, sql, actor.id);
    await notify(account, "codes_renewed", (t) => t.oldCodesDead);
    audit({ action: "factor.codes_renewed", actor, subject: actor, address: origin.address });
    return codes;
  });
}

/** Turns the second factor off, and with it the recovery codes and the trust in every browser (M07). */
export async function dropFactor(
  { sql, notify, audit }: Transaction,
  account: Account,
  {
    actor,
    origin,
    detail,
  }: {
    actor: { id: AccountId; username: string } | null;
    origin: Pick<RequestOrigin, "address">;
    detail: NoticeText;
  },
): Promise<void> {
  await turnFactorOff(sql, account.id);
  await deleteRecoveryCodes(sql, account.id);
  await distrustDevices(sql, account.id, null);
  await notify(account, "factor_disabled", detail);
  audit({
    action: "factor.disabled",
    actor,
    subject: account,
    address: origin.address,
    detail: inEnglish(detail),
  });
}

async function enable(
  app: TransactionNeeds,
  actor: Actor,
  totp: { seed: string; lastStep: number } | null,
  origin: RequestOrigin,
  detail: NoticeText,
): Promise<string[]> {
  return changeAccount(app, async ({ sql, endSessions, notify, audit }) => {
    const account = (await lockAccount(sql, actor.id))!;
    // The form was sent twice: keep the recovery codes that were shown the first time.
    if (totp !== null && (await readSeed(app, sql, actor.id)) === totp.seed) throw factorOn();
    if (totp === null && account.hasFactor) throw factorOn();
    // Setting up a first factor strengthens the account, and its seed was given out after a proof. Replacing a factor
    // needs a new proof.
    if (account.hasFactor) assertRecentProof(app, actor);
    if (totp === null && (await listPasskeys(sql, actor.id)).length === 0) {
      throw new Refusal("second_factor_off", (t) => t.factorNeedsKey);
    }
    const sealed = totp && { ...totp, sealedSeed: app.secret.seal(totp.seed, totpContext(actor.id)) };
    await turnFactorOn(sql, actor.id, app.clock.now(), sealed);
    // The other sessions were opened with the password alone, and one of them may be the reason for adding a factor.
    endSessions(await markAllSessionsEnded(sql, actor.id, app.clock.now(), { except: actor.sessionId }));
    await markEnrolled(sql, actor.sessionId);
    await distrustDevices(sql, actor.id, null);
    const codes = await replaceRecoveryCodes(app, sql, actor.id);
    await notify(account, "factor_enabled", detail);
    audit({
      action: "factor.enabled",
      actor,
      subject: actor,
      address: origin.address,
      detail: inEnglish(detail),
    });
    return codes;
  });
}

async function readSeed(app: TransactionNeeds, sql: Sql, id: AccountId): Promise<string | null> {
  const totp = await readTotp(sql, id);
  return totp && app.secret.open(totp.sealedSeed, totpContext(id));
}

/** The audit log has one language for all readers. */
function inEnglish(text: NoticeText): string {
  return text(textsIn("en").notices);
}

function enrolmentContext(accountId: AccountId): string {
  return `totp-enrolment:${accountId}`;
}

function factorOn(): Refusal {
  return new Refusal("second_factor_on", (t) => t.factorOn);
}

function factorOff(): Refusal {
  return new Refusal("second_factor_off", (t) => t.factorOff);
}
