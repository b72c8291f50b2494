import type { FieldsOf } from "@novax/protocol/commands";
import { mentionsIn } from "@novax/protocol/text";
import type { Actor } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";
import type { Keywords } from "../people/keywords.ts";
import { assertMaySpeakNow, inRoom } from "../rooms/in-room.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { replaceBody } from "./change-queries.ts";
import { insertMentions, takeMentions } from "./mention-queries.ts";
import { mentionSignal } from "./mention-step.ts";
import { type ParseNeeds, parseText } from "./parse-body.ts";
import { requireMessage } from "./require-message.ts";

/**
 * Replaces the text of the actor's own message and keeps the old one as a revision. Refuses as `inRoom` and
 * `assertMaySpeakNow` do, with `forbidden` if the message is someone else's, with `message_gone`, `message_invalid` and
 * `message_filtered`.
 */
export async function editMessage(
  app: TransactionNeeds & ParseNeeds & { keywords: Pick<Keywords, "findListeners"> },
  actor: Actor,
  { room, seq, text }: FieldsOf<"message.edit">,
): Promise<void> {
  const body = parseText(app, text);
  await inRoom(app, actor, { room, right: "message.edit_own" }, async (transaction) => {
    const { sql, record, publishAfterCommit, actor: person } = transaction;
    await assertMaySpeakNow(app, transaction);
    const message = await requireMessage(sql, room, seq);
    if (message.sender.id !== actor.id) throw new Refusal("forbidden", (t) => t.authorsEdit);
    if (message.body.kind !== "text") throw new Refusal("message_invalid", (t) => t.pollNotEdited);
    if (message.body.text === body.text) return;
    const { at } = await record({ room, type: "message.edited", actor: person, target: seq, body });
    await replaceBody(sql, { room, seq, body, at });
    const before = await takeMentions(sql, room, seq);
    const { threadRoot } = message;
    const mentioning = {
      seq,
      threadRoot,
      sender: actor.id,
      names: mentionsIn(body.text).names,
      accounts: app.keywords.findListeners(body.text),
    };
    for (const { account } of await insertMentions(sql, { room, at, mentioning: [mentioning] })) {
      // People whom the message mentioned before are not notified again.
      if (before.has(account)) continue;
      publishAfterCommit({ kind: "account_signal", account, signal: mentionSignal(room, seq, threadRoot) });
    }
  });
}
