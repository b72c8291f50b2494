import type { Person, ServerRole } from "@novax/protocol/entities";
import { generalRoomId } from "@novax/protocol/general-room";
import type { AccountId } from "@novax/protocol/ids";
import { asPerson } from "@novax/protocol/person";
import { changeAccount, notifyApprovers } from "../accounts/change-account.ts";
import { assertNotLastOwner } from "../accounts/deletion-queries.ts";
import { type Account, lockAccount, raiseCredentialsVersion, setDisabled } from "../accounts/queries.ts";
import { insertResetLink } from "../auth/reset-password.ts";
import { markAllSessionsEnded } from "../auth/session-queries.ts";
import type { Actor, RequestOrigin } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";
import { endMembership } from "../rooms/end-membership.ts";
import type { Transaction, TransactionNeeds } from "../transaction/transact.ts";
import { assertMayActOn, isPrivileged } from "./permissions.ts";
import {
  clearApproval,
  deleteRejected,
  revokeInvitesOf,
  setMustHaveFactor,
  setServerRole,
} from "./queries.ts";

// Everything here is done to another account by an owner or an admin. Each function refuses with `forbidden` if the
// actor's role may not act on the other's, and with `not_found` if there is no such account.

export type AdminNeeds = TransactionNeeds & {
  joinFirstRooms: (transaction: Transaction, person: Person) => Promise<void>;
};

/**
 * Changes a person's role. Owners only. Refuses with `last_owner`, and `approval_pending` while the account awaits
 * approval.
 */
export async function changeRole(
  app: AdminNeeds,
  actor: Actor,
  { id, role }: { id: AccountId; role: ServerRole },
  origin: RequestOrigin,
): Promise<void> {
  if (actor.serverRole !== "owner") throw new Refusal("forbidden", (t) => t.ownersChangeRoles);
  await changeOther(app, actor, id, async (change, person) => {
    const { sql, audit } = change;
    if (person.serverRole === role) return;
    if (person.awaitsApproval) throw new Refusal("approval_pending", (t) => t.approveFirst);
    if (role !== "owner") await assertNotLastOwner(sql, person);
    await setServerRole(sql, id, role);
    // Guests are only in rooms they were added to, so not in the general room.
    const self = asPerson(person);
    if (role === "guest")
      await endMembership(app, change, { room: generalRoomId, member: self, actor: asPerson(actor) });
    else if (person.serverRole === "guest") await app.joinFirstRooms(change, self);
    if (!isPrivileged(role)) await revokeInvitesOf(sql, id, app.clock.now());
    const detail = `${person.serverRole} to ${role}`;
    audit({ action: "account.role_changed", actor, subject: person, address: origin.address, detail });
  });
}

/** Disables an account: no sign-in, all sessions and sockets end. Refuses with `last_owner`. */
export async function disableAccount(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  origin: RequestOrigin,
): Promise<void> {
  await changeOther(app, actor, id, async ({ sql, endSessions, audit }, person) => {
    await assertNotLastOwner(sql, person);
    await setDisabled(sql, id, app.clock.now());
    await revokeInvitesOf(sql, id, app.clock.now());
    endSessions(await markAllSessionsEnded(sql, id, app.clock.now()));
    audit({ action: "account.disabled", actor, subject: person, address: origin.address });
  });
}

export async function enableAccount(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  origin: RequestOrigin,
): Promise<void> {
  await changeOther(app, actor, id, async ({ sql, audit }, person) => {
    await setDisabled(sql, id, null);
    audit({ action: "account.enabled", actor, subject: person, address: origin.address });
  });
}

/** Ends all of a person's sessions (S07). */
export async function endSessionsOf(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  origin: RequestOrigin,
): Promise<void> {
  await changeOther(app, actor, id, async ({ sql, endSessions, audit }, person) => {
    const ended = await markAllSessionsEnded(sql, id, app.clock.now());
    await raiseCredentialsVersion(sql, id);
    endSessions(ended);
    const detail = `all: ${ended.length}`;
    audit({ action: "session.ended", actor, subject: person, address: origin.address, detail });
  });
}

/**
 * Makes a link to set a new password, for the owner to hand over. The owner never sees a password, and the second
 * factor stays (M10). The person is notified.
 */
export async function issueResetLink(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  origin: RequestOrigin,
): Promise<string> {
  return changeOther(app, actor, id, async ({ sql, notify, audit }, person) => {
    const url = await insertResetLink(app, sql, id, { sentTo: null });
    await notify(person, "reset_link_issued", (t) => t.byPerson(actor.username));
    audit({ action: "reset_link.issued", actor, subject: person, address: origin.address });
    return url;
  });
}

/** Sets whether a person must have a second factor, from their next sign-in on. */
export async function requireFactorOf(
  app: AdminNeeds,
  actor: Actor,
  { id, must }: { id: AccountId; must: boolean },
  origin: RequestOrigin,
): Promise<void> {
  await changeOther(app, actor, id, async ({ sql, audit }, person) => {
    await setMustHaveFactor(sql, id, must);
    const detail = must ? "required" : "no longer required";
    audit({ action: "factor.required", actor, subject: person, address: origin.address, detail });
  });
}

/** Approves an account that was created with an invitation that needs approval. */
export async function approveAccount(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  origin: RequestOrigin,
): Promise<void> {
  await changeOther(app, actor, id, async (change, person) => {
    if (!person.awaitsApproval) return;
    const { sql, audit, notify } = change;
    await clearApproval(sql, id, actor.id);
    await app.joinFirstRooms(change, asPerson(person));
    await notifyApprovers(change);
    await notify(person, "approved", (t) => t.byPerson(actor.username));
    audit({ action: "account.approved", actor, subject: person, address: origin.address });
  });
}

/** Deletes an account that awaits approval; its username is free again. */
export async function rejectAccount(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  origin: RequestOrigin,
): Promise<void> {
  await changeOther(app, actor, id, async (change, person) => {
    if (!person.awaitsApproval) return;
    const { sql, audit } = change;
    await deleteRejected(sql, id);
    await notifyApprovers(change);
    audit({ action: "account.rejected", actor, subject: person, address: origin.address });
  });
}

async function changeOther<T>(
  app: AdminNeeds,
  actor: Actor,
  id: AccountId,
  work: (change: Transaction, person: Account) => Promise<T>,
): Promise<T> {
  return changeAccount(app, async (change) => {
    const person = await lockAccount(change.sql, id);
    if (!person) throw new Refusal("not_found", (t) => t.nobody);
    assertMayActOn(actor, person.serverRole);
    return work(change, person);
  });
}
