import type { FieldsOf } from "@novax/protocol/commands";
import type { PollState } from "@novax/protocol/entities";
import type { Actor } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";
import { assertMaySpeakNow, inRoom } from "../rooms/in-room.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { readPollState, requirePoll } from "./poll.ts";
import { replaceVote } from "./queries.ts";

/**
 * Votes in a poll, replacing the actor's earlier vote. Returns the poll's votes. Refuses as `inRoom` and
 * `assertMaySpeakNow` do, with `message_gone`, `poll_closed`, and with `message_invalid` for choices the poll does not
 * have or allow.
 */
export async function votePoll(
  app: TransactionNeeds,
  actor: Actor,
  { room, seq, choices }: FieldsOf<"poll.vote">,
): Promise<{ poll: PollState }> {
  return inRoom(app, actor, { room, right: "poll.vote" }, async (transaction) => {
    const { sql, record, actor: person } = transaction;
    await assertMaySpeakNow(app, transaction, { isReaction: true });
    const message = await requirePoll(sql, room, seq);
    const { body } = message;
    const isOver = body.closesAt !== null && body.closesAt <= app.clock.now();
    if (message.pollClosedAt !== null || isOver) throw new Refusal("poll_closed", (t) => t.pollClosed);
    const chosen = [...new Set(choices)];
    if (chosen.some((choice) => choice >= body.choices.length) || (chosen.length > 1 && !body.isMultiple))
      throw new Refusal("message_invalid", (t) => t.noChoice);
    const isNew = await replaceVote(sql, { room, seq, account: actor.id, choices: chosen });
    const poll = await readPollState(sql, room, message, { isClosed: false });
    if (!isNew) return { poll };
    const { counts, isClosed } = poll;
    // In an anonymous poll the event must not name the voter, so its actor is the poll's author.
    const by = body.isAnonymous ? message.sender : person;
    const vote = body.isAnonymous ? {} : { choices: chosen };
    await record({ room, type: "poll.changed", actor: by, target: seq, counts, isClosed, ...vote });
    return { poll };
  });
}
