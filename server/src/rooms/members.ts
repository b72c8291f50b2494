import type { Person } from "@novax/protocol/entities";
import { type AccountId, generalRoomId, type RoomId } from "@novax/protocol/ids";
import { scheduleAheadMsMax } from "@novax/protocol/limits";
import { mayActOnMember, type RoomRole } from "@novax/protocol/permissions";
import { findServerRole } from "../accounts/queries.ts";
import type { Actor } from "../auth/sessions.ts";
import type { Sql } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import { inRoom, type RoomNeeds, type RoomTransaction } from "./in-room.ts";
import { joinRoom } from "./join-room.ts";
import { listKnownTo } from "./people-queries.ts";
import { endMembership } from "./remove-member.ts";
import {
  countOwners,
  deleteBan,
  findGivenRole,
  insertBan,
  listAdmissible,
  setRole,
  setSilenced,
} from "./room-queries.ts";

// What is done to the members of a room. Each refuses with `not_found`, `forbidden` and `room_archived` as `inRoom`
// does, and with `forbidden` what the actor's role may not do to the other's.

/** Brings people into a room; who is in it stays, who is banned from it is passed by. Refuses with `not_found`. */
export async function addMembers(
  app: RoomNeeds,
  actor: Actor,
  room: RoomId,
  ids: readonly AccountId[],
): Promise<void> {
  await inRoom(app, actor, room, "member.add", async (transaction) => {
    const known = await listKnownTo(transaction.tx, actor, ids);
    const people = await listAdmissible(
      transaction.tx,
      room,
      actor.id,
      known.map((person) => person.id),
    );
    if (people.length === 0) throw nobody();
    for (const person of people) {
      const isNew = await joinRoom(app, transaction.tx, transaction.recordEvent, room, person, {
        actor: transaction.actor,
      });
      if (isNew) transaction.publishAfterCommit({ kind: "room_joined", account: person.id, room });
    }
  });
}

/** Leaves a room by one's own will. Refuses with `room_fixed` where everybody is. */
export async function leaveRoom(app: RoomNeeds, actor: Actor, room: RoomId): Promise<void> {
  if (room === generalRoomId) throw new Refusal("room_fixed", (t) => t.everybodyHere);
  await inRoom(app, actor, room, "room.leave", async ({ tx, recordEvent, actor: person }) => {
    await endMembership(tx, recordEvent, person, room, person);
  });
}

/** Takes a member out of a room. They may come back where everybody may join. */
export async function removeMember(app: RoomNeeds, actor: Actor, room: RoomId, id: AccountId): Promise<void> {
  await inRoom(app, actor, room, "member.remove", async (transaction) => {
    const { person } = await requireLesser(transaction, actor, room, id);
    await endMembership(transaction.tx, transaction.recordEvent, transaction.actor, room, person);
    transaction.audit({ action: "member.removed", subject: person, detail: `from ${room}` });
  });
}

/** Takes a person out of a room for good; also one who is not in it. */
export async function banMember(
  app: RoomNeeds,
  actor: Actor,
  room: RoomId,
  id: AccountId,
  reason: string,
): Promise<void> {
  await inRoom(app, actor, room, "member.ban", async (transaction) => {
    const { tx, recordEvent } = transaction;
    const isMember = (await findGivenRole(tx, room, id)) !== null;
    const person = isMember
      ? (await requireLesser(transaction, actor, room, id)).person
      : await requirePerson(tx, actor, id);
    // Whoever runs the server is not kept out of a room on it.
    const serverRole = await findServerRole(tx, id);
    if (serverRole === "owner" || serverRole === "admin")
      throw new Refusal("forbidden", (t) => t.adminsNotBanned);
    await insertBan(tx, { room, account: id, by: actor.id, reason, at: app.clock.now() });
    await endMembership(tx, recordEvent, transaction.actor, room, person);
    transaction.audit({ action: "member.banned", subject: person, detail: `from ${room}: ${reason}` });
  });
}

export async function unbanMember(app: RoomNeeds, actor: Actor, room: RoomId, id: AccountId): Promise<void> {
  await inRoom(app, actor, room, "member.ban", async ({ tx, audit }) => {
    const person = await requirePerson(tx, actor, id);
    if (await deleteBan(tx, room, id))
      audit({ action: "member.unbanned", subject: person, detail: `from ${room}` });
  });
}

/** Keeps a member from writing until then; null: no longer. Refuses with `time_invalid`. */
export async function silenceMember(
  app: RoomNeeds,
  actor: Actor,
  room: RoomId,
  id: AccountId,
  until: number | null,
): Promise<void> {
  const now = app.clock.now();
  if (until !== null && (until <= now || until > now + scheduleAheadMsMax))
    throw new Refusal("time_invalid", (t) => t.timeWithinYear);
  await inRoom(app, actor, room, "member.silence", async (transaction) => {
    const { person } = await requireLesser(transaction, actor, room, id);
    await setSilenced(transaction.tx, room, id, until);
    const detail = until === null ? `${room}: no longer` : `${room}: until ${new Date(until).toISOString()}`;
    transaction.audit({ action: "member.silenced", subject: person, detail });
  });
}

/** Gives a member another role. Refuses with `last_owner` the only owner, who would leave the room without one. */
export async function setMemberRole(
  app: RoomNeeds,
  actor: Actor,
  room: RoomId,
  id: AccountId,
  role: RoomRole,
): Promise<void> {
  await inRoom(app, actor, room, "member.set_role", async ({ tx, recordEvent, actor: person, audit }) => {
    const member = await findGivenRole(tx, room, id);
    if (!member) throw nobody();
    if (member.role === role) return;
    if (member.role === "owner" && room !== generalRoomId && (await countOwners(tx, room)) === 1)
      throw new Refusal("last_owner", (t) => t.roomNeedsOwner);
    await setRole(tx, room, id, role);
    await recordEvent({ room, type: "member.role_changed", actor: person, member: member.person, role });
    audit({
      action: "member.role_changed",
      subject: member.person,
      detail: `${room}: ${member.role} to ${role}`,
    });
  });
}

async function requireLesser(
  transaction: RoomTransaction,
  actor: Actor,
  room: RoomId,
  id: AccountId,
): Promise<{ person: Person }> {
  const member = await findGivenRole(transaction.tx, room, id);
  if (!member) throw nobody();
  if (id === actor.id || !mayActOnMember(transaction.role, member.actsAs))
    throw new Refusal("forbidden", (t) => t.notToThisRole);
  return member;
}

async function requirePerson(tx: Sql, actor: Actor, id: AccountId): Promise<Person> {
  const [person] = await listKnownTo(tx, actor, [id]);
  if (!person) throw nobody();
  return person;
}

function nobody(): Refusal {
  return new Refusal("not_found", (t) => t.nobody);
}
