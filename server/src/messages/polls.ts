import type { PollState } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import { mayInRoom } from "@novax/protocol/permissions";
import type { Actor } from "../auth/sessions.ts";
import type { Sql } from "../db/database.ts";
import { transactWithEvents } from "../events/record-events.ts";
import { Refusal } from "../lib/refusal.ts";
import { assertMaySpeakNow, inRoom, type RoomNeeds } from "../rooms/in-room.ts";
import { lockRoom } from "../rooms/room-queries.ts";
import { requireMessage } from "./change-message.ts";
import {
  findMessage,
  readPollStates,
  replaceVote,
  type StoredMessage,
  setPollClosed,
} from "./change-queries.ts";

type Poll = StoredMessage & { body: Extract<StoredMessage["body"], { kind: "poll" }> };

/**
 * Chooses in a poll; what one chose before is replaced. Answers how the poll stands. Refuses with `message_gone`,
 * `poll_closed`, and with `message_invalid` choices that the poll does not have or allow.
 */
export async function votePoll(
  app: RoomNeeds,
  actor: Actor,
  room: RoomId,
  seq: number,
  choices: readonly number[],
): Promise<PollState> {
  return inRoom(app, actor, room, "poll.vote", async (transaction) => {
    const { tx, recordEvent, actor: person } = transaction;
    await assertMaySpeakNow(app, transaction, { isReaction: true });
    const message = await requirePoll(tx, room, seq);
    const { body } = message;
    if (hasClosed(message, app.clock.now())) throw new Refusal("poll_closed", (t) => t.pollClosed);
    const chosen = [...new Set(choices)];
    if (chosen.some((choice) => choice >= body.choices.length) || (chosen.length > 1 && !body.isMultiple))
      throw new Refusal("message_invalid", (t) => t.noChoice);
    await replaceVote(tx, room, seq, actor.id, chosen);
    const poll = await readState(tx, room, message, false);
    // Where nobody is to know who chose, the event says that it changed, in the name of whoever asked.
    const by = body.isAnonymous ? message.sender : person;
    const { counts, isClosed } = poll;
    const myChoices = body.isAnonymous ? {} : { choices: chosen };
    await recordEvent({ room, type: "poll.changed", actor: by, target: seq, counts, isClosed, ...myChoices });
    return poll;
  });
}

/** Closes one's own poll; with the right to it, anybody's. */
export async function closePoll(app: RoomNeeds, actor: Actor, room: RoomId, seq: number): Promise<void> {
  await inRoom(
    app,
    actor,
    room,
    "poll.vote",
    async ({ tx, recordEvent, actor: person, role, room: { kind } }) => {
      const message = await requirePoll(tx, room, seq);
      if (message.sender.id !== actor.id && !mayInRoom(role, "poll.close_any", kind))
        throw new Refusal("forbidden", (t) => t.askersClose);
      if (message.pollClosedAt !== null) return;
      await setPollClosed(tx, room, seq, app.clock.now());
      const poll = await readState(tx, room, message, true);
      const { counts, isClosed } = poll;
      await recordEvent({ room, type: "poll.changed", actor: person, target: seq, counts, isClosed });
    },
  );
}

/** The job that closes a poll whose time has come. */
export async function closeDuePoll(
  app: RoomNeeds,
  { room, seq }: { room: RoomId; seq: number },
): Promise<void> {
  await transactWithEvents(app, async (tx, recordEvent) => {
    await lockRoom(tx, room);
    const message = await findMessage(tx, room, seq);
    if (message?.body.kind !== "poll" || message.pollClosedAt !== null) return;
    await setPollClosed(tx, room, seq, app.clock.now());
    const poll = await readState(tx, room, message as Poll, true);
    const { counts, isClosed } = poll;
    await recordEvent({ room, type: "poll.changed", actor: message.sender, target: seq, counts, isClosed });
  });
}

async function requirePoll(tx: Sql, room: RoomId, seq: number): Promise<Poll> {
  const message = await requireMessage(tx, room, seq);
  if (message.body.kind !== "poll") throw new Refusal("message_invalid", (t) => t.noPoll);
  return message as Poll;
}

function hasClosed(message: Poll, now: number): boolean {
  return message.pollClosedAt !== null || (message.body.closesAt !== null && message.body.closesAt <= now);
}

async function readState(tx: Sql, room: RoomId, message: Poll, isClosed: boolean): Promise<PollState> {
  const { seq, body } = message;
  const poll = { seq, choices: body.choices.length, isAnonymous: body.isAnonymous, isClosed };
  return (await readPollStates(tx, room, [poll])).get(seq)!;
}
