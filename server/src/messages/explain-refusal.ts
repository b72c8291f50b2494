import type { RoomId } from "@novax/protocol/ids";
import { mayInRoom } from "@novax/protocol/permissions";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { Refusal, roomNotFound } from "../lib/refusal.ts";
import { roomArchived } from "../rooms/act-in-room.ts";
import { findMembership } from "../rooms/room-queries.ts";
import { findObstacle } from "./queries.ts";
import type { MessageDraft } from "./room-writer.ts";

/**
 * Why a message was not written. The statement that writes says yes or no, so that what is allowed costs nothing more;
 * the words for a no are looked for afterwards.
 */
export async function explainRefusal(
  app: { db: Database; clock: Clock },
  roomId: RoomId,
  draft: MessageDraft,
): Promise<Refusal> {
  const { sql } = app.db;
  const membership = await findMembership(sql, { id: draft.sender.id, sessionId: draft.sessionId }, roomId);
  if (!membership) return roomNotFound();
  const { room, role, silencedUntil } = membership;
  const now = app.clock.now();
  if (room.isArchived) return roomArchived();
  if (silencedUntil !== null && silencedUntil > now) {
    const retryInMs = silencedUntil - now;
    return new Refusal("silenced", "A moderator has asked you to pause in this room.", { retryInMs });
  }
  if (!mayInRoom(role, "message.send", room.kind))
    return new Refusal("forbidden", "You can read this room, and not write in it.");
  const mayAlways = mayInRoom(role, "message.send_always", room.kind);
  if (room.posting === "moderators" && !mayAlways)
    return new Refusal("posting_restricted", "Only moderators write in this room.");
  const { isMissing, isBlocked, waitMs } = await findObstacle(sql, roomId, now, draft);
  if (isMissing) return new Refusal("message_gone", "The message that you answer is gone.");
  if (room.kind === "direct" && isBlocked) return new Refusal("blocked", "You cannot write to each other.");
  if (!mayAlways && room.slowModeSeconds > 0) {
    const retryInMs = Math.max(1000, waitMs);
    return new Refusal("slow_mode", `This room is slow: one message in ${room.slowModeSeconds} seconds.`, {
      retryInMs,
    });
  }
  // What stood in the way a moment ago no longer does.
  return new Refusal("unavailable", "That did not work. Try again.", { retryInMs: 500 });
}
