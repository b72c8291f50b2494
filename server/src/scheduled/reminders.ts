import type { FieldsOf } from "@novax/protocol/commands";
import type { AccountId } from "@novax/protocol/ids";
import { remindersPerPersonMax } from "@novax/protocol/limits";
import type { Actor } from "../auth/sessions.ts";
import type { Bus } from "../bus/bus.ts";
import { lockLimitsOf } from "../db/lock-queries.ts";
import { defineJob } from "../jobs/job.ts";
import { deleteJob } from "../jobs/queries.ts";
import { assertInFuture } from "../lib/assert-future.ts";
import { createIdTaken, Refusal } from "../lib/refusal.ts";
import { requireMessage } from "../messages/require-message.ts";
import { inRoom } from "../rooms/in-room.ts";
import { type TransactionNeeds, transact } from "../transaction/transact.ts";
import { countScheduled, deleteReminder, insertReminder, isOwnReminder, takeDueReminder } from "./queries.ts";

/**
 * Sets a reminder for a message or a room, unless there is one of this `createId`. Refuses as `inRoom` does, with
 * `time_invalid`, `message_gone`, `too_many`, and `malformed` for a `createId` of somebody else's.
 */
export async function setReminder(
  app: TransactionNeeds,
  actor: Actor,
  { room, seq, note, at, createId }: FieldsOf<"reminder.set">,
): Promise<{ reminder: string }> {
  assertInFuture(at, app.clock.now());
  const id = createId ?? app.random.uuid();
  await inRoom(app, actor, { room, right: "room.read" }, async ({ sql, queue }) => {
    if (await isOwnReminder(sql, actor.id, id)) return;
    if (seq !== undefined) await requireMessage(sql, room, seq);
    await lockLimitsOf(sql, [actor.id]);
    if ((await countScheduled(sql, actor.id)).reminders >= remindersPerPersonMax)
      throw new Refusal("too_many", (t) => t.tooManyReminders(remindersPerPersonMax));
    const jobId = await queue(sendReminderJob, { id }, { runAt: at });
    const reminder = { id, room, seq: seq ?? null, note, dueAt: at };
    if (!(await insertReminder(sql, actor.id, reminder, { jobId }))) throw createIdTaken();
  });
  publishRemindersChange(app, actor.id);
  return { reminder: id };
}

export async function clearReminder(
  app: Pick<TransactionNeeds, "db" | "bus">,
  actor: Actor,
  { reminder }: FieldsOf<"reminder.clear">,
): Promise<void> {
  const jobId = await deleteReminder(app.db.sql, actor.id, reminder);
  if (jobId !== null) await deleteJob(app.db.sql, jobId);
  publishRemindersChange(app, actor.id);
}

/** Sends a due reminder to the person. It stays in their list until they clear it. */
export const sendReminderJob = defineJob(
  "reminder.send",
  async (app: TransactionNeeds, { id }: { id: string }) => {
    await transact(app, async ({ sql, publishAfterCommit }) => {
      const reminder = await takeDueReminder(sql, id, app.clock.now());
      if (!reminder) return;
      const { account, room, seq, note } = reminder;
      const signal = { type: "reminder", reminder: id, room, seq, note } as const;
      publishAfterCommit({ kind: "account_signal", account, signal });
    });
  },
  { formerNames: ["reminder.tell"] },
);

function publishRemindersChange(app: { bus: Bus }, account: AccountId): void {
  const signal = { type: "me.changed", part: "reminders" } as const;
  app.bus.publish({ kind: "account_signal", account, signal });
}
