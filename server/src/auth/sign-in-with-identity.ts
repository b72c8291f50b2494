import type { AccountId } from "@novax/protocol/ids";
import { withoutEnd } from "@novax/protocol/text";
import { changeAccount } from "../accounts/change-account.ts";
import { parseEmail } from "../accounts/email.ts";
import { isVerifiedElsewhere } from "../accounts/email-queries.ts";
import { assertFreeUsername } from "../accounts/free-names.ts";
import { newAccountId } from "../accounts/new-account-id.ts";
import {
  type Account,
  findAccountById,
  insertAccount,
  listAccountsByEmail,
  lockAccount,
  lockFirstAccount,
  raiseCredentialsVersion,
} from "../accounts/queries.ts";
import { parseUsername, usernameKey } from "../accounts/username.ts";
import { isUniqueViolation, type Sql } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import type { Transaction } from "../transaction/transact.ts";
import { type FinishedSignIn, finishSignIn } from "./finish-sign-in.ts";
import { deleteIdentities, findIdentityAccount, insertIdentity, touchIdentity } from "./identity-queries.ts";
import { findKnownDevice } from "./known-device-queries.ts";
import { listPasskeys } from "./passkey-queries.ts";
import type { PresentedCookies } from "./password-sign-in.ts";
import { makeAccount, type RegisterNeeds, requireEntry } from "./register.ts";
import { type Actor, assertRecentProof, type RequestOrigin } from "./sessions.ts";
import { type ProvidedIdentity, ssoRefused } from "./sso-client.ts";

/**
 * Signs in with what an OpenID Connect provider says: to the account that is linked; otherwise to the one whose
 * confirmed address the provider vouches for, which is then linked; otherwise to a new one, if registration is open or by
 * single sign-on. A second factor is needed as with a password.
 *
 * Refuses with `sso_refused`, also rather than link an owner or admin by address alone; and as {@link requireEntry}
 * and {@link finishSignIn} do.
 */
export async function signInWithIdentity(
  app: RegisterNeeds,
  identity: ProvidedIdentity,
  { deviceToken, presented }: PresentedCookies,
  origin: RequestOrigin,
): Promise<FinishedSignIn> {
  const finished = await makeAccount(app, async (change) => {
    const { sql } = change;
    const known = await findIdentityAccount(sql, identity.issuer, identity.subject);
    const account = known
      ? await findAccountById(sql, known)
      : ((await linkByAddress(app, change, identity, origin)) ??
        (await createFor(app, change, identity, origin)));
    if (!account) throw ssoRefused();
    if (known) await touchIdentity(sql, identity.issuer, identity.subject, { now: app.clock.now() });
    const knownDevice = deviceToken ? await findKnownDevice(sql, account.id, deviceToken) : null;
    return finishSignIn(app, change, {
      account,
      proof: { kind: "identity", hasFactor: false },
      knownDevice,
      trustsDevice: false,
      presented,
      origin,
    });
  });
  app.log.info("login.identity", { address: origin.address, outcome: finished.kind });
  return finished;
}

/** Links a provider's account to the actor's. Refuses with `reauth_required` and `sso_refused`. */
export async function linkIdentity(
  app: RegisterNeeds,
  actor: Actor,
  identity: ProvidedIdentity,
  origin: RequestOrigin,
): Promise<void> {
  assertRecentProof(app, actor);
  try {
    await changeAccount(app, async (change) => {
      const account = (await lockAccount(change.sql, actor.id))!;
      await link(app, change, account, identity, origin);
    });
  } catch (error) {
    throw isUniqueViolation(error) ? ssoRefused((t) => t.ssoLinked) : error;
  }
}

/** Removes all links. Refuses with `reauth_required`, and with `forbidden` if they are the only way to sign in. */
export async function unlinkIdentities(
  app: RegisterNeeds,
  actor: Actor,
  origin: RequestOrigin,
): Promise<void> {
  assertRecentProof(app, actor);
  await changeAccount(app, async ({ sql, notify, audit }) => {
    const account = (await lockAccount(sql, actor.id))!;
    if (account.passwordHash === null && (await listPasskeys(sql, actor.id)).length === 0) {
      throw new Refusal("forbidden", (t) => t.onlyWayIn);
    }
    if ((await deleteIdentities(sql, actor.id)) === 0) return;
    await raiseCredentialsVersion(sql, actor.id);
    await notify(account, "identity_unlinked", (t) => t.unlinked);
    audit({ action: "identity.unlinked", actor, subject: actor, address: origin.address });
  });
}

async function linkByAddress(
  app: RegisterNeeds,
  change: Transaction,
  identity: ProvidedIdentity,
  origin: RequestOrigin,
): Promise<Account | null> {
  // Anybody may have entered an unconfirmed address; it must not link accounts.
  if (!identity.isEmailVerified || identity.email === null) return null;
  const [account] = await listAccountsByEmail(change.sql, parseEmail(identity.email), 1);
  if (!account?.isEmailVerified) return null;
  if (account.serverRole === "owner" || account.serverRole === "admin") {
    throw ssoRefused((t) => t.ssoLinkFirst);
  }
  await link(app, change, account, identity, origin);
  return account;
}

async function link(
  app: RegisterNeeds,
  { sql, notify, audit }: Transaction,
  account: Account,
  { issuer, subject, email }: ProvidedIdentity,
  origin: RequestOrigin,
): Promise<void> {
  await insertIdentity(sql, {
    issuer,
    subject,
    email: email ?? "",
    accountId: account.id,
    now: app.clock.now(),
  });
  await notify(account, "identity_linked", (t) => t.linked(new URL(issuer).host));
  audit({
    action: "identity.linked",
    actor: account,
    subject: account,
    address: origin.address,
    detail: issuer,
  });
}

async function createFor(
  app: RegisterNeeds,
  change: Transaction,
  identity: ProvidedIdentity,
  origin: RequestOrigin,
): Promise<Account | null> {
  const { sql, audit } = change;
  if (await lockFirstAccount(sql)) throw ssoRefused((t) => t.ssoNotFirst);
  await requireEntry(app, sql, null, { isBySso: true });
  if (identity.email === null) throw ssoRefused((t) => t.ssoNoEmail);
  const email = parseEmail(identity.email);
  const id = await newAccountId(sql, app.random);
  if (identity.isEmailVerified && (await isVerifiedElsewhere(sql, email, id))) {
    // The address belongs to a disabled account, or it would have been linked. A disabled person must not come back
    // through SSO.
    throw ssoRefused((t) => t.ssoAccountShut);
  }
  const username = await chooseUsername(app, change, identity.suggestedName, id);
  const now = app.clock.now();
  await insertAccount(sql, {
    id,
    username,
    key: usernameKey(username),
    email,
    passwordHash: null,
    serverRole: "member",
    createdAt: now,
    ...(identity.isEmailVerified ? { emailVerifiedAt: now } : {}),
  });
  const { issuer, subject } = identity;
  await insertIdentity(sql, { issuer, subject, email, accountId: id, now });
  await app.joinFirstRooms(change, { id, username });
  const party = { id, username };
  audit({
    action: "account.registered",
    actor: party,
    subject: party,
    address: origin.address,
    detail: issuer,
  });
  app.log.info("account.registered", { account: id, isOwner: false, address: origin.address });
  return findAccountById(sql, id);
}

/** A free username, as close to the provider's as our rules allow. The person can change it later. */
async function chooseUsername(
  app: RegisterNeeds,
  { sql }: Transaction,
  suggestion: string,
  id: AccountId,
): Promise<string> {
  const letters = suggestion
    .normalize("NFKD")
    .replace(/@.*$/, "")
    .replace(/[^A-Za-z0-9._-]/g, "")
    .replace(/^[._-]+/, "")
    .slice(0, 24);
  const base = withoutEnd(letters, "._-");
  const candidates = [
    base,
    ...Array.from({ length: 20 }, (_, index) => `${base}${index + 2}`),
    `user-${id.slice(-12)}`,
  ];
  for (const candidate of candidates) {
    if (mayBeUsername(candidate) && (await isFreeUsername(sql, candidate, app.clock.now()))) return candidate;
  }
  throw ssoRefused();
}

async function isFreeUsername(tx: Sql, username: string, now: number): Promise<boolean> {
  try {
    await assertFreeUsername(tx, username, { self: null, now });
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function mayBeUsername(text: string): boolean {
  try {
    parseUsername(text);
    return true;
  } catch {
    return false;
  }
}
