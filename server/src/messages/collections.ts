import type { RoomId, SendId } from "@novax/protocol/ids";
import { remindersPerPersonMax, scheduleAheadMsMax, scheduledPerPersonMax } from "@novax/protocol/limits";
import type { Actor } from "../auth/sessions.ts";
import { finishJob, type JobNeeds, queueJob } from "../jobs/queue.ts";
import { Refusal } from "../lib/refusal.ts";
import { inRoom, type RoomNeeds } from "../rooms/in-room.ts";
import { requireMembership } from "../rooms/memberships.ts";
import { requireMessage } from "./change-message.ts";
import {
  countScheduled,
  deleteReminder,
  deleteSaved,
  deleteScheduled,
  findScheduled,
  insertReminder,
  insertSaved,
  insertScheduled,
  raiseThreadMark,
  refuseScheduled,
  setFollowed,
  takeDueReminder,
} from "./collections-queries.ts";
import { parseBody, type SendNeeds, sendMessage } from "./send-message.ts";

// What a person keeps of messages for themselves: nobody else sees any of it.

/** Keeps a message in one's list. Refuses with `not_found` and `message_gone`. */
export async function saveMessage(app: RoomNeeds, actor: Actor, room: RoomId, seq: number): Promise<void> {
  await requireMembership(app.db.sql, actor, room);
  await requireMessage(app.db.sql, room, seq);
  await insertSaved(app.db.sql, actor.id, room, seq, app.clock.now());
  publishMyChange(app, actor, "saved");
}

export async function unsaveMessage(app: RoomNeeds, actor: Actor, room: RoomId, seq: number): Promise<void> {
  await deleteSaved(app.db.sql, actor.id, room, seq);
  publishMyChange(app, actor, "saved");
}

/** Wants to hear of the answers in a thread, or no longer: that also of one whose first message is gone. */
export async function followThread(
  app: RoomNeeds,
  actor: Actor,
  room: RoomId,
  seq: number,
  isFollowed: boolean,
): Promise<void> {
  const {
    room: { headSeq },
  } = await requireMembership(app.db.sql, actor, room);
  if (isFollowed) await requireMessage(app.db.sql, room, seq);
  await setFollowed(app.db.sql, actor.id, room, seq, isFollowed, headSeq);
  publishMyChange(app, actor, "threads");
}

export async function markThreadRead(
  app: RoomNeeds,
  actor: Actor,
  room: RoomId,
  seq: number,
  upTo: number,
): Promise<void> {
  const {
    room: { headSeq },
  } = await requireMembership(app.db.sql, actor, room);
  if (await raiseThreadMark(app.db.sql, actor.id, room, seq, Math.min(upTo, headSeq)))
    publishMyChange(app, actor, "threads");
}

/** Leaves a message to be sent later. Refuses as a message is refused, with `time_invalid` and `too_many`. */
export async function scheduleMessage(
  app: SendNeeds & RoomNeeds,
  actor: Actor,
  draft: { room: RoomId; sendId: SendId; text: string; at: number; threadRoot?: number | undefined },
): Promise<void> {
  const body = parseBody(app, { kind: "text", text: draft.text });
  const now = app.clock.now();
  assertInFuture(draft.at, now);
  await inRoom(app, actor, draft.room, "message.send", async ({ tx }) => {
    if ((await countScheduled(tx, actor.id)).scheduled >= scheduledPerPersonMax)
      throw new Refusal("too_many", (t) => t.tooManyScheduled(scheduledPerPersonMax));
    const { room, sendId, at, threadRoot = null } = draft;
    const text = body.kind === "text" ? body.text : "";
    const jobId = await queueJob(app, tx, "message.deliver", { sendId }, { runAt: at });
    const message = { sendId, room, threadRoot, text, dueAt: at, refused: null };
    if (!(await insertScheduled(tx, actor.id, message, jobId)))
      throw new Refusal("message_invalid", (t) => t.waitsAlready);
  });
  publishMyChange(app, actor, "scheduled");
}

export async function unscheduleMessage(app: RoomNeeds, actor: Actor, sendId: SendId): Promise<void> {
  const jobId = await deleteScheduled(app.db.sql, actor.id, sendId);
  if (jobId !== null) await finishJob(app.db.sql, jobId);
  publishMyChange(app, actor, "scheduled");
}

/** The job that sends what its author left to be sent. Sent twice it is one message; refused it stays, and says why. */
export async function deliverScheduled(
  app: SendNeeds & RoomNeeds,
  { sendId }: { sendId: SendId },
): Promise<void> {
  const message = await findScheduled(app.db.sql, sendId);
  if (!message || message.refused !== null) return;
  const { author, room, text, threadRoot } = message;
  try {
    await sendMessage(
      app,
      { ...author, sessionId: null },
      {
        room,
        sendId,
        body: { kind: "text", text },
        threadRoot: threadRoot ?? undefined,
        mentionsEveryone: true,
      },
    );
    await deleteScheduled(app.db.sql, author.id, sendId);
  } catch (error) {
    const isPassing =
      !(error instanceof Refusal) || error.code === "unavailable" || error.code === "slow_mode";
    if (isPassing) throw error;
    await refuseScheduled(app.db.sql, sendId, error.detailIn(message.language));
  }
  publishMyChange(app, author, "scheduled");
}

/** Asks to be reminded of a message, or of a room. Refuses with `time_invalid`, `message_gone` and `too_many`. */
export async function setReminder(
  app: JobNeeds & RoomNeeds,
  actor: Actor,
  draft: { room: RoomId; seq?: number | undefined; note: string; at: number },
): Promise<string> {
  assertInFuture(draft.at, app.clock.now());
  const id = app.random.uuid();
  await inRoom(app, actor, draft.room, "room.read", async ({ tx }) => {
    if (draft.seq !== undefined) await requireMessage(tx, draft.room, draft.seq);
    if ((await countScheduled(tx, actor.id)).reminders >= remindersPerPersonMax)
      throw new Refusal("too_many", (t) => t.tooManyReminders(remindersPerPersonMax));
    const { room, seq = null, note, at } = draft;
    const jobId = await queueJob(app, tx, "reminder.send", { id }, { runAt: at });
    await insertReminder(tx, actor.id, { id, room, seq, note, dueAt: at }, jobId);
  });
  publishMyChange(app, actor, "reminders");
  return id;
}

export async function clearReminder(app: RoomNeeds, actor: Actor, id: string): Promise<void> {
  const jobId = await deleteReminder(app.db.sql, actor.id, id);
  if (jobId !== null) await finishJob(app.db.sql, jobId);
  publishMyChange(app, actor, "reminders");
}

/** The job that reminds somebody whose time has come. It stays in their list until they clear it. */
export async function sendReminder(app: RoomNeeds, { id }: { id: string }): Promise<void> {
  const reminder = await app.db.transact((tx) => takeDueReminder(tx, id, app.clock.now()));
  if (!reminder) return;
  const { account, room, seq, note } = reminder;
  app.bus.publish({
    kind: "account_signal",
    account,
    signal: { type: "reminder", reminder: id, room, seq, note },
  });
}

function assertInFuture(at: number, now: number): void {
  if (at <= now || at > now + scheduleAheadMsMax) throw new Refusal("time_invalid", (t) => t.timeWithinYear);
}

function publishMyChange(
  app: RoomNeeds,
  { id }: Pick<Actor, "id">,
  part: "saved" | "threads" | "scheduled" | "reminders",
): void {
  app.bus.publish({ kind: "account_signal", account: id, signal: { type: "me.changed", part } });
}
