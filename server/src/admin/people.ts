import type { Person, ServerRole } from "@novax/protocol/entities";
import { type AccountId, generalRoomId } from "@novax/protocol/ids";
import { asPerson } from "@novax/protocol/person";
import {
  type AccountChange,
  type AccountChangeNeeds,
  changeAccount,
  notifyApprovers,
} from "../accounts/account-change.ts";
import { assertNotLastOwner } from "../accounts/deletion.ts";
import { type Account, lockAccount, setDisabled } from "../accounts/queries.ts";
import { insertResetLink } from "../auth/reset-password.ts";
import { type Actor, markAllSessionsEnded, type RequestOrigin } from "../auth/sessions.ts";
import type { Sql } from "../db/database.ts";
import type { RecordEvent } from "../events/record-events.ts";
import { Refusal } from "../lib/refusal.ts";
import { endMembership } from "../rooms/remove-member.ts";
import { assertMayActOn, isPrivileged } from "./permissions.ts";
import {
  clearApproval,
  deleteRejected,
  revokeInvitesOf,
  setMustHaveFactor,
  setServerRole,
} from "./queries.ts";

// Everything here is done to somebody else, by an owner or an admin. Each refuses with `forbidden` what the actor's role
// may not do to the other's, and with `not_found` where there is nobody.

export type AdminNeeds = AccountChangeNeeds & {
  joinFirstRooms: (tx: Sql, recordEvent: RecordEvent, person: Person) => Promise<void>;
};

/** Gives a person another role. Owners only; refuses with `last_owner`. */
export async function changeRole(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  role: ServerRole,
  origin: RequestOrigin,
): Promise<void> {
  if (actor.serverRole !== "owner") throw new Refusal("forbidden", (t) => t.ownersChangeRoles);
  await changeOther(app, actor, id, async ({ tx, recordEvent, audit }, person) => {
    if (person.serverRole === role) return;
    if (person.awaitsApproval) throw new Refusal("approval_pending", (t) => t.approveFirst);
    if (role !== "owner") await assertNotLastOwner(tx, person);
    await setServerRole(tx, id, role);
    // A guest is in the rooms they were brought into, and not in the one that everybody is in.
    const self = asPerson(person);
    if (role === "guest") await endMembership(tx, recordEvent, asPerson(actor), generalRoomId, self);
    else if (person.serverRole === "guest") await app.joinFirstRooms(tx, recordEvent, self);
    if (!isPrivileged(role)) await revokeInvitesOf(tx, id, app.clock.now());
    const detail = `${person.serverRole} to ${role}`;
    audit({ action: "account.role_changed", actor, subject: person, address: origin.address, detail });
  });
}

/** Shuts an account: no sign-in, every session ended, every socket closed. Refuses with `last_owner`. */
export async function disableAccount(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  origin: RequestOrigin,
): Promise<void> {
  await changeOther(app, actor, id, async ({ tx, endedSessions, audit }, person) => {
    await assertNotLastOwner(tx, person);
    await setDisabled(tx, id, app.clock.now());
    await revokeInvitesOf(tx, id, app.clock.now());
    endedSessions(await markAllSessionsEnded(tx, id, app.clock.now()));
    audit({ action: "account.disabled", actor, subject: person, address: origin.address });
  });
}

export async function enableAccount(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  origin: RequestOrigin,
): Promise<void> {
  await changeOther(app, actor, id, async ({ tx, audit }, person) => {
    await setDisabled(tx, id, null);
    audit({ action: "account.enabled", actor, subject: person, address: origin.address });
  });
}

/** Ends all sessions of a person (S07). */
export async function endSessionsOf(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  origin: RequestOrigin,
): Promise<void> {
  await changeOther(app, actor, id, async ({ tx, endedSessions, audit }, person) => {
    const ended = await markAllSessionsEnded(tx, id, app.clock.now());
    endedSessions(ended);
    const detail = `all: ${ended.length}`;
    audit({ action: "session.ended", actor, subject: person, address: origin.address, detail });
  });
}

/**
 * Makes a link with which a person sets a new password, for the owner to hand over. The owner learns no password, and
 * the second factor stays (M10); the person is told.
 */
export async function issueResetLink(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  origin: RequestOrigin,
): Promise<string> {
  return changeOther(app, actor, id, async ({ tx, notify, audit }, person) => {
    const url = await insertResetLink(app, tx, id, null);
    await notify(person, "reset_link_issued", (t) => t.byPerson(actor.username));
    audit({ action: "reset_link.issued", actor, subject: person, address: origin.address });
    return url;
  });
}

/** Demands a second factor of a person from their next sign-in on, or no longer does. */
export async function requireFactorOf(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  must: boolean,
  origin: RequestOrigin,
): Promise<void> {
  await changeOther(app, actor, id, async ({ tx, audit }, person) => {
    await setMustHaveFactor(tx, id, must);
    const detail = must ? "required" : "no longer required";
    audit({ action: "factor.required", actor, subject: person, address: origin.address, detail });
  });
}

/** Lets somebody in who came by an invitation that needs it. */
export async function approveAccount(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  origin: RequestOrigin,
): Promise<void> {
  await changeOther(app, actor, id, async (change, person) => {
    if (!person.awaitsApproval) return;
    const { tx, recordEvent, audit } = change;
    await clearApproval(tx, id);
    await app.joinFirstRooms(tx, recordEvent, { id, username: person.username });
    await notifyApprovers(change);
    audit({ action: "account.approved", actor, subject: person, address: origin.address });
  });
}

/** Sends somebody away who waits for approval; their name is free again. */
export async function rejectAccount(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  origin: RequestOrigin,
): Promise<void> {
  await changeOther(app, actor, id, async (change, person) => {
    if (!person.awaitsApproval) return;
    const { tx, audit } = change;
    await deleteRejected(tx, id);
    await notifyApprovers(change);
    audit({ action: "account.rejected", actor, subject: person, address: origin.address });
  });
}

async function changeOther<T>(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  work: (change: AccountChange, person: Account) => Promise<T>,
): Promise<T> {
  return changeAccount(app, async (change) => {
    const person = await lockAccount(change.tx, id);
    if (!person) throw new Refusal("not_found", (t) => t.nobody);
    assertMayActOn(actor, person.serverRole);
    return work(change, person);
  });
}
