import type { Person } from "@novax/protocol/entities";
import type { AccountId, RoomId, SendId, SessionId } from "@novax/protocol/ids";
import { mentionConfirmAbove } from "@novax/protocol/limits";
import { mayInRoom } from "@novax/protocol/permissions";
import { asPerson } from "@novax/protocol/person";
import { type Mentions, mentionsIn, textOf } from "@novax/protocol/text";
import type { Database } from "../db/database.ts";
import type { Uploads } from "../files/uploads.ts";
import { Refusal } from "../lib/refusal.ts";
import type { Keywords } from "../people/keywords.ts";
import type { Presence } from "../presence/presence.ts";
import { requireMembership } from "../rooms/require-membership.ts";
import { attachFiles } from "./attach-files.ts";
import { listFollowers } from "./mention-queries.ts";
import type { MessageWriter } from "./message-writer.ts";
import { type ParseNeeds, parseBody } from "./parse-body.ts";
import { findSent } from "./queries.ts";
import type { Sent } from "./send-queue.ts";

export type SendNeeds = ParseNeeds & {
  db: Database;
  uploads: Pick<Uploads, "describe">;
  messageWriter: Pick<MessageWriter, "send">;
  keywords: Pick<Keywords, "findListeners">;
  presence: Pick<Presence, "listIn">;
};

/** The sender. `sessionId` is null if the server sends on their behalf, as with scheduled messages. */
export type Sender = Person & { sessionId: SessionId | null };

export type SendFields = {
  room: RoomId;
  sendId: SendId;
  body: unknown;
  replyTo?: number | undefined;
  threadRoot?: number | undefined;
  /**
   * For a text with `@room` or `@here`: whether to mention those people. If not given, it mentions them, but is refused
   * when they are more than `mentionConfirmAbove`.
   */
  mentionsEveryone?: boolean | undefined;
};

/**
 * Sends a message to a room. Resolves once it is committed, with `duplicate` and its existing `seq` if this `sendId`
 * was sent before, whatever would be refused by now.
 *
 * Refuses with `message_invalid` and `message_filtered`; with `file_gone` and `file_unfinished` for files that cannot be sent;
 * with `confirmation_required` if it mentions more than
 * `mentionConfirmAbove` people at once; with what the inserting transaction checks: `not_found`, `forbidden`,
 * `room_archived`, `posting_restricted`, `silenced`, `slow_mode`, `blocked` and `message_gone`; with `unavailable` if
 * it is unknown whether it was stored (send it again with the same `sendId`); and with `storage_full`.
 */
export async function sendMessage(app: SendNeeds, sender: Sender, fields: SendFields): Promise<Sent> {
  try {
    return await sendNow(app, sender, fields);
  } catch (error) {
    // It may have been stored by a send whose answer was lost. What has changed since, such as a removal, a deleted file or a
    // blocked word, does not undo it.
    const isFinal = error instanceof Refusal && error.code !== "unavailable";
    const seq = isFinal ? await findSent(app.db.sql, sender.id, fields).catch(() => null) : null;
    if (seq === null) throw error;
    return { kind: "duplicate", seq };
  }
}

async function sendNow(app: SendNeeds, sender: Sender, fields: SendFields): Promise<Sent> {
  const body = await attachFiles(app, sender, parseBody(app, fields.body));
  const text = textOf(body);
  const mentions = mentionsIn(text);
  const group = await resolveGroupMentions(app, sender, fields, mentions);
  return app.messageWriter.send(fields.room, {
    sender: asPerson(sender),
    sessionId: sender.sessionId,
    sendId: fields.sendId,
    body,
    replyTo: fields.replyTo ?? null,
    threadRoot: fields.threadRoot ?? null,
    mentionsEveryone: group.everyone,
    names: mentions.names,
    accounts: [...new Set([...group.some, ...app.keywords.findListeners(text)])],
  });
}

/**
 * Returns who `@room` and `@here` mention. In a thread they only mention its followers. From members without the right
 * `mention.everyone`, and in direct rooms, they are plain text.
 */
async function resolveGroupMentions(
  app: SendNeeds,
  sender: Sender,
  fields: SendFields,
  mentions: Mentions,
): Promise<{ everyone: boolean; some: readonly AccountId[] }> {
  const none = { everyone: false, some: [] };
  if (!(mentions.room || mentions.here) || fields.mentionsEveryone === false) return none;
  const { sessionId } = sender;
  const viewer = sessionId === null ? { id: sender.id } : { id: sender.id, sessionId };
  const { room, role } = await requireMembership(app.db.sql, viewer, fields.room);
  if (!mayInRoom(role, "mention.everyone", room.kind)) return none;
  const isInThread = fields.threadRoot !== undefined;
  const followers = isInThread
    ? await listFollowers(app.db.sql, room.id, { roots: [fields.threadRoot!], limit: null })
    : [];
  const present = new Set(mentions.here ? await app.presence.listIn(room.id) : []);
  const some = isInThread ? followers.filter((id) => mentions.room || present.has(id)) : [...present];
  const everyone = mentions.room && !isInThread;
  // The sender is not counted.
  const count = (everyone ? room.memberCount : some.length) - (everyone || some.includes(sender.id) ? 1 : 0);
  if (count > mentionConfirmAbove && fields.mentionsEveryone !== true)
    throw new Refusal("confirmation_required", (t) => t.callsMany(count));
  return { everyone, some };
}
