import type { RoomId } from "@novax/protocol/ids";
import { mayInRoom, type RoomAction } from "@novax/protocol/permissions";
import { asPerson } from "@novax/protocol/person";
import { type AuditDraft, recordAudit } from "../audit/audit-log.ts";
import type { Actor } from "../auth/sessions.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database, Sql } from "../db/database.ts";
import { type PublishAfterCommit, type RecordEvent, transactWithEvents } from "../events/record-events.ts";
import type { Clock } from "../lib/clock.ts";
import { Refusal } from "../lib/refusal.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import { requireMembership } from "./memberships.ts";
import { hasBlockWithin } from "./people-queries.ts";
import { lockRoom, type Membership } from "./room-queries.ts";

export type RoomNeeds = { db: Database; bus: Bus; clock: Clock; secret: ServerSecret };

/** One transaction in a room, by somebody who may. */
export type RoomTransaction = Membership & {
  tx: Sql;
  actor: ReturnType<typeof asPerson>;
  recordEvent: RecordEvent;
  publishAfterCommit: PublishAfterCommit;
  /** Entered into the audit log as the last thing of the transaction. */
  audit: (draft: Omit<AuditDraft, "actor">) => void;
};

/** What can still be done in a room that was put away. */
const doneInArchive: readonly RoomAction[] = [
  "room.read",
  "room.leave",
  "room.archive",
  "message.report",
  "message.delete_own",
  "message.delete_any",
  "report.resolve",
  "member.remove",
];

/**
 * Does something in a room, all of it or nothing, by somebody who is in it and has the right to it.
 *
 * The room's row is locked first. The membership read after it is the one that holds when this commits: nobody acts
 * after their removal, their demotion or the end of their session. Refuses with `not_found`, `forbidden` and
 * `room_archived`.
 */
export async function inRoom<T>(
  app: RoomNeeds,
  actor: Actor,
  room: RoomId,
  right: RoomAction,
  work: (transaction: RoomTransaction) => Promise<T>,
): Promise<T> {
  return transactWithEvents(app, async (tx, recordEvent, publishAfterCommit) => {
    await lockRoom(tx, room);
    const membership = await requireMembership(tx, actor, room);
    assertMayInRoom(membership, right);
    if (membership.room.isArchived && !doneInArchive.includes(right)) throw roomArchived();
    const entries: AuditDraft[] = [];
    const result = await work({
      ...membership,
      tx,
      actor: asPerson(actor),
      recordEvent,
      publishAfterCommit,
      audit: (draft) => entries.push({ ...draft, actor }),
    });
    for (const entry of entries) await recordAudit(app, tx, entry);
    return result;
  });
}

/** Asserts a right in a room. Refuses with `forbidden`. */
export function assertMayInRoom({ role, room }: Membership, right: RoomAction): void {
  if (!mayInRoom(role, right, room.kind)) {
    throw new Refusal("forbidden", (t) => t.notInThisRoom);
  }
}

/**
 * Asserts that nothing keeps a member from saying something at this moment, in whatever way: with an edit, a topic, a
 * pin or a reaction. Refuses with `silenced`, `posting_restricted` and `blocked`. New messages are looked at where they
 * are written, many at a time. `isReaction`: no words, so it is free where only some may write.
 */
export async function assertMaySpeakNow(
  app: RoomNeeds,
  { tx, actor, room, role, silencedUntil }: RoomTransaction,
  { isReaction = false } = {},
): Promise<void> {
  const now = app.clock.now();
  if (silencedUntil !== null && silencedUntil > now)
    throw new Refusal("silenced", (t) => t.silenced(Math.ceil((silencedUntil - now) / 60_000)), {
      retryInMs: silencedUntil - now,
    });
  if (!isReaction && room.posting === "moderators" && !mayInRoom(role, "message.send_always", room.kind))
    throw new Refusal("posting_restricted", (t) => t.moderatorsWrite);
  if (room.kind === "direct" && (await hasBlockWithin(tx, room.id, actor.id)))
    throw new Refusal("blocked", (t) => t.blocked);
}

export function roomArchived(): Refusal {
  return new Refusal("room_archived", (t) => t.roomArchived);
}
