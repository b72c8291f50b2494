import type { FieldsOf } from "@novax/protocol/commands";
import { pinsPerRoomMax } from "@novax/protocol/limits";
import type { Actor } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";
import { assertMaySpeakNow, inRoom } from "../rooms/in-room.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { countPins, setPinned } from "./change-queries.ts";
import { requireMessage } from "./require-message.ts";

/** Pins a message to its room. Refuses as `inRoom` and `assertMaySpeakNow` do, with `message_gone` and `too_many`. */
export async function pinMessage(
  app: TransactionNeeds,
  actor: Actor,
  fields: FieldsOf<"message.pin">,
): Promise<void> {
  await changePin(app, actor, { ...fields, isPinned: true });
}

export async function unpinMessage(
  app: TransactionNeeds,
  actor: Actor,
  fields: FieldsOf<"message.unpin">,
): Promise<void> {
  await changePin(app, actor, { ...fields, isPinned: false });
}

async function changePin(
  app: TransactionNeeds,
  actor: Actor,
  { room, seq, isPinned }: FieldsOf<"message.pin"> & { isPinned: boolean },
): Promise<void> {
  await inRoom(app, actor, { room, right: "message.pin" }, async (transaction) => {
    const { sql, record, actor: person } = transaction;
    await assertMaySpeakNow(app, transaction);
    const message = await requireMessage(sql, room, seq);
    if (message.isPinned === isPinned) return;
    if (isPinned && (await countPins(sql, room)) >= pinsPerRoomMax)
      throw new Refusal("too_many", (t) => t.tooManyPins(pinsPerRoomMax));
    const before = await setPinned(sql, room, seq, { by: actor.id, at: isPinned ? app.clock.now() : null });
    const type = isPinned ? "message.pinned" : "message.unpinned";
    await record({ room, type, actor: person, target: seq });
    if (!isPinned && before !== actor.id)
      transaction.audit({ action: "message.unpinned", subject: message.sender, detail: `${room} #${seq}` });
  });
}
