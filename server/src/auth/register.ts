import type { Person, RegistrationMode } from "@novax/protocol/entities";
import type { Language } from "@novax/protocol/language";
import { toPerson } from "@novax/protocol/person";
import { changeAccount, notifyApprovers } from "../accounts/change-account.ts";
import { parseEmail } from "../accounts/email.ts";
import { assertFreeUsername, assertOwnDisplayName } from "../accounts/free-names.ts";
import { type Invite, takeInvite } from "../accounts/invite-queries.ts";
import { newAccountId } from "../accounts/new-account-id.ts";
import { registrationMode } from "../accounts/policy.ts";
import { readPolicy } from "../accounts/policy-queries.ts";
import { parseDisplayName } from "../accounts/profile.ts";
import { findAccountByUsernameKey, insertAccount, lockFirstAccount } from "../accounts/queries.ts";
import { clearSetupCode, isSetupCode } from "../accounts/setup-code-queries.ts";
import { parseUsername, usernameKey, usernameTaken } from "../accounts/username.ts";
import { startVerification } from "../accounts/verify-email.ts";
import { isUniqueViolation, type Sql } from "../db/database.ts";
import { addressKey } from "../lib/ip-address.ts";
import { FieldChecks, Refusal } from "../lib/refusal.ts";
import type { Transaction } from "../transaction/transact.ts";
import { type AttemptLimit, assertAttempt } from "./attempt-limits.ts";
import { parseNewPassword } from "./change-password.ts";
import { type FinishedSignIn, finishSignIn } from "./finish-sign-in.ts";
import { assertMayBePassword, type PasswordRules } from "./password-rules.ts";
import type { SignInNeeds } from "./password-sign-in.ts";
import type { Actor, RequestOrigin } from "./sessions.ts";

export type RegisterNeeds = SignInNeeds & {
  passwordRules: PasswordRules;
  signUpLimit: AttemptLimit;
  /** Who may register, unless the owner has changed it. */
  configuredRegistration: RegistrationMode;
  /**
   * Adds a new account to the rooms that everybody joins. `first`: the language of the first account, in which these
   * rooms get their names. Passed in because rooms depend on accounts, not the other way round.
   */
  joinFirstRooms: (transaction: Transaction, person: Person, first?: Language) => Promise<void>;
};

export type SignUp = {
  email: string;
  username: string;
  /** "" for none. */
  displayName: string;
  password: string;
  confirmPassword: string;
  setupCode: string | null;
  inviteToken: string | null;
  presented: Actor | null;
  /** The language of the page; the confirmation mail is written in it. */
  language: Language;
};

/** The account exists, and cannot be used until it is approved. */
export type AwaitsApproval = { kind: "approval_pending"; username: string };

/**
 * Creates an account and signs in. The first account becomes the owner: freely from this machine, and from anywhere
 * else with the code that the server printed at start (`setup_code_required`).
 *
 * Refuses invalid input, all wrong fields at once, a used username with `username_taken`, too many sign-ups from one
 * address with `too_many_attempts`, and a person who may not register with `registration_closed`, `invite_required` or
 * `invite_invalid`. A used e-mail address is not refused, so that nobody can find out who has an account.
 */
export async function register(
  app: RegisterNeeds,
  signUp: SignUp,
  origin: RequestOrigin & { isOnThisMachine: boolean },
): Promise<FinishedSignIn | AwaitsApproval> {
  const checks = new FieldChecks();
  const displayName = await checks.check(async () => {
    const parsed = parseDisplayName(signUp.displayName);
    await assertOwnDisplayName(app.db.sql, parsed, null);
    return parsed;
  }, "");
  const username = await checks.check(async () => {
    const parsed = parseUsername(signUp.username);
    // Counted before it says which names are taken.
    await assertAttempt(app.attemptLimits, `sign-up:${addressKey(origin.address)}`, app.signUpLimit);
    if (await findAccountByUsernameKey(app.db.sql, usernameKey(parsed))) throw usernameTaken();
    return parsed;
  }, "");
  const email = await checks.check(() => parseEmail(signUp.email), "");
  const password = await checks.check(async () => {
    const parsed = parseNewPassword(signUp);
    await assertMayBePassword(parsed, app.passwordRules, signUp);
    return parsed;
  }, "");
  checks.assertAllRight();
  const passwordHash = await app.passwordHasher.hash(password, origin.address);

  const person = toPerson(await newAccountId(app.db.sql, app.random), username, displayName);
  const account = { ...person, language: signUp.language };
  return makeAccount(app, async (change) => {
    const { sql } = change;
    const isFirst = await lockFirstAccount(sql);
    if (isFirst) await requireFirstAccountRight(sql, signUp.setupCode, origin.isOnThisMachine);
    const invite = isFirst ? null : await requireEntry(app, sql, signUp.inviteToken, { isBySso: false });
    await assertFreeUsername(sql, username, { self: null, now: app.clock.now() });
    await insertAccount(sql, {
      ...account,
      key: usernameKey(username),
      email,
      passwordHash,
      serverRole: isFirst ? "owner" : "member",
      createdAt: app.clock.now(),
      ...(invite ? { invite, awaitsApproval: invite.needsApproval } : {}),
    });
    await startVerification(app, sql, account, { email });
    change.audit({ action: "account.registered", actor: account, subject: account, address: origin.address });
    app.log.info("account.registered", { account: account.id, isOwner: isFirst, address: origin.address });
    if (invite?.needsApproval) {
      await notifyApprovers(change);
      return { kind: "approval_pending", username };
    }
    await app.joinFirstRooms(change, account, isFirst ? signUp.language : undefined);
    return finishSignIn(app, change, {
      account: { id: account.id, credentialsVersion: 1 },
      proof: { kind: "new_account" },
      knownDevice: null,
      trustsDevice: false,
      presented: signUp.presented,
      origin,
    });
  });
}

/**
 * Runs the transaction that creates an account. Refuses with `username_taken` if two people choose the same username
 * at once.
 */
export async function makeAccount<T>(
  app: RegisterNeeds,
  work: (change: Transaction) => Promise<T>,
): Promise<T> {
  try {
    return await changeAccount(app, work);
  } catch (error) {
    throw isUniqueViolation(error) ? usernameTaken() : error;
  }
}

/**
 * Requires that a new account is allowed by the registration mode or by an invitation, which it uses up. Refuses with
 * `registration_closed`, `invite_required` or `invite_invalid`.
 */
export async function requireEntry(
  app: RegisterNeeds,
  sql: Sql,
  inviteToken: string | null,
  { isBySso }: { isBySso: boolean },
): Promise<Invite | null> {
  const policy = await readPolicy(sql);
  const mode = registrationMode(policy, app.configuredRegistration);
  if (mode === "sso" && isBySso) return null;
  // With a password they could not sign in.
  if (mode === "sso" || (app.sso !== null && !policy.allowsPasswords && !isBySso))
    throw new Refusal("registration_closed", (t) => t.registrationClosed);
  if (mode === "closed") throw new Refusal("registration_closed", (t) => t.registrationClosed);
  if (inviteToken !== null) return takeInvite(sql, inviteToken, app.clock.now());
  if (mode === "invite") throw new Refusal("invite_required", (t) => t.inviteRequired);
  return null;
}

async function requireFirstAccountRight(
  sql: Sql,
  setupCode: string | null,
  isOnThisMachine: boolean,
): Promise<void> {
  if (!isOnThisMachine && !(setupCode !== null && (await isSetupCode(sql, setupCode.trim())))) {
    throw new Refusal("setup_code_required", (t) => t.setupCode, {
      field: "setup_code",
    });
  }
  await clearSetupCode(sql);
}
