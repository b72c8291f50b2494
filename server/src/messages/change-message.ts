import type { RoomId } from "@novax/protocol/ids";
import { pinsPerRoomMax, reactionsPerMessageMax } from "@novax/protocol/limits";
import { isEmoji, mentionsIn } from "@novax/protocol/text";
import type { Actor } from "../auth/sessions.ts";
import type { Sql } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import {
  assertMayInRoom,
  assertMaySpeakNow,
  inRoom,
  type RoomNeeds,
  type RoomTransaction,
} from "../rooms/in-room.ts";
import type { WordLists } from "../rooms/word-lists.ts";
import {
  countPins,
  deleteReaction,
  emptyMessage,
  findMessage,
  insertReaction,
  readReactions,
  replaceBody,
  type StoredMessage,
  setPinned,
  takeMentions,
} from "./change-queries.ts";
import { insertMentions } from "./queries.ts";
import { mentionSignal } from "./room-writer.ts";
import { parseBody } from "./send-message.ts";

// What is done to a message after it was sent. Each refuses as `inRoom` does, and with `message_gone` where there is
// no message at this place, or none any more.

export type ChangeNeeds = RoomNeeds & { wordLists: WordLists };

/** Puts other words into one's own message; what it said before is kept. Refuses with `message_invalid` and `message_filtered`. */
export async function editMessage(
  app: ChangeNeeds,
  actor: Actor,
  room: RoomId,
  seq: number,
  text: string,
): Promise<void> {
  const body = parseBody(app, { kind: "text", text });
  if (body.kind !== "text") return;
  await inRoom(app, actor, room, "message.edit_own", async (transaction) => {
    const { tx, recordEvent, publishAfterCommit, actor: person } = transaction;
    await assertMaySpeakNow(app, transaction);
    const message = await requireMessage(tx, room, seq);
    if (message.sender.id !== actor.id) throw new Refusal("forbidden", (t) => t.authorsEdit);
    if (message.body.kind !== "text") throw new Refusal("message_invalid", (t) => t.pollNotEdited);
    if (message.body.text === body.text) return;
    const { at } = await recordEvent({ room, type: "message.edited", actor: person, target: seq, body });
    await replaceBody(tx, room, seq, body, at);
    const before = await takeMentions(tx, room, seq);
    const mentioning = {
      seq,
      threadRoot: message.threadRoot,
      sender: actor.id,
      names: mentionsIn(body.text).names,
      accounts: app.wordLists.findListeners(body.text),
    };
    for (const { account } of await insertMentions(tx, room, at, [mentioning])) {
      // Whoever was called before has heard it.
      if (before.has(account)) continue;
      publishAfterCommit({
        kind: "account_signal",
        account,
        signal: mentionSignal(room, seq, message.threadRoot),
      });
    }
  });
}

/**
 * Deletes one's own message, or with the right to it anybody's. Its text is gone from every place it stood in; what
 * stays is a mark, where the room leaves one or a thread hangs on it.
 */
export async function deleteMessage(app: RoomNeeds, actor: Actor, room: RoomId, seq: number): Promise<void> {
  await inRoom(app, actor, room, "message.delete_own", async (transaction) => {
    const message = await requireMessage(transaction.tx, room, seq);
    const isOwn = message.sender.id === actor.id;
    if (!isOwn) {
      assertMayInRoom(transaction, "message.delete_any");
      transaction.audit({ action: "message.deleted", subject: message.sender, detail: `${room} #${seq}` });
    }
    await deleteStored(transaction, room, message, app.clock.now());
  });
}

/** Deletes a message in a transaction that has checked who may. */
export async function deleteStored(
  transaction: Pick<RoomTransaction, "tx" | "recordEvent" | "actor" | "room">,
  room: RoomId,
  message: StoredMessage,
  now: number,
): Promise<void> {
  const leavesMark = transaction.room.leavesMark || message.replyCount > 0;
  const replies = await emptyMessage(transaction.tx, room, message.seq, !leavesMark, now);
  await transaction.recordEvent({
    room,
    type: "message.deleted",
    actor: transaction.actor,
    target: message.seq,
    leavesMark,
    ...(message.threadRoot === null ? {} : { threadRoot: message.threadRoot, replies }),
  });
}

/** Adds one's reaction; one that is there stays. Refuses with `message_invalid` what is no emoji, and with `too_many`. */
export async function addReaction(
  app: RoomNeeds,
  actor: Actor,
  room: RoomId,
  seq: number,
  emoji: string,
): Promise<void> {
  if (!isEmoji(emoji)) throw new Refusal("message_invalid", (t) => t.oneEmoji);
  await inRoom(app, actor, room, "message.react", async (transaction) => {
    const { tx, recordEvent, actor: person } = transaction;
    await assertMaySpeakNow(app, transaction, { isReaction: true });
    await requireMessage(tx, room, seq);
    const { kinds, isKnown, isOwn } = await readReactions(tx, room, seq, emoji, actor.id);
    if (isOwn) return;
    if (!isKnown && kinds >= reactionsPerMessageMax)
      throw new Refusal("too_many", (t) => t.tooManyReactions(reactionsPerMessageMax));
    const event = await recordEvent({ room, type: "reaction.added", actor: person, target: seq, emoji });
    await insertReaction(tx, room, seq, emoji, actor.id, event.seq);
  });
}

/** Takes one's reaction back. */
export async function removeReaction(
  app: RoomNeeds,
  actor: Actor,
  room: RoomId,
  seq: number,
  emoji: string,
): Promise<void> {
  if (!isEmoji(emoji)) throw new Refusal("message_invalid", (t) => t.oneEmoji);
  await inRoom(app, actor, room, "message.react", async ({ tx, recordEvent, actor: person }) => {
    await requireMessage(tx, room, seq);
    if (await deleteReaction(tx, room, seq, emoji, actor.id))
      await recordEvent({ room, type: "reaction.removed", actor: person, target: seq, emoji });
  });
}

/** Pins a message to the room, or takes the pin out. Refuses with `too_many`. */
export async function pinMessage(
  app: RoomNeeds,
  actor: Actor,
  room: RoomId,
  seq: number,
  isPinned: boolean,
): Promise<void> {
  await inRoom(app, actor, room, "message.pin", async (transaction) => {
    const { tx, recordEvent, actor: person } = transaction;
    await assertMaySpeakNow(app, transaction);
    const message = await requireMessage(tx, room, seq);
    if (message.isPinned === isPinned) return;
    if (isPinned && (await countPins(tx, room)) >= pinsPerRoomMax)
      throw new Refusal("too_many", (t) => t.tooManyPins(pinsPerRoomMax));
    await setPinned(tx, room, seq, isPinned ? app.clock.now() : null);
    await recordEvent({
      room,
      type: isPinned ? "message.pinned" : "message.unpinned",
      actor: person,
      target: seq,
    });
  });
}

/** The message at a place of a room. Refuses with `message_gone`. */
export async function requireMessage(sql: Sql, room: RoomId, seq: number): Promise<StoredMessage> {
  const message = await findMessage(sql, room, seq);
  if (!message) throw new Refusal("message_gone", (t) => t.messageGone);
  return message;
}
