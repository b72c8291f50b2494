import type { FieldsOf } from "@novax/protocol/commands";
import type { AccountId } from "@novax/protocol/ids";
import { blockedPeopleMax } from "@novax/protocol/limits";
import type { Actor } from "../auth/sessions.ts";
import { lockLimitsOf } from "../db/lock-queries.ts";
import { assertInFuture } from "../lib/assert-future.ts";
import { Refusal } from "../lib/refusal.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import {
  countBlocks,
  deleteBlock,
  insertBlock,
  setDndUntil,
  setNotifiesOf,
  setQuietHours,
  setSharesReadReceipts,
  setStatus,
} from "./queries.ts";
import { requirePerson } from "./require-person.ts";

type Needs = Pick<TransactionNeeds, "db" | "bus" | "clock">;

// Settings a person makes for themselves: what others see beside their name, and who can reach them.

/** Sets the actor's status until a time, or without an end. Refuses with `time_invalid`. */
export async function changeStatus(app: Needs, actor: Actor, status: FieldsOf<"status.set">): Promise<void> {
  if (status.until !== null) assertInFuture(status.until, app.clock.now());
  await setStatus(app.db.sql, actor.id, status);
  publishProfileChange(app, actor.id);
}

/** Changes the hours in which nothing notifies the actor. Null: none. */
export async function changeQuietHours(
  app: Needs,
  actor: Actor,
  { hours }: FieldsOf<"quiet_hours.set">,
): Promise<void> {
  await setQuietHours(app.db.sql, actor.id, hours);
  publishProfileChange(app, actor.id);
}

/** Turns do not disturb on until a time. Null turns it off. Refuses with `time_invalid`. */
export async function setDoNotDisturb(
  app: Needs,
  actor: Actor,
  { until }: FieldsOf<"dnd.set">,
): Promise<void> {
  if (until !== null) assertInFuture(until, app.clock.now());
  await setDndUntil(app.db.sql, actor.id, until);
  publishProfileChange(app, actor.id);
}

/**
 * Turns read receipts on or off. While off, others do not see what the actor has read, and the actor does not see what
 * they have.
 */
export async function setReadReceipts(
  app: Needs,
  actor: Actor,
  { isShared }: FieldsOf<"read_receipts.set">,
): Promise<void> {
  await setSharesReadReceipts(app.db.sql, actor.id, isShared);
  publishProfileChange(app, actor.id);
}

/** Chooses what notifies the actor besides messages to them. What is left out stays as it is. */
export async function setNotifications(
  app: Needs,
  actor: Actor,
  choice: FieldsOf<"notifications.set">,
): Promise<void> {
  await setNotifiesOf(app.db.sql, actor.id, choice);
  publishProfileChange(app, actor.id);
}

/**
 * Blocks a person: neither can message the other directly or meet them in a new group, the person's messages no longer
 * mention the actor, and the person does not see the actor's presence, status, typing and read receipts.
 * Refuses with `not_found`.
 */
export async function blockPerson(
  app: Needs,
  actor: Actor,
  { person: id }: FieldsOf<"person.block">,
): Promise<void> {
  if (id === actor.id) throw new Refusal("not_found", (t) => t.notOneself);
  await requirePerson(app.db.sql, actor, id);
  await app.db.transact(async (sql) => {
    await lockLimitsOf(sql, [actor.id]);
    if ((await countBlocks(sql, actor.id)) >= blockedPeopleMax)
      throw new Refusal("too_many", (t) => t.tooManyBlocked(blockedPeopleMax));
    await insertBlock(sql, { blocker: actor.id, blocked: id, at: app.clock.now() });
  });
  app.bus.publish({ kind: "blocks_changed", blocked: id });
  publishProfileChange(app, actor.id);
}

export async function unblockPerson(
  app: Needs,
  actor: Actor,
  { person: id }: FieldsOf<"person.unblock">,
): Promise<void> {
  await deleteBlock(app.db.sql, actor.id, id);
  app.bus.publish({ kind: "blocks_changed", blocked: id });
  publishProfileChange(app, actor.id);
}

/** Notifies every process and the person's own devices that their profile has changed. */
export function publishProfileChange(app: Pick<Needs, "bus">, account: AccountId): void {
  app.bus.publish({ kind: "profile_changed", account });
  const signal = { type: "me.changed", part: "profile" } as const;
  app.bus.publish({ kind: "account_signal", account, signal });
}
