import type { FieldsOf } from "@novax/protocol/commands";
import type { AccountId } from "@novax/protocol/ids";
import { reactionsPerMessageMax } from "@novax/protocol/limits";
import { customEmojiName, isEmoji } from "@novax/protocol/text";
import type { Actor } from "../auth/sessions.ts";
import type { BusMessage } from "../bus/bus.ts";
import type { Sql } from "../db/database.ts";
import type { CustomEmoji } from "../emoji/custom-emoji.ts";
import { Refusal } from "../lib/refusal.ts";
import { assertMaySpeakNow, inRoom } from "../rooms/in-room.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { findMessage } from "./queries.ts";
import { deleteReaction, insertReaction, readReactions } from "./reaction-queries.ts";
import type { ReactionStep } from "./reaction-step.ts";
import { assertThere } from "./require-message.ts";

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
  const reaction = { room, seq, emoji, account: actor.id };
  const read = (sql: Sql) => Promise.all([findMessage(sql, room, seq), readReactions(sql, reaction)]);
  await inRoom(app, actor, { room, right: "message.react", read }, async (transaction, [message, before]) => {
    const { sql, record, publishAfterCommit, actor: person } = transaction;
    await assertMaySpeakNow(app, transaction, { isReaction: true });
    const { sender } = assertThere(message);
    const { kinds, isKnown, isOwn } = before;
    if (isOwn) return;
    if (!isKnown && kinds >= reactionsPerMessageMax)
      throw new Refusal("too_many", (t) => t.tooManyReactions(reactionsPerMessageMax));
    const at = app.clock.now();
    const to = sender.id === actor.id ? null : sender.id;
    const steps = to === null ? [] : app.reactionSteps;
    await Promise.all([
      record({ room, type: "reaction.added", actor: person, target: seq, emoji }, at),
      insertReaction(sql, { ...reaction, to, at }),
      ...steps.map((step) => step(transaction, { room, seq, emoji, by: actor.id, to: to! })),
    ]);
    if (to !== null) publishAfterCommit(reactionsChange(to));
  });
}

export async function removeReaction(
  app: TransactionNeeds,
  actor: Actor,
  { room, seq, emoji }: FieldsOf<"reaction.remove">,
): Promise<void> {
  // One that the server no longer has can still be taken back.
  assertEmoji(emoji, customEmojiName(emoji) !== null);
  const reaction = { room, seq, emoji, account: actor.id };
  const read = (sql: Sql) => Promise.all([findMessage(sql, room, seq), readReactions(sql, reaction)]);
  await inRoom(app, actor, { room, right: "message.react", read }, async (transaction, [message, before]) => {
    const { sql, record, publishAfterCommit, actor: person } = transaction;
    const { sender } = assertThere(message);
    if (!before.isOwn) return;
    await Promise.all([
      deleteReaction(sql, reaction),
      record({ room, type: "reaction.removed", actor: person, target: seq, emoji }),
    ]);
    if (sender.id !== actor.id) publishAfterCommit(reactionsChange(sender.id));
  });
}

function reactionsChange(account: AccountId): BusMessage {
  return { kind: "account_signal", account, signal: { type: "me.changed", part: "reactions" } };
}

function assertEmoji(text: string, isCustom: boolean): void {
  if (!isCustom && !isEmoji(text)) throw new Refusal("message_invalid", (t) => t.oneEmoji);
}
