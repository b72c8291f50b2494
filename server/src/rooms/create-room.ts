import type { FieldsOf } from "@novax/protocol/commands";
import type { JoinedRoom, Room } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { roomsPerPersonMax } from "@novax/protocol/limits";
import { asPerson } from "@novax/protocol/person";
import { assertMayOnServer } from "../auth/assert-may-on-server.ts";
import type { Actor } from "../auth/sessions.ts";
import type { Sql } from "../db/database.ts";
import { lockLimitsOf } from "../db/lock-queries.ts";
import { createIdTaken, Refusal, roomNotFound } from "../lib/refusal.ts";
import type { TextFilter } from "../lib/text-filter.ts";
import { type Transaction, type TransactionNeeds, transact } from "../transaction/transact.ts";
import { addMember } from "./add-member.ts";
import { inTurn } from "./in-turn.ts";
import { countRoomsOf, listAdmissible } from "./member-queries.ts";
import { findJoinedRoom, findRoom, insertRoom, lockRoom, type RoomDraft, updateRoom } from "./queries.ts";
import { assertRoomName, refuseNameTwice } from "./room-name.ts";
import { listSeats } from "./seat-people.ts";

/**
 * Creates a public or private room with the actor as its owner and adds people to it. People who cannot be added are
 * left out. If the actor is in the room of this `createId`, nothing is created and that room is returned. Refuses with
 * `forbidden` if the actor's role cannot create rooms, with `room_invalid`, `message_filtered` and `too_many`.
 */
export async function createRoom(
  app: TransactionNeeds & { textFilter: TextFilter },
  actor: Actor,
  { people = [], createId, ...fields }: FieldsOf<"room.create">,
): Promise<{ room: JoinedRoom }> {
  const id = (createId ?? app.random.uuid()) as RoomId;
  const findCreated = () => findJoinedRoom(app.db.sql, actor.id, id);
  const before = createId && (await findCreated());
  if (before) return { room: before };
  const owner = asPerson(actor);
  app.textFilter.assertAllowed(fields.name, fields.topic, fields.description);
  const created = transact(app, async (transaction) => {
    const { sql, audit } = transaction;
    await assertMayOnServer(sql, actor, "room.create");
    await lockLimitsOf(sql, [actor.id, ...people]);
    await assertRoomForMore(sql, actor.id);
    await assertRoomName(sql, { name: fields.name, kind: fields.kind, except: null });
    await insertRoom(sql, toDraft(id, fields), app.clock.now());
    await addMember(app, transaction, { room: id, member: owner, role: "owner" });
    const others = people.filter((person) => person !== actor.id);
    const seats = await listSeats(sql, actor.id, others);
    for (const member of await listAdmissible(sql, { room: id, by: actor.id, ids: [...seats.keys()] }))
      await addMember(app, transaction, { room: id, member, actor: owner, seat: seats.get(member.id) });
    const detail = `${fields.kind} room ${fields.kind === "public" ? fields.name : id}`;
    audit({ action: "room.created", actor, detail });
  });
  try {
    await refuseNameTwice(created);
  } catch (error) {
    // The same command may have been running at the same time.
    const room = createId && (await findCreated());
    if (room) return { room };
    if (createId && (await findRoom(app.db.sql, id))) throw createIdTaken();
    throw error;
  }
  return { room: (await findCreated())! };
}

/**
 * Makes the actor a member of a public room, unless they are one already. Refuses with `not_found` if the room is not
 * public, with `forbidden`, `banned`, `room_archived` and `too_many`. A room that everybody has left is opened again: refuses with
 * `room_invalid` if its name has been taken since.
 */
export async function joinPublicRoom(
  app: TransactionNeeds,
  actor: Actor,
  { room }: FieldsOf<"room.join">,
): Promise<{ room: JoinedRoom }> {
  await inTurn(app.db, room, () =>
    transact(app, async (transaction) => {
      const { sql } = transaction;
      await lockRoom(sql, room);
      if (await findJoinedRoom(sql, actor.id, room)) return;
      await assertMayOnServer(sql, actor, "room.join");
      const found = await findRoom(sql, room);
      if (found?.kind !== "public") throw roomNotFound();
      // One that was archived because everybody had left comes back with the first who returns, who becomes its owner.
      const isLeft = found.memberCount === 0;
      if (found.isArchived && !isLeft) throw new Refusal("room_archived", (t) => t.archived);
      await lockLimitsOf(sql, [actor.id]);
      await assertRoomForMore(sql, actor.id);
      const [member] = await listAdmissible(sql, { room, by: actor.id, ids: [actor.id] });
      if (!member) throw new Refusal("banned", (t) => t.bannedFromRoom);
      if (found.isArchived) await reopen(app, transaction, found, actor);
      const role = isLeft ? "owner" : "member";
      await addMember(app, transaction, { room, member: asPerson(actor), role });
    }),
  );
  return { room: await requireJoinedRoom(app.db.sql, actor, room) };
}

/** Returns the room as the actor sees it. Refuses with `not_found` if they are not a member. */
export async function requireJoinedRoom(sql: Sql, { id }: Actor, room: RoomId): Promise<JoinedRoom> {
  const joined = await findJoinedRoom(sql, id, room);
  if (!joined) throw roomNotFound();
  return joined;
}

async function reopen(
  app: TransactionNeeds,
  { sql, record, audit }: Transaction,
  room: Room,
  actor: Actor,
): Promise<void> {
  await refuseNameTwice(
    assertRoomName(sql, { name: room.name, kind: room.kind, except: room.id }).then(() =>
      updateRoom(sql, room.id, { isArchived: false }, { now: app.clock.now() }),
    ),
  );
  await record({
    room: room.id,
    type: "room.changed",
    actor: asPerson(actor),
    changes: { isArchived: false },
  });
  audit({ action: "room.unarchived", actor, detail: room.id });
}

/**
 * Asserts that a person, whose limits are locked, is in fewer than `roomsPerPersonMax` rooms. Refuses with `too_many`.
 */
export async function assertRoomForMore(tx: Sql, account: AccountId): Promise<void> {
  if ((await countRoomsOf(tx, account)) >= roomsPerPersonMax)
    throw new Refusal("too_many", (t) => t.tooManyRooms(roomsPerPersonMax));
}

function toDraft(id: RoomId, fields: Omit<FieldsOf<"room.create">, "people" | "createId">): RoomDraft {
  const { kind, name, topic = "", description = "", icon = "", colour = null } = fields;
  return { id, kind, name, topic, description, icon, colour, directKey: null };
}
