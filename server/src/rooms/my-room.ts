import type { FieldsOf } from "@novax/protocol/commands";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { PersonalSignal } from "@novax/protocol/signals";
import type { Actor } from "../auth/sessions.ts";
import { lockLimitsOf } from "../db/lock-queries.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { assertRoomForMore } from "./create-room.ts";
import { isRequest, moveReadMark, saveDraft, updatePreferences } from "./my-queries.ts";
import { findJoinedRoom } from "./queries.ts";
import { requireMembership } from "./require-membership.ts";

type Needs = Pick<TransactionNeeds, "db" | "bus" | "clock">;

// A member's own settings and marks in a room, the same on all their devices. Each function refuses with `not_found`.

/** Moves the read mark forward to `seq`. A mark that is further on stays. */
export async function markRead(
  app: Needs,
  actor: Actor,
  { room, seq }: FieldsOf<"room.mark_read">,
): Promise<void> {
  await moveMark(app, actor, { room, seq, isBack: false });
}

/** Moves the read mark back to before a message, so that it and everything after it is unread again. */
export async function markUnread(
  app: Needs,
  actor: Actor,
  { room, seq }: FieldsOf<"room.mark_unread">,
): Promise<void> {
  await moveMark(app, actor, { room, seq: seq - 1, isBack: true });
}

/**
 * Changes whether a room is starred, muted or hidden, what it notifies about, and accepts a request. Fields that are not
 * given stay as they are. Refuses with `too_many` if the actor is in too many rooms to accept another.
 */
export async function setPreferences(
  app: Needs,
  actor: Actor,
  { room, ...changes }: FieldsOf<"room.set_preferences">,
): Promise<void> {
  const wanted = { room, account: actor.id, ...changes, now: app.clock.now() };
  const preferences = await app.db.transact(async (sql) => {
    await requireMembership(sql, actor, room);
    if (changes.isRequest === false && (await isRequest(sql, room, actor.id))) {
      await lockLimitsOf(sql, [actor.id]);
      await assertRoomForMore(sql, actor.id);
    }
    return updatePreferences(sql, wanted);
  });
  if (preferences) publish(app, actor.id, { type: "preferences", room, ...preferences });
}

/** Stores the actor's draft and sends it to their other devices. An empty text deletes it. */
export async function keepDraft(
  app: Needs,
  actor: Actor,
  { room, text, threadRoot: root }: FieldsOf<"draft.save">,
): Promise<void> {
  await requireMembership(app.db.sql, actor, room);
  const storable = text.toWellFormed().replaceAll("\0", "");
  const threadRoot = root ?? null;
  const draft = { room, threadRoot, account: actor.id, text: storable, at: app.clock.now() };
  await saveDraft(app.db.sql, draft);
  const thread = threadRoot === null ? {} : { threadRoot };
  publish(app, actor.id, { type: "draft", room, ...thread, text: storable });
}

async function moveMark(
  app: Needs,
  actor: Actor,
  { room, seq, isBack }: { room: RoomId; seq: number; isBack: boolean },
): Promise<void> {
  await requireMembership(app.db.sql, actor, room);
  if (!(await moveReadMark(app.db.sql, { room, account: actor.id, seq, isBack }))) return;
  const joined = await findJoinedRoom(app.db.sql, actor.id, room);
  if (!joined) return;
  const { readSeq, unread, mentions } = joined;
  publish(app, actor.id, { type: "read", room, seq: readSeq, unread, mentions });
}

function publish(app: Needs, account: AccountId, signal: PersonalSignal): void {
  app.bus.publish({ kind: "account_signal", account, signal });
}
