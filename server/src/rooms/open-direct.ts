import type { FieldsOf } from "@novax/protocol/commands";
import type { JoinedRoom } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { groupPeopleMax } from "@novax/protocol/limits";
import { assertMayOnServer } from "../auth/assert-may-on-server.ts";
import type { Actor } from "../auth/sessions.ts";
import { lockLimitsOf } from "../db/lock-queries.ts";
import { Refusal } from "../lib/refusal.ts";
import { hasBlockAmong, listKnownTo } from "../people/queries.ts";
import { type TransactionNeeds, transact } from "../transaction/transact.ts";
import { assertRoomForMore, requireJoinedRoom } from "./create-room.ts";
import { insertDirectMembers } from "./member-queries.ts";
import { findDirectRoom, insertRoom } from "./queries.ts";
import { listSeats, ownSeat } from "./seat-people.ts";

/**
 * Returns the room of exactly these people and the actor, and creates it if needed: notes to self, a conversation of
 * two, or a group. Refuses with `not_found` if the actor cannot know of someone, with `blocked` if one of these people
 * blocked another, with `forbidden`, and with `too_many`, also if one of them cannot be put into another room
 * (`listSeats`).
 */
export async function openDirect(
  app: TransactionNeeds,
  actor: Actor,
  { people: others }: FieldsOf<"direct.open">,
): Promise<{ room: JoinedRoom }> {
  const people = [...new Set([actor.id, ...others])].sort();
  if (people.length > groupPeopleMax) throw new Refusal("too_many", (t) => t.groupFull(groupPeopleMax));
  const directKey = people.join(" ");
  if ((await findDirectRoom(app.db.sql, directKey)) === null) await create(app, actor, people, directKey);
  const room = (await findDirectRoom(app.db.sql, directKey))!;
  return { room: await requireJoinedRoom(app.db.sql, actor, room) };
}

async function create(
  app: TransactionNeeds,
  actor: Actor,
  people: readonly AccountId[],
  directKey: string,
): Promise<void> {
  await transact(app, async ({ sql, publishAfterCommit }) => {
    await assertMayOnServer(sql, actor, "direct.open");
    await lockLimitsOf(sql, people);
    await assertRoomForMore(sql, actor.id);
    const known = await listKnownTo(sql, actor, people);
    if (known.length !== people.length) throw new Refusal("not_found", (t) => t.nobody);
    if (await hasBlockAmong(sql, people)) throw new Refusal("blocked", (t) => t.blocked);
    const others = people.filter((id) => id !== actor.id);
    const seats = await listSeats(sql, actor.id, others);
    if (seats.size < others.length) throw new Refusal("too_many", (t) => t.notReachable);
    const id = app.random.uuid() as RoomId;
    const kind = people.length > 2 ? "group" : "direct";
    const looks = { name: "", topic: "", description: "", icon: "", colour: null };
    // Another one of these people created it at the same moment. That room is used.
    if (!(await insertRoom(sql, { id, kind, ...looks, directKey }, app.clock.now()))) return;
    const members = people.map((account) => ({ id: account, ...(seats.get(account) ?? ownSeat) }));
    await insertDirectMembers(sql, { room: id, people: members, at: app.clock.now() });
    for (const account of people) publishAfterCommit({ kind: "room_joined", account, room: id });
  });
}
