import type { PollBody, PollState } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import { readPollStates } from "../messages/poll-queries.ts";
import type { StoredMessage } from "../messages/queries.ts";
import { requireMessage } from "../messages/require-message.ts";

export type Poll = StoredMessage & { body: PollBody };

export function isPoll(message: StoredMessage): message is Poll {
  return message.body.kind === "poll";
}

/** Returns a message that is a poll. Refuses with `message_gone`, and with `message_invalid` if it is not a poll. */
export async function requirePoll(tx: Sql, room: RoomId, seq: number): Promise<Poll> {
  const message = await requireMessage(tx, room, seq);
  if (!isPoll(message)) throw new Refusal("message_invalid", (t) => t.noPoll);
  return message;
}

/** Returns the votes of a poll. `isClosed` is passed on as given. */
export async function readPollState(
  tx: Sql,
  room: RoomId,
  { seq, body }: Poll,
  { isClosed }: { isClosed: boolean },
): Promise<PollState> {
  const poll = { seq, choices: body.choices.length, isAnonymous: body.isAnonymous, isClosed };
  return (await readPollStates(tx, room, [poll])).get(seq)!;
}
