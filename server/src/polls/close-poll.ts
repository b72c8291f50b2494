import type { FieldsOf } from "@novax/protocol/commands";
import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import { mayInRoom } from "@novax/protocol/permissions";
import type { Actor } from "../auth/sessions.ts";
import { defineJob } from "../jobs/job.ts";
import { Refusal } from "../lib/refusal.ts";
import { findMessage } from "../messages/queries.ts";
import type { SendStep } from "../messages/send-step.ts";
import { inRoom } from "../rooms/in-room.ts";
import { lockRoom } from "../rooms/queries.ts";
import { type Transaction, type TransactionNeeds, transact } from "../transaction/transact.ts";
import { isPoll, type Poll, readPollState, requirePoll } from "./poll.ts";
import { setPollClosed } from "./queries.ts";

/**
 * Closes the actor's own poll, or with the right `poll.close_any` anyone's. Refuses as `inRoom` does, with
 * `message_gone`, and with `message_invalid` if the message is not a poll.
 */
export async function closePoll(
  app: TransactionNeeds,
  actor: Actor,
  { room, seq }: FieldsOf<"poll.close">,
): Promise<void> {
  await inRoom(app, actor, { room, right: "poll.vote" }, async (transaction) => {
    const poll = await requirePoll(transaction.sql, room, seq);
    const isOwn = poll.sender.id === actor.id;
    if (!isOwn && !mayInRoom(transaction.role, "poll.close_any", transaction.room.kind))
      throw new Refusal("forbidden", (t) => t.askersClose);
    if (poll.pollClosedAt !== null) return;
    await close(transaction, { room, poll, actor: transaction.actor, at: app.clock.now() });
    if (!isOwn) transaction.audit({ action: "poll.closed", subject: poll.sender, detail: `${room} #${seq}` });
  });
}

/** Closes a poll at its end time, with its author as the actor. */
export const closePollJob = defineJob(
  "poll.close",
  async (app: TransactionNeeds, { room, seq }: { room: RoomId; seq: number }) => {
    await transact(app, async (transaction) => {
      await lockRoom(transaction.sql, room);
      const poll = await findMessage(transaction.sql, room, seq);
      if (!poll || !isPoll(poll) || poll.pollClosedAt !== null) return;
      await close(transaction, { room, poll, actor: poll.sender, at: app.clock.now() });
    });
  },
);

/** Queues the closing of polls that have an end time. One statement for each poll. */
export const pollClosingStep: SendStep = {
  name: "poll closing",
  statementsMax: 512,
  concerns: ({ body }) => body.kind === "poll" && body.closesAt !== null,
  run: async ({ room, messages, queue }) => {
    for (const { seq, body } of messages)
      if (body.kind === "poll" && body.closesAt !== null)
        await queue(closePollJob, { room, seq }, { runAt: body.closesAt });
  },
};

async function close(
  { sql, record }: Pick<Transaction, "sql" | "record">,
  { room, poll, actor, at }: { room: RoomId; poll: Poll; actor: Person; at: number },
): Promise<void> {
  await setPollClosed(sql, room, poll.seq, { at });
  const { counts, isClosed } = await readPollState(sql, room, poll, { isClosed: true });
  await record({ room, type: "poll.changed", actor, target: poll.seq, counts, isClosed });
}
