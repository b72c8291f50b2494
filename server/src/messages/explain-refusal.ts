import type { RoomId } from "@novax/protocol/ids";
import { mayInRoom } from "@novax/protocol/permissions";
import type { Database } from "../db/database.ts";
import { fileGone } from "../files/receive-file.ts";
import type { Clock } from "../lib/clock.ts";
import { Refusal, roomNotFound } from "../lib/refusal.ts";
import { roomArchived } from "../rooms/in-room.ts";
import { findMembership } from "../rooms/queries.ts";
import type { MessageDraft } from "./draft.ts";
import { findObstacle } from "./queries.ts";

/**
 * Returns why a message was not inserted. The statement that inserts only says whether it did, which keeps sending
 * cheap. The reason is looked up afterwards.
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
    return new Refusal("silenced", (t) => t.silenced(Math.ceil(retryInMs / 60_000)), { retryInMs });
  }
  if (!mayInRoom(role, "message.send", room.kind)) return new Refusal("forbidden", (t) => t.readOnly);
  const mayAlways = mayInRoom(role, "message.send_always", room.kind);
  if (room.posting === "moderators" && !mayAlways)
    return new Refusal("posting_restricted", (t) => t.moderatorsWrite);
  const { isMissing, isBlocked, lacksFiles, waitMs } = await findObstacle(sql, roomId, now, draft);
  if (isMissing) return new Refusal("message_gone", (t) => t.answeredGone);
  if (room.kind === "direct" && isBlocked) return new Refusal("blocked", (t) => t.blocked);
  if (lacksFiles) return fileGone();
  if (!mayAlways && room.slowModeSeconds > 0) {
    const retryInMs = Math.max(1000, waitMs);
    return new Refusal("slow_mode", (t) => t.slowMode(room.slowModeSeconds), {
      retryInMs,
    });
  }
  // The obstacle has disappeared since the insert was refused.
  return new Refusal("unavailable", (t) => t.tryAgain, { retryInMs: 500 });
}
