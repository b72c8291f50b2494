import type { JoinedRoom } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { groupPeopleMax, roomsPerPersonMax } from "@novax/protocol/limits";
import { mayOnServer, type ServerAction } from "@novax/protocol/permissions";
import { asPerson } from "@novax/protocol/person";
import { findServerRole } from "../accounts/queries.ts";
import { recordAudit } from "../audit/audit-log.ts";
import { type Actor, assertLiveSession } from "../auth/sessions.ts";
import { isUniqueViolation, type Sql } from "../db/database.ts";
import { transactWithEvents } from "../events/record-events.ts";
import type { Random } from "../lib/random.ts";
import { Refusal, roomNotFound } from "../lib/refusal.ts";
import type { RoomNeeds } from "./in-room.ts";
import { joinRoom, seatPeople } from "./join-room.ts";
import { areBlocked, listKnownTo } from "./people-queries.ts";
import {
  countRoomsOf,
  findDirectRoom,
  findJoinedRoom,
  findRoom,
  insertRoom,
  isRoomNameTaken,
  listAdmissible,
  lockRoom,
  type RoomDraft,
} from "./room-queries.ts";
import type { WordLists } from "./word-lists.ts";

/**
 * Makes a public or private room with its maker as its owner, and brings people into it. Refuses with `forbidden` whose
 * role does not make rooms, with `room_invalid`, and with `too_many`.
 */
export async function createRoom(
  app: RoomNeeds & { random: Random; wordLists: WordLists },
  actor: Actor,
  draft: {
    kind: "public" | "private";
    name: string;
    topic?: string | undefined;
    description?: string | undefined;
    icon?: string | undefined;
    colour?: number | null | undefined;
    people?: readonly AccountId[] | undefined;
  },
): Promise<JoinedRoom> {
  const id = newRoomId(app.random);
  const owner = asPerson(actor);
  app.wordLists.assertNotFiltered(draft.name, draft.topic, draft.description);
  await uniquelyNamed(
    transactWithEvents(app, async (tx, recordEvent, publishAfterCommit) => {
      await assertMayOnServer(tx, actor, "room.create");
      await assertRoomForMore(tx, actor.id);
      await assertRoomName(tx, draft.name, draft.kind, null);
      await insertRoom(
        tx,
        { topic: "", description: "", icon: "", colour: null, ...given(draft), id, directKey: null },
        app.clock.now(),
      );
      await joinRoom(app, tx, recordEvent, id, owner, { role: "owner" });
      publishAfterCommit({ kind: "room_joined", account: actor.id, room: id });
      const invited = (draft.people ?? []).filter((person) => person !== actor.id);
      for (const person of await listAdmissible(tx, id, actor.id, invited)) {
        await joinRoom(app, tx, recordEvent, id, person, { actor: owner });
        publishAfterCommit({ kind: "room_joined", account: person.id, room: id });
      }
      const detail = `${draft.kind} room ${draft.kind === "public" ? draft.name : id}`;
      await recordAudit(app, tx, { action: "room.created", actor, detail });
    }),
  );
  return (await findJoinedRoom(app.db.sql, actor.id, id))!;
}

/**
 * Makes somebody a member of a public room. Refuses with `not_found` what is not public, with `banned`, `room_archived`
 * and `too_many`. Whoever is a member already stays one.
 */
export async function joinPublicRoom(app: RoomNeeds, actor: Actor, room: RoomId): Promise<JoinedRoom> {
  await transactWithEvents(app, async (tx, recordEvent, publishAfterCommit) => {
    await lockRoom(tx, room);
    const own = await findJoinedRoom(tx, actor.id, room);
    if (own) return;
    await assertMayOnServer(tx, actor, "room.join");
    const found = await findRoom(tx, room);
    if (found?.kind !== "public") throw roomNotFound();
    if (found.isArchived) throw new Refusal("room_archived", (t) => t.archived);
    await assertRoomForMore(tx, actor.id);
    const [person] = await listAdmissible(tx, room, actor.id, [actor.id]);
    if (!person) throw new Refusal("banned", (t) => t.bannedFromRoom);
    await joinRoom(app, tx, recordEvent, room, asPerson(actor));
    publishAfterCommit({ kind: "room_joined", account: actor.id, room });
  });
  const own = await findJoinedRoom(app.db.sql, actor.id, room);
  if (!own) throw roomNotFound();
  return own;
}

/**
 * The room of exactly these people and the actor, made where there is none. Refuses with `not_found` people whom the
 * actor cannot know of, with `blocked` where one of two blocked the other, and with `too_many`.
 */
export async function openDirect(
  app: RoomNeeds & { random: Random },
  actor: Actor,
  others: readonly AccountId[],
): Promise<JoinedRoom> {
  const people = [...new Set([actor.id, ...others])].sort();
  if (people.length > groupPeopleMax) throw new Refusal("too_many", (t) => t.groupFull(groupPeopleMax));
  const directKey = people.join(" ");
  const existing = await findDirectRoom(app.db.sql, directKey);
  const id = existing ?? newRoomId(app.random);
  if (existing === null) {
    await transactWithEvents(app, async (tx, _recordEvent, publishAfterCommit) => {
      await assertMayOnServer(tx, actor, "direct.open");
      await assertRoomForMore(tx, actor.id);
      const known = await listKnownTo(tx, actor, people);
      if (known.length !== people.length) throw new Refusal("not_found", (t) => t.nobody);
      if (await areBlocked(tx, actor.id, people)) throw new Refusal("blocked", (t) => t.blocked);
      const kind = people.length > 2 ? "group" : "direct";
      const draft: RoomDraft = {
        id,
        kind,
        name: "",
        topic: "",
        description: "",
        icon: "",
        colour: null,
        directKey,
      };
      // Somebody else of them opened it at the same moment: theirs is the one.
      if (!(await insertRoom(tx, draft, app.clock.now()))) return;
      await seatPeople(tx, id, people, app.clock.now());
      for (const account of people) publishAfterCommit({ kind: "room_joined", account, room: id });
    });
  }
  const found = existing ?? (await findDirectRoom(app.db.sql, directKey))!;
  const own = await findJoinedRoom(app.db.sql, actor.id, found);
  if (!own) throw roomNotFound();
  return own;
}

/** Asserts a right on the server, as the role and the session are at this moment. Refuses with `forbidden`. */
export async function assertMayOnServer(tx: Sql, actor: Actor, right: ServerAction): Promise<void> {
  await assertLiveSession(tx, actor);
  const role = await findServerRole(tx, actor.id);
  if (role === null || !mayOnServer(role, right)) throw new Refusal("forbidden", (t) => t.roleForbids);
}

/** Asserts that a room may be called this. Refuses with `room_invalid`. */
export async function assertRoomName(
  tx: Sql,
  name: string,
  kind: string,
  except: RoomId | null,
): Promise<void> {
  if (name === "") throw new Refusal("room_invalid", (t) => t.roomNeedsName, { field: "name" });
  if (/[\p{Cf}\p{Co}]/u.test(name.replace(/\u200d/g, "")))
    throw new Refusal("room_invalid", (t) => t.visibleName, { field: "name" });
  if (kind === "public" && (await isRoomNameTaken(tx, name, except))) throw nameTaken();
}

/** Two who give the same name at the same moment: the second is refused as anybody later is. */
export async function uniquelyNamed<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isUniqueViolation(error) ? nameTaken() : error;
  }
}

function nameTaken(): Refusal {
  return new Refusal("room_invalid", (t) => t.roomNameTaken, { field: "name" });
}

async function assertRoomForMore(tx: Sql, account: AccountId): Promise<void> {
  if ((await countRoomsOf(tx, account)) >= roomsPerPersonMax)
    throw new Refusal("too_many", (t) => t.tooManyRooms(roomsPerPersonMax));
}

function newRoomId(random: Random): RoomId {
  return random.uuid() as RoomId;
}

/** The fields that were given; what is undefined must not replace a default. */
function given(
  draft: Parameters<typeof createRoom>[2],
): Pick<RoomDraft, "kind" | "name"> & Partial<RoomDraft> {
  const { people: _, ...fields } = draft;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
