import type { FieldsOf } from "@novax/protocol/commands";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { PersonalSignal } from "@novax/protocol/signals";
import type { Actor } from "../auth/sessions.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { moveReadMark, saveDraft, updatePreferences } from "./my-queries.ts";
import { findJoinedRoom } from "./queries.ts";
import { requireMembership } from "./require-membership.ts";

type Needs = Pick<TransactionNeeds, "db" | "bus" | "clock">;

// What a member keeps about a room, the same on all their devices. Each refuses with `not_found`.

/** Says that everything up to `seq` was read. A read mark that is further on stays. */
export async function markRead(
  app: Needs,
  actor: Actor,
  { room, seq }: FieldsOf<"room.mark_read">,
): Promise<void> {
  await moveMark(app, actor, { room, seq, isBack: false });
}

/** Takes the read mark back to before a message: it and all after it are unread again. */
export async function markUnread(
  app: Needs,
  actor: Actor,
  { room, seq }: FieldsOf<"room.mark_unread">,
): Promise<void> {
  await moveMark(app, actor, { room, seq: seq - 1, isBack: true });
}

/** Changes how a room is listed and notified about; what is not named stays. */
export async function setPreferences(
  app: Needs,
  actor: Actor,
  { room, ...changes }: FieldsOf<"room.set_preferences">,
): Promise<void> {
  await requireMembership(app.db.sql, actor, room);
  const preferences = await updatePreferences(app.db.sql, { room, account: actor.id, ...changes });
  if (preferences) publish(app, actor.id, { type: "preferences", room, ...preferences });
}

/** Keeps what the actor is writing in a room, for their other devices; an empty text is forgotten. */
export async function keepDraft(
  app: Needs,
  actor: Actor,
  { room, text }: FieldsOf<"draft.save">,
): Promise<void> {
  await requireMembership(app.db.sql, actor, room);
  const storable = text.toWellFormed().replaceAll("\0", "");
  await saveDraft(app.db.sql, { room, account: actor.id, text: storable, at: app.clock.now() });
  publish(app, actor.id, { type: "draft", room, text: storable });
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
