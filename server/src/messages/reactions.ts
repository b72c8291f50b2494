import type { FieldsOf } from "@novax/protocol/commands";
import type { AccountId } from "@novax/protocol/ids";
import { reactionsPerMessageMax } from "@novax/protocol/limits";
import { customEmojiName, isEmoji } from "@novax/protocol/text";
import type { Actor } from "../auth/sessions.ts";
import type { BusMessage } from "../bus/bus.ts";
import type { CustomEmoji } from "../emoji/custom-emoji.ts";
import { Refusal } from "../lib/refusal.ts";
import { assertMaySpeakNow, inRoom } from "../rooms/in-room.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { deleteReaction, insertReaction, readReactions } from "./reaction-queries.ts";
import type { ReactionStep } from "./reaction-step.ts";
import { requireMessage } from "./require-message.ts";

type ReactionNeeds = TransactionNeeds & {
  customEmoji: Pick<CustomEmoji, "find">;
  reactionSteps: readonly ReactionStep[];
};

// Each function refuses as `inRoom` does, with `message_gone`, and with `message_invalid` if the text is not one emoji.

/**
 * Adds the actor's reaction. If it is there already, nothing changes. Refuses as `assertMaySpeakNow` does, and with
 * `too_many` above `reactionsPerMessageMax` different emoji.
 */
export async function addReaction(
  app: ReactionNeeds,
  actor: Actor,
  { room, seq, emoji }: FieldsOf<"reaction.add">,
): Promise<void> {
  const name = customEmojiName(emoji);
  assertEmoji(emoji, name !== null && app.customEmoji.find(name) !== null);
  await inRoom(app, actor, { room, right: "message.react" }, async (transaction) => {
    const { sql, record, publishAfterCommit, actor: person } = transaction;
    await assertMaySpeakNow(app, transaction, { isReaction: true });
    const { sender } = await requireMessage(sql, room, seq);
    const reaction = { room, seq, emoji, account: actor.id };
    const { kinds, isKnown, isOwn } = await readReactions(sql, reaction);
    if (isOwn) return;
    if (!isKnown && kinds >= reactionsPerMessageMax)
      throw new Refusal("too_many", (t) => t.tooManyReactions(reactionsPerMessageMax));
    const event = await record({ room, type: "reaction.added", actor: person, target: seq, emoji });
    const to = sender.id === actor.id ? null : sender.id;
    await insertReaction(sql, { ...reaction, eventSeq: event.seq, to, at: event.at });
    if (to === null) return;
    publishAfterCommit(reactionsChange(to));
    for (const step of app.reactionSteps) await step(transaction, { room, seq, emoji, by: actor.id, to });
  });
}

export async function removeReaction(
  app: TransactionNeeds,
  actor: Actor,
  { room, seq, emoji }: FieldsOf<"reaction.remove">,
): Promise<void> {
  // One that the server no longer has can still be taken back.
  assertEmoji(emoji, customEmojiName(emoji) !== null);
  await inRoom(app, actor, { room, right: "message.react" }, async (transaction) => {
    const { sql, record, publishAfterCommit, actor: person } = transaction;
    const { sender } = await requireMessage(sql, room, seq);
    if (!(await deleteReaction(sql, { room, seq, emoji, account: actor.id }))) return;
    await record({ room, type: "reaction.removed", actor: person, target: seq, emoji });
    if (sender.id !== actor.id) publishAfterCommit(reactionsChange(sender.id));
  });
}

function reactionsChange(account: AccountId): BusMessage {
  return { kind: "account_signal", account, signal: { type: "me.changed", part: "reactions" } };
}

function assertEmoji(text: string, isCustom: boolean): void {
  if (!isCustom && !isEmoji(text)) throw new Refusal("message_invalid", (t) => t.oneEmoji);
}
