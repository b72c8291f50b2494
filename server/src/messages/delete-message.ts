import type { FieldsOf } from "@novax/protocol/commands";
import type { Actor } from "../auth/sessions.ts";
import { assertMayInRoom, inRoom, type RoomTransaction } from "../rooms/in-room.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { emptyMessage } from "./change-queries.ts";
import type { StoredMessage } from "./queries.ts";
import { requireMessage } from "./require-message.ts";

/**
 * Deletes the actor's own message, or with the right to it anyone's. Its text is gone from everywhere it was; what stays
 * is a placeholder, if the room leaves one or a thread hangs on it. Refuses as `inRoom` does, and with `message_gone`.
 */
export async function deleteMessage(
  app: TransactionNeeds,
  actor: Actor,
  { room, seq }: FieldsOf<"message.delete">,
): Promise<void> {
  await inRoom(app, actor, { room, right: "message.delete_own" }, async (transaction) => {
    const message = await requireMessage(transaction.sql, room, seq);
    if (message.sender.id !== actor.id) {
      assertMayInRoom(transaction, "message.delete_any");
      transaction.audit({ action: "message.deleted", subject: message.sender, detail: `${room} #${seq}` });
    }
    await deleteStored(transaction, message, app.clock.now());
  });
}

/** Deletes a message in a transaction that has checked who may. */
export async function deleteStored(
  { sql, record, actor, room }: Pick<RoomTransaction, "sql" | "record" | "actor" | "room">,
  message: StoredMessage,
  now: number,
): Promise<void> {
  const leavesMark = room.leavesMark || message.replyCount > 0;
  const { seq, threadRoot } = message;
  const replies = await emptyMessage(sql, { room: room.id, seq, isHidden: !leavesMark, at: now });
  await record({
    room: room.id,
    type: "message.deleted",
    actor,
    target: seq,
    leavesMark,
    ...(threadRoot === null ? {} : { threadRoot, replies }),
  });
}
