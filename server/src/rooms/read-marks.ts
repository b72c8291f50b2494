import type { NotificationLevel } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { Actor } from "../auth/sessions.ts";
import type { RoomNeeds } from "./in-room.ts";
import { moveReadMark, requireMembership } from "./memberships.ts";
import { findJoinedRoom, saveDraft, updatePreferences } from "./room-queries.ts";

// What a member keeps about a room, the same on all their devices. Each refuses with `not_found`.

/** Says that everything up to `seq` was read. A mark that stands further stays. */
export async function markRead(app: RoomNeeds, actor: Actor, room: RoomId, seq: number): Promise<void> {
  await requireMembership(app.db.sql, actor, room);
  if (await moveReadMark(app.db.sql, room, actor.id, seq, false)) await publishReadMark(app, actor, room);
}

/** Takes the mark back to before a message: it and all after it are unread again. */
export async function markUnread(app: RoomNeeds, actor: Actor, room: RoomId, seq: number): Promise<void> {
  await requireMembership(app.db.sql, actor, room);
  if (await moveReadMark(app.db.sql, room, actor.id, seq - 1, true)) await publishReadMark(app, actor, room);
}

/** Changes what one wants of a room; what is not named stays. */
export async function setPreferences(
  app: RoomNeeds,
  actor: Actor,
  room: RoomId,
  changes: {
    isStarred?: boolean | undefined;
    isMuted?: boolean | undefined;
    notify?: NotificationLevel | undefined;
  },
): Promise<void> {
  await requireMembership(app.db.sql, actor, room);
  const now = await updatePreferences(app.db.sql, room, actor.id, changes);
  if (now)
    app.bus.publish({
      kind: "account_signal",
      account: actor.id,
      signal: { type: "preferences", room, ...now },
    });
}

/** Keeps what one is writing in a room. */
export async function keepDraft(app: RoomNeeds, actor: Actor, room: RoomId, text: string): Promise<void> {
  await requireMembership(app.db.sql, actor, room);
  const kept = text.toWellFormed().replaceAll("\0", "");
  await saveDraft(app.db.sql, room, actor.id, kept, app.clock.now());
  app.bus.publish({ kind: "account_signal", account: actor.id, signal: { type: "draft", room, text: kept } });
}

async function publishReadMark(app: RoomNeeds, actor: Actor, room: RoomId): Promise<void> {
  const own = await findJoinedRoom(app.db.sql, actor.id, room);
  if (!own) return;
  const { readSeq, unread, mentions } = own;
  app.bus.publish({
    kind: "account_signal",
    account: actor.id,
    signal: { type: "read", room, seq: readSeq, unread, mentions },
  });
}
