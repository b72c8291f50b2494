import type { FieldsOf } from "@novax/protocol/commands";
import type { AccountId, SendId } from "@novax/protocol/ids";
import { scheduledPerPersonMax } from "@novax/protocol/limits";
import type { Actor } from "../auth/sessions.ts";
import type { Bus } from "../bus/bus.ts";
import { lockLimitsOf } from "../db/lock-queries.ts";
import { defineJob } from "../jobs/job.ts";
import { deleteJob } from "../jobs/queries.ts";
import { assertInFuture } from "../lib/assert-future.ts";
import { Refusal } from "../lib/refusal.ts";
import { type ParseNeeds, parseTextBody } from "../messages/parse-body.ts";
import { type SendNeeds, sendMessage } from "../messages/send-message.ts";
import { inRoom } from "../rooms/in-room.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import {
  countScheduled,
  deleteScheduled,
  findScheduled,
  insertScheduled,
  isOwnScheduled,
  refuseScheduled,
} from "./queries.ts";

/**
 * Schedules a message, unless it is scheduled already. Refuses as `inRoom` does, with `message_invalid` (also if this
 * `sendId` is scheduled with another text or time),
 * `message_filtered`, `time_invalid` and `too_many`.
 */
export async function scheduleMessage(
  app: TransactionNeeds & ParseNeeds,
  actor: Actor,
  { room, sendId, at, replyTo, threadRoot, ...fields }: FieldsOf<"message.schedule">,
): Promise<void> {
  const { text } = parseTextBody(app, fields.text);
  assertInFuture(at, app.clock.now());
  await inRoom(app, actor, { room, right: "message.send" }, async ({ sql, queue }) => {
    await lockLimitsOf(sql, [actor.id]);
    // A second click, or the same again after its answer got lost.
    if (await isOwnScheduled(sql, actor.id, { sendId, room, text, dueAt: at })) return;
    if ((await countScheduled(sql, actor.id)).scheduled >= scheduledPerPersonMax)
      throw new Refusal("too_many", (t) => t.tooManyScheduled(scheduledPerPersonMax));
    const jobId = await queue(deliverScheduledJob, { sendId }, { runAt: at });
    const message = {
      ...{ sendId, room, replyTo: replyTo ?? null, threadRoot: threadRoot ?? null },
      ...{ text, dueAt: at, refused: null },
    };
    if (!(await insertScheduled(sql, actor.id, message, { jobId })))
      throw new Refusal("message_invalid", (t) => t.waitsAlready);
  });
  publishScheduledChange(app, actor.id);
}

export async function unscheduleMessage(
  app: Pick<TransactionNeeds, "db" | "bus">,
  actor: Actor,
  { sendId }: FieldsOf<"message.unschedule">,
): Promise<void> {
  const jobId = await deleteScheduled(app.db.sql, actor.id, sendId);
  if (jobId !== null) await deleteJob(app.db.sql, jobId);
  publishScheduledChange(app, actor.id);
}

/**
 * Sends a scheduled message when it is due. The `sendId` keeps a second run from sending it twice. A refused message
 * stays in the author's list with the reason; so does one that was scheduled before the author's password or another way
 * to sign in changed, before everybody else was signed out, or before the account was disabled or to be deleted.
 */
export const deliverScheduledJob = defineJob(
  "message.deliver",
  async (app: SendNeeds & { bus: Bus }, { sendId }: { sendId: SendId }) => {
    const scheduled = await findScheduled(app.db.sql, sendId);
    if (!scheduled || scheduled.refused !== null) return;
    const { author, room, text, replyTo, threadRoot } = scheduled;
    const body = { kind: "text", text };
    // No one can confirm at this time, so a text with `@room` or `@here` counts as confirmed.
    const fields = {
      ...{ room, sendId, body, mentionsEveryone: true },
      ...{ replyTo: replyTo ?? undefined, threadRoot: threadRoot ?? undefined },
    };
    try {
      // A thief may have scheduled it before they were locked out.
      if (!scheduled.isVouchedFor) throw new Refusal("forbidden", (t) => t.scheduledHeld);
      await sendMessage(app, { ...author, sessionId: null }, fields);
      await deleteScheduled(app.db.sql, author.id, sendId);
    } catch (error) {
      const isPassing =
        !(error instanceof Refusal) || error.code === "unavailable" || error.code === "slow_mode";
      if (isPassing) throw error;
      await refuseScheduled(app.db.sql, sendId, error.detailIn(scheduled.language));
    }
    publishScheduledChange(app, author.id);
  },
);

function publishScheduledChange(app: { bus: Bus }, account: AccountId): void {
  const signal = { type: "me.changed", part: "scheduled" } as const;
  app.bus.publish({ kind: "account_signal", account, signal });
}
