import type { Person } from "@novax/protocol/entities";
import { type DraftBody, draftBodySchema } from "@novax/protocol/entities";
import type { AccountId, RoomId, SendId, SessionId } from "@novax/protocol/ids";
import { mentionConfirmAbove, scheduleAheadMsMax } from "@novax/protocol/limits";
import { mayInRoom } from "@novax/protocol/permissions";
import { asPerson } from "@novax/protocol/person";
import type { PresenceState } from "@novax/protocol/signals";
import { type Mentions, mentionsIn, textOf } from "@novax/protocol/text";
import { type Database, isStorageFull } from "../db/database.ts";
import type { JobNeeds } from "../jobs/queue.ts";
import { queueJob } from "../jobs/queue.ts";
import { Refusal } from "../lib/refusal.ts";
import { requireMembership } from "../rooms/memberships.ts";
import type { WordLists } from "../rooms/word-lists.ts";
import { listFollowers } from "./collections-queries.ts";
import type { RoomWriters, Sent } from "./room-writer.ts";

export type SendNeeds = JobNeeds & {
  db: Database;
  roomWriters: RoomWriters;
  wordLists: WordLists;
  /** Who is connected at this moment: in a room, or somebody. What knows it is above messages, so it is handed in. */
  here: {
    list: (room: RoomId) => Promise<readonly AccountId[]>;
    stateOf: (account: AccountId) => PresenceState | null;
  };
};

/** Whoever sends; null: the server itself sends what somebody told it to send. */
export type Sender = Person & { sessionId: SessionId | null };

export type SendDraft = {
  room: RoomId;
  sendId: SendId;
  body: unknown;
  replyTo?: number | undefined;
  threadRoot?: number | undefined;
  /** Of a text that calls everybody: on purpose, or not at all. Not said: refused where they are many. */
  mentionsEveryone?: boolean | undefined;
};

/**
 * Sends a message to a room. Resolves when it is stored for good: `duplicate` when this `sendId` was sent before, with
 * the place it has had since.
 *
 * Refuses with `message_invalid` and `message_filtered`; with `confirmation_required` what would call many people at
 * once; with what stands in the way of writing here, checked in the transaction that writes: `not_found`, `forbidden`,
 * `room_archived`, `posting_restricted`, `silenced`, `slow_mode`, `blocked`, `message_gone`; with `unavailable` when it
 * is not known whether it was stored (send it again, with the same `sendId`), and `storage_full`.
 */
export async function sendMessage(app: SendNeeds, sender: Sender, draft: SendDraft): Promise<Sent> {
  const body = parseBody(app, draft.body);
  const text = textOf(body);
  const mentions = mentionsIn(text);
  const mentioned = await resolveGroupMentions(app, sender, draft, mentions);
  try {
    const sent = await app.roomWriters.send(draft.room, {
      sender: asPerson(sender),
      sessionId: sender.sessionId,
      sendId: draft.sendId,
      body,
      replyTo: draft.replyTo ?? null,
      threadRoot: draft.threadRoot ?? null,
      mentionsEveryone: mentioned.all,
      names: mentions.names,
      accounts: [...new Set([...mentioned.some, ...app.wordLists.findListeners(text)])],
    });
    if (sent.kind === "sent" && body.kind === "poll" && body.closesAt !== null)
      // The message is stored: what fails now must not say otherwise. A vote that comes too late is refused anyway.
      await queuePollClosing(app, draft.room, sent.seq, body.closesAt).catch(() => {});
    return sent;
  } catch (error) {
    if (isStorageFull(error)) throw new Refusal("storage_full", (t) => t.diskFull);
    throw error;
  }
}

/** A body that may stand in a message. Refuses with `message_invalid` and `message_filtered`. */
export function parseBody(app: Pick<SendNeeds, "clock" | "wordLists">, unknown: unknown): DraftBody {
  const parsed = draftBodySchema.safeParse(unknown);
  if (!parsed.success)
    throw new Refusal("message_invalid", (t) => t.cannotBeSent(parsed.error.issues[0]!.message));
  const body = parsed.data;
  const words = body.kind === "poll" ? [body.question, ...body.choices].join("\n") : body.text;
  if (body.kind === "poll") {
    const now = app.clock.now();
    if (new Set(body.choices).size < body.choices.length)
      throw new Refusal("message_invalid", (t) => t.sameChoices);
    if (body.closesAt !== null && (body.closesAt <= now || body.closesAt > now + scheduleAheadMsMax))
      throw new Refusal("message_invalid", (t) => t.pollTime);
  }
  app.wordLists.assertNotFiltered(words);
  return body;
}

/**
 * Whom `@room` and `@here` call; in a thread, of those who follow it. Who may not call everybody, and in direct rooms,
 * has written a word and no more.
 */
async function resolveGroupMentions(
  app: SendNeeds,
  sender: Sender,
  draft: SendDraft,
  mentions: Mentions,
): Promise<{ all: boolean; some: readonly AccountId[] }> {
  const nobody = { all: false, some: [] };
  if (!(mentions.room || mentions.here) || draft.mentionsEveryone === false) return nobody;
  const { sessionId } = sender;
  const viewer = sessionId === null ? { id: sender.id } : { id: sender.id, sessionId };
  const { room, role } = await requireMembership(app.db.sql, viewer, draft.room);
  if (!mayInRoom(role, "mention.everyone", room.kind)) return nobody;
  const isInThread = draft.threadRoot !== undefined;
  const followers = isInThread ? await listFollowers(app.db.sql, room.id, [draft.threadRoot!]) : [];
  const here = mentions.here ? await app.here.list(room.id) : [];
  const some = isInThread ? followers.filter((id) => mentions.room || here.includes(id)) : here;
  const all = mentions.room && !isInThread;
  // Whoever calls is not called.
  const count = (all ? room.memberCount : some.length) - (all || some.includes(sender.id) ? 1 : 0);
  if (count > mentionConfirmAbove && draft.mentionsEveryone !== true)
    throw new Refusal("confirmation_required", (t) => t.callsMany(count));
  return { all, some };
}

/** It closes by itself. Lost with a crash at this very moment, it is closed when somebody votes too late. */
async function queuePollClosing(app: SendNeeds, room: RoomId, seq: number, runAt: number): Promise<void> {
  await app.db.transact((tx) => queueJob(app, tx, "poll.close", { room, seq }, { runAt }));
}
