import type { RoomChanges } from "@novax/protocol/events";
import { generalRoomId, type RoomId } from "@novax/protocol/ids";
import type { Actor } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";
import { assertRoomName, uniquelyNamed } from "./create-room.ts";
import { assertMaySpeakNow, inRoom, type RoomNeeds } from "./in-room.ts";
import { updateRoom } from "./room-queries.ts";
import type { WordLists } from "./word-lists.ts";

/**
 * Changes what a room is called, looks like or allows; what is as it was is no change. Refuses with `room_invalid`. The
 * topic alone is a right of its own.
 */
export async function changeRoom(
  app: RoomNeeds & { wordLists: WordLists },
  actor: Actor,
  id: RoomId,
  given: { [K in keyof RoomChanges]: RoomChanges[K] | undefined },
  right: "room.change" | "room.set_topic" = "room.change",
): Promise<void> {
  app.wordLists.assertNotFiltered(given.name, given.topic, given.description);
  const change = inRoom(app, actor, id, right, async (transaction) => {
    const { tx, room, recordEvent, actor: person } = transaction;
    await assertMaySpeakNow(app, transaction);
    const changes = Object.fromEntries(
      Object.entries(given).filter(
        ([key, value]) => value !== undefined && value !== room[key as keyof RoomChanges],
      ),
    ) as RoomChanges;
    if (Object.keys(changes).length === 0) return;
    if (changes.name !== undefined) await assertRoomName(tx, changes.name, room.kind, id);
    await updateRoom(tx, id, changes, app.clock.now());
    await recordEvent({ room: id, type: "room.changed", actor: person, changes });
  });
  await uniquelyNamed(change);
}

/** Puts a room away, or takes it back. Refuses with `room_fixed` the room that everybody is in. */
export async function archiveRoom(
  app: RoomNeeds,
  actor: Actor,
  id: RoomId,
  isArchived: boolean,
): Promise<void> {
  if (id === generalRoomId) throw new Refusal("room_fixed", (t) => t.generalStays);
  const change = inRoom(
    app,
    actor,
    id,
    "room.archive",
    async ({ tx, room, recordEvent, actor: person, audit }) => {
      if (room.isArchived === isArchived) return;
      if (!isArchived) await assertRoomName(tx, room.name, room.kind, id);
      await updateRoom(tx, id, { isArchived }, app.clock.now());
      await recordEvent({ room: id, type: "room.changed", actor: person, changes: { isArchived } });
      audit({ action: isArchived ? "room.archived" : "room.unarchived", detail: id });
    },
  );
  await uniquelyNamed(change);
}
