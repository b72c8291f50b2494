import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import { mayInRoom, type RoomAction } from "@novax/protocol/permissions";
import { asPerson } from "@novax/protocol/person";
import type { AuditDraft } from "../audit/audit-log.ts";
import type { Actor } from "../auth/sessions.ts";
import type { Sql } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import { hasBlockWithin } from "../people/queries.ts";
import { type Transaction, type TransactionNeeds, transact } from "../transaction/transact.ts";
import { inTurn } from "./in-turn.ts";
import { lockRoom, type Membership } from "./queries.ts";
import { requireMembership } from "./require-membership.ts";

/** A transaction in a room, with the actor's membership. */
export type RoomTransaction = Omit<Transaction, "audit"> &
  Membership & {
    actor: Person;
    /** As in `Transaction`, with the actor filled in. */
    audit(draft: Omit<AuditDraft, "actor">): void;
  };

/** The rights that still apply in an archived room. */
const allowedInArchive: readonly RoomAction[] = [
  "room.read",
  "room.leave",
  "room.archive",
  "message.report",
  "message.delete_own",
  "member.remove",
];

/**
 * Runs work in a room as one transaction, for a member who has the right to it.
 *
 * The room's row is locked first, so the membership read after it still holds at the commit: no one acts after their
 * removal, their demotion or the end of their session. Refuses with `not_found`, `forbidden` and `room_archived`, and as
 * {@link inTurn} does.
 *
 * All others who do something in the room wait meanwhile, so `work` should need few round trips: `read` is asked together with the lock,
 * and what is written should be sent at once (`Promise.all`); on one connection it runs in that order.
 */
export async function inRoom<T, R = undefined>(
  app: TransactionNeeds,
  actor: Actor,
  { room, right, read }: { room: RoomId; right: RoomAction; read?: (sql: Sql) => Promise<R> },
  work: (transaction: RoomTransaction, found: R) => Promise<T>,
): Promise<T> {
  return inTurn(app.db, room, () =>
    transact(app, async (transaction) => {
      // On one connection they run in order, and the later ones see what the first has waited for.
      const [, membership, found] = await Promise.all([
        lockRoom(transaction.sql, room),
        requireMembership(transaction.sql, actor, room),
        read?.(transaction.sql),
      ]);
      assertMayInRoom(membership, right);
      if (membership.room.isArchived && !allowedInArchive.includes(right)) throw roomArchived();
      const own: RoomTransaction = {
        ...transaction,
        ...membership,
        actor: asPerson(actor),
        audit: (draft) => transaction.audit({ ...draft, actor }),
      };
      return work(own, found as R);
    }),
  );
}

/** Asserts a right in a room. Refuses with `forbidden`. */
export function assertMayInRoom({ role, room }: Pick<Membership, "role" | "room">, right: RoomAction): void {
  if (!mayInRoom(role, right, room.kind)) throw new Refusal("forbidden", (t) => t.notInThisRoom);
}

/**
 * Asserts that a member can speak now, be it with an edit, a topic, a pin or a reaction. Refuses with `silenced`,
 * `posting_restricted` and `blocked`. New messages are not checked here but by `insertMessages`, many at a time.
 * `isReaction`: it has no words, so it is allowed where only moderators can post.
 */
export async function assertMaySpeakNow(
  app: Pick<TransactionNeeds, "clock">,
  { sql, actor, room, role, silencedUntil }: RoomTransaction,
  { isReaction = false } = {},
): Promise<void> {
  const now = app.clock.now();
  if (silencedUntil !== null && silencedUntil > now) throw silenced(silencedUntil - now);
  if (!isReaction && room.posting === "moderators" && !mayInRoom(role, "message.send_always", room.kind))
    throw new Refusal("posting_restricted", (t) => t.moderatorsWrite);
  if (room.kind === "direct" && (await hasBlockWithin(sql, room.id, actor.id)))
    throw new Refusal("blocked", (t) => t.blocked);
}

function silenced(retryInMs: number): Refusal {
  return new Refusal("silenced", (t) => t.silenced(Math.ceil(retryInMs / 60_000)), { retryInMs });
}

export function roomArchived(): Refusal {
  return new Refusal("room_archived", (t) => t.roomArchived);
}
