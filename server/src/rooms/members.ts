import type { FieldsOf } from "@novax/protocol/commands";
import type { Person } from "@novax/protocol/entities";
import { generalRoomId } from "@novax/protocol/general-room";
import type { AccountId } from "@novax/protocol/ids";
import { mayActOnMember, type ServerRole, serverRoles } from "@novax/protocol/permissions";
import { findServerRole } from "../accounts/queries.ts";
import type { Actor } from "../auth/sessions.ts";
import { lockLimitsOf } from "../db/lock-queries.ts";
import { assertInFuture } from "../lib/assert-future.ts";
import { Refusal } from "../lib/refusal.ts";
import { listKnownTo } from "../people/queries.ts";
import { personNotFound, requirePerson } from "../people/require-person.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { addMember } from "./add-member.ts";
import { endMembership } from "./end-membership.ts";
import { inRoom, type RoomTransaction } from "./in-room.ts";
import {
  countOwners,
  deleteBan,
  findGivenRole,
  insertBan,
  listAdmissible,
  setRole,
  setSilenced,
} from "./member-queries.ts";
import { clearDirectKey } from "./queries.ts";
import { listSeats } from "./seat-people.ts";

// Each function here refuses with `not_found`, `forbidden` and `room_archived` as `inRoom` does, and with `forbidden`
// if the actor's role cannot act on the other member's.

/**
 * Adds people to a room. Members stay as they are, and people who cannot be added (`listSeats`, `listAdmissible`) are left
 * out. Refuses with `not_found` if no one is left.
 */
export async function addMembers(
  app: TransactionNeeds,
  actor: Actor,
  { room, people }: FieldsOf<"member.add">,
): Promise<void> {
  await inRoom(app, actor, { room, right: "member.add" }, async (transaction) => {
    const { sql } = transaction;
    const ids = (await listKnownTo(sql, actor, people)).map((person) => person.id);
    await lockLimitsOf(sql, [actor.id, ...ids]);
    const seats = await listSeats(sql, actor.id, ids);
    const members = await listAdmissible(sql, { room, by: actor.id, ids: [...seats.keys()] });
    if (members.length === 0) throw personNotFound();
    for (const member of members) {
      const seat = seats.get(member.id);
      if (await addMember(app, transaction, { room, member, actor: transaction.actor, seat }))
        transaction.audit({ action: "member.added", subject: member, detail: `to ${room}` });
    }
  });
}

/**
 * Leaves a room or a group. Refuses with `room_fixed` for the general room, and with `forbidden` for a conversation of two,
 * which can be hidden.
 */
export async function leaveRoom(
  app: TransactionNeeds,
  actor: Actor,
  { room }: FieldsOf<"room.leave">,
): Promise<void> {
  if (room === generalRoomId) throw new Refusal("room_fixed", (t) => t.everybodyHere);
  await inRoom(app, actor, { room, right: "room.leave" }, async (transaction) => {
    await endMembership(app, transaction, { room, member: transaction.actor, actor });
    // It is not the room of exactly these people any more.
    if (transaction.room.kind === "group") await clearDirectKey(transaction.sql, room);
  });
}

/** Removes a member from a room. They can join a public one again. */
export async function removeMember(
  app: TransactionNeeds,
  actor: Actor,
  { room, person: id }: FieldsOf<"member.remove">,
): Promise<void> {
  await inRoom(app, actor, { room, right: "member.remove" }, async (transaction) => {
    const member = await requireLesser(transaction, actor, id);
    await endMembership(app, transaction, { room, member, actor });
    transaction.audit({ action: "member.removed", subject: member, detail: `from ${room}` });
  });
}

/** Bans a person from a room and removes them if they are a member. */
export async function banMember(
  app: TransactionNeeds,
  actor: Actor,
  { room, person: id, reason }: FieldsOf<"member.ban">,
): Promise<void> {
  await inRoom(app, actor, { room, right: "member.ban" }, async (transaction) => {
    const { sql } = transaction;
    const isMember = (await findGivenRole(sql, room, id)) !== null;
    const member = isMember
      ? await requireLesser(transaction, actor, id)
      : await requirePerson(sql, actor, id);
    // Server owners and admins cannot be kept out of a room.
    const serverRole = await findServerRole(sql, id);
    if (serverRole === "owner" || serverRole === "admin")
      throw new Refusal("forbidden", (t) => t.adminsNotBanned);
    await insertBan(sql, { room, account: id, by: actor.id, reason, at: app.clock.now() });
    await endMembership(app, transaction, { room, member, actor });
    transaction.audit({ action: "member.banned", subject: member, detail: `from ${room}: ${reason}` });
  });
}

export async function unbanMember(
  app: TransactionNeeds,
  actor: Actor,
  { room, person: id }: FieldsOf<"member.unban">,
): Promise<void> {
  await inRoom(app, actor, { room, right: "member.ban" }, async ({ sql, audit }) => {
    // Everyone on the list can be taken off it, also if their account is disabled or the actor can't look them up.
    const person = await deleteBan(sql, room, id);
    if (!person) return void (await requirePerson(sql, actor, id));
    audit({ action: "member.unbanned", subject: person, detail: `from ${room}` });
  });
}

/** Silences a member until a time: they can read but not post. Null ends it. Refuses with `time_invalid`. */
export async function silenceMember(
  app: TransactionNeeds,
  actor: Actor,
  { room, person: id, until }: FieldsOf<"member.silence">,
): Promise<void> {
  if (until !== null) assertInFuture(until, app.clock.now());
  await inRoom(app, actor, { room, right: "member.silence" }, async (transaction) => {
    const member = await requireLesser(transaction, actor, id);
    if (!(await setSilenced(transaction.sql, { room, account: id, until }))) return;
    const detail = until === null ? `${room}: unmuted` : `${room}: until ${new Date(until).toISOString()}`;
    transaction.audit({ action: "member.silenced", subject: member, detail });
  });
}

/** Changes a member's role. Refuses with `last_owner` if the room would be left without an owner. */
export async function setMemberRole(
  app: TransactionNeeds,
  actor: Actor,
  { room, person: id, role }: FieldsOf<"member.set_role">,
): Promise<void> {
  await inRoom(
    app,
    actor,
    { room, right: "member.set_role" },
    async ({ sql, record, audit, actor: person }) => {
      const given = await findGivenRole(sql, room, id);
      if (!given) throw personNotFound();
      assertNotAbove(actor, given);
      if (given.role === role) return;
      if (given.role === "owner" && room !== generalRoomId && (await countOwners(sql, room)) === 1)
        throw new Refusal("last_owner", (t) => t.roomNeedsOwner);
      await setRole(sql, { room, account: id, role });
      await record({ room, type: "member.role_changed", actor: person, member: given.person, role });
      const detail = `${room}: ${given.role} to ${role}`;
      audit({ action: "member.role_changed", subject: given.person, detail });
    },
  );
}

/** Returns a member whom the actor's role can act on. Refuses with `not_found` and `forbidden`. */
async function requireLesser(
  { sql, room, role }: RoomTransaction,
  actor: Actor,
  id: AccountId,
): Promise<Person> {
  const given = await findGivenRole(sql, room.id, id);
  if (!given) throw personNotFound();
  assertNotAbove(actor, given);
  if (id === actor.id || !mayActOnMember(role, given.actsAs))
    throw new Refusal("forbidden", (t) => t.notToThisRole);
  return given.person;
}

/**
 * Asserts that a member isn't higher on the server than the actor: an owner of the server keeps their place in every
 * room, no matter who moderates it. Refuses with `forbidden`.
 */
function assertNotAbove(actor: Actor, { serverRole }: { serverRole: ServerRole }): void {
  const isAdmin = serverRole === "owner" || serverRole === "admin";
  if (isAdmin && serverRoles.indexOf(serverRole) < serverRoles.indexOf(actor.serverRole))
    throw new Refusal("forbidden", (t) => t.notToThisRole);
}
