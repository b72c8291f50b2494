import type { FieldsOf } from "@novax/protocol/commands";
import type { Actor } from "../auth/sessions.ts";
import type { Sql } from "../db/database.ts";
import { assertMayInRoom, inRoom, type RoomTransaction } from "../rooms/in-room.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { emptyMessage } from "./change-queries.ts";
import { followersNotifiedMax, listFollowers } from "./mention-queries.ts";
import { publishCountsOf } from "./mention-step.ts";
import { findMessage, type StoredMessage } from "./queries.ts";
import { assertThere } from "./require-message.ts";

/**
 * Deletes the actor's own message, or with the right `message.delete_any` anyone's. Its text is removed everywhere. A
 * placeholder stays if the room is set to leave one or the message has replies. Refuses as `inRoom` does, and with
 * `message_gone`.
 */
export async function deleteMessage(
  app: TransactionNeeds,
  actor: Actor,
  { room, seq }: FieldsOf<"message.delete">,
): Promise<void> {
  const read = (sql: Sql) => findMessage(sql, room, seq);
  await inRoom(app, actor, { room, right: "message.delete_own", read }, async (transaction, found) => {
    const message = assertThere(found);
    if (message.sender.id !== actor.id) {
      assertMayInRoom(transaction, "message.delete_any");
      transaction.audit({ action: "message.deleted", subject: message.sender, detail: `${room} #${seq}` });
    }
    await deleteStored(transaction, message, app.clock.now());
  });
}

/**
 * Deletes a message and records the event. Whom it mentioned, and who follows its thread, counts anew. The caller has
 * checked the right to it in the same transaction.
 */
export async function deleteStored(
  {
    sql,
    record,
    actor,
    room,
    publishAfterCommit,
  }: Pick<RoomTransaction, "sql" | "record" | "actor" | "room" | "publishAfterCommit">,
  message: StoredMessage,
  now: number,
): Promise<void> {
  const leavesMark = room.leavesMark || message.replyCount > 0;
  const { seq, threadRoot } = message;
  const event = { room: room.id, type: "message.deleted", actor, target: seq, leavesMark } as const;
  const emptied = emptyMessage(sql, { room: room.id, seq, isHidden: !leavesMark, at: now });
  if (threadRoot === null) {
    const [{ mentioned }] = await Promise.all([emptied, record(event)]);
    publishCountsOf(publishAfterCommit, mentioned, "mentions");
    return;
  }
  const { replies, mentioned } = await emptied;
  await record({ ...event, threadRoot, replies });
  publishCountsOf(publishAfterCommit, mentioned, "mentions");
  const followers = { roots: [threadRoot], limit: followersNotifiedMax };
  publishCountsOf(publishAfterCommit, await listFollowers(sql, room.id, followers), "threads");
}
