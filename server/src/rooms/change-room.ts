import type { FieldsOf } from "@novax/protocol/commands";
import type { RoomChanges } from "@novax/protocol/events";
import { generalRoomId } from "@novax/protocol/general-room";
import type { RoomId } from "@novax/protocol/ids";
import type { Actor } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";
import type { TextFilter } from "../lib/text-filter.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { assertMayInRoom, assertMaySpeakNow, inRoom } from "./in-room.ts";
import { updateRoom } from "./queries.ts";
import { assertRoomName, refuseNameTwice } from "./room-name.ts";

type ChangeNeeds = TransactionNeeds & { textFilter: TextFilter };
type Right = "room.change" | "room.set_topic";

/**
 * Changes a room's settings. Fields with an unchanged value are ignored. Refuses as `inRoom` and `assertMaySpeakNow`
 * do, with `room_invalid` and `message_filtered`.
 */
export async function changeRoom(
  app: ChangeNeeds,
  actor: Actor,
  fields: FieldsOf<"room.change">,
): Promise<void> {
  await change(app, actor, { ...fields, right: "room.change" });
}

/** Changes only the topic, which more members have a right to. */
export async function setTopic(
  app: ChangeNeeds,
  actor: Actor,
  fields: FieldsOf<"room.set_topic">,
): Promise<void> {
  await change(app, actor, { ...fields, right: "room.set_topic" });
}

async function change(
  app: ChangeNeeds,
  actor: Actor,
  { room: id, right, ...fields }: FieldsOf<"room.change"> & { right: Right },
): Promise<void> {
  app.textFilter.assertAllowed(fields.name, fields.topic, fields.description);
  const changed = inRoom(app, actor, { room: id, right }, async (transaction) => {
    const { sql, room, record, actor: person } = transaction;
    await assertMaySpeakNow(app, transaction);
    const changes = Object.fromEntries(
      Object.entries(fields).filter(
        ([key, value]) => value !== undefined && value !== room[key as keyof RoomChanges],
      ),
    ) as RoomChanges;
    if (Object.keys(changes).length === 0) return;
    if (changes.hasLinkPreviews !== undefined) assertMayInRoom(transaction, "room.allow_previews");
    // Deleting what all have written is an owner's decision.
    if (changes.keepDays !== undefined) assertMayInRoom(transaction, "room.archive");
    if (changes.name !== undefined)
      await assertRoomName(sql, { name: changes.name, kind: room.kind, except: id });
    await updateRoom(sql, id, changes, { now: app.clock.now() });
    await record({ room: id, type: "room.changed", actor: person, changes });
    // A topic is everybody's to set, where it is all that changes.
    if (right === "room.change")
      transaction.audit({ action: "room.changed", detail: `${id}: ${Object.keys(changes).join(", ")}` });
  });
  await refuseNameTwice(changed);
}

/**
 * Archives a room: members can read it but not post. Refuses as `inRoom` does, and with `room_fixed` for the general
 * room.
 */
export async function archiveRoom(
  app: TransactionNeeds,
  actor: Actor,
  { room }: FieldsOf<"room.archive">,
): Promise<void> {
  await setArchived(app, actor, room, true);
}

export async function unarchiveRoom(
  app: TransactionNeeds,
  actor: Actor,
  { room }: FieldsOf<"room.unarchive">,
): Promise<void> {
  await setArchived(app, actor, room, false);
}

async function setArchived(
  app: TransactionNeeds,
  actor: Actor,
  id: RoomId,
  isArchived: boolean,
): Promise<void> {
  if (id === generalRoomId) throw new Refusal("room_fixed", (t) => t.generalStays);
  const changed = inRoom(
    app,
    actor,
    { room: id, right: "room.archive" },
    async ({ sql, room, record, actor: person, audit }) => {
      if (room.isArchived === isArchived) return;
      if (!isArchived) await assertRoomName(sql, { name: room.name, kind: room.kind, except: id });
      await updateRoom(sql, id, { isArchived }, { now: app.clock.now() });
      await record({ room: id, type: "room.changed", actor: person, changes: { isArchived } });
      audit({ action: isArchived ? "room.archived" : "room.unarchived", detail: id });
    },
  );
  await refuseNameTwice(changed);
}
