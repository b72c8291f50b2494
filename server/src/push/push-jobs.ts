import type { RoomId, SessionId } from "@novax/protocol/ids";
import type { PushContent, PushMessage } from "@novax/protocol/push";
import { isQuiet } from "@novax/protocol/quiet-hours";
import { hasExpired, type SessionLimits } from "../auth/sessions.ts";
import { defineJob } from "../jobs/job.ts";
import type { AddedReaction } from "../messages/reaction-step.ts";
import type { Presence } from "../presence/presence.ts";
import { transact } from "../transaction/transact.ts";
import { messageNotification, reactionNotification } from "./notification.ts";
import { deleteGone, listTargets, type PushTarget, takePending, takeReactionTargets } from "./queries.ts";
import { openDevice, type PushNeeds } from "./subscriptions.ts";

type JobNeeds = PushNeeds & { sessionLimits: SessionLimits };
type Page = { room: RoomId; from: number; to: number; after: SessionId | null };
type Retry = { room: RoomId; seq: number; session: SessionId };

/** Within a job's lease, even if no push service answers. */
const pageSessions = 100;
const parallelMax = 16;
/** What waited longer is no news. */
const keepSeconds = 24 * 3600;
const retryAfterMs = 10_000;
const retryForMs = 3_600_000;
const topicChars = 32;

/** Begins to notify people of a room's messages: those that were sent since it was queued, together. */
export const collectPushJob = defineJob("push.collect", async (app: JobNeeds, { room }: { room: RoomId }) => {
  await transact(app, async ({ sql, queue }) => {
    const pending = await takePending(sql, room);
    if (pending) await queue(sendPushJob, { room, ...pending, after: null }, { untilMs: retryForMs });
  });
});

/** Notifies a page of people, and queues the next page, with those whose push service could not be reached. */
export const sendPushJob = defineJob("push.send", async (app: JobNeeds, page: Page) => {
  const { room, after } = page;
  const now = app.clock.now();
  const listed = await listTargets(app.db.sql, page, { after, limit: pageSessions, now });
  const waiting = listed.flatMap(({ target }) => target ?? []);
  const failed: { retry: Retry; runAt: number }[] = [];
  const work = async () => {
    for (let target = waiting.shift(); target; target = waiting.shift())
      failed.push(...(await retriesAfter(app, room, target)));
  };
  await Promise.all(Array.from({ length: parallelMax }, work));
  const last = listed.length === pageSessions ? listed.at(-1) : undefined;
  if (!last && failed.length === 0) return;
  await transact(app, async ({ queue }) => {
    if (last) await queue(sendPushJob, { ...page, after: last.session }, { untilMs: retryForMs });
    for (const { retry, runAt } of failed) await queue(retryPushJob, retry, { runAt, untilMs: retryForMs });
  });
});

/**
 * Notifies one browser, whose push service could not be reached, once more: unless the message was read meanwhile, or there is
 * another one that says more, of which it is notified too.
 */
export const retryPushJob = defineJob("push.retry", async (app: JobNeeds, { room, seq, session }: Retry) => {
  const now = app.clock.now();
  const [listed] = await listTargets(app.db.sql, { room, from: seq }, { only: session, limit: 1, now });
  const target = listed?.target;
  if (target?.seq !== seq) return;
  const waitMs = await notifyOfMessage(app, room, target);
  if (waitMs === null) return;
  if (waitMs <= retryAfterMs) throw new Error("the push service can't be reached");
  const runAt = now + waitMs;
  await transact(app, ({ queue }) =>
    queue(retryPushJob, { room, seq, session }, { runAt, untilMs: retryForMs }),
  );
});

/**
 * Notifies a person of a reaction to their message: one a minute at most, and not while they are at the chat, where they see it. It
 * is not tried again.
 */
export const reactionPushJob = defineJob(
  "push.reaction",
  async (app: JobNeeds & { presence: Pick<Presence, "stateOf"> }, reaction: AddedReaction) => {
    if (app.presence.stateOf(reaction.to) === "online") return;
    const now = app.clock.now();
    for (const target of await takeReactionTargets(app.db.sql, reaction, now)) {
      const at = { ...app, room: reaction.room, serverName: app.identity.name };
      const text = (content: PushContent) => reactionNotification(target, content, { ...at, ...reaction });
      await notify(app, target, { text, topic: `${reaction.room} reactions`, isUrgent: false });
    }
  },
);

/** Notifies one browser. Returns what is to be tried again, and when. */
async function retriesAfter(
  app: JobNeeds,
  room: RoomId,
  target: PushTarget,
): Promise<{ retry: Retry; runAt: number }[]> {
  const waitMs = await notifyOfMessage(app, room, target);
  if (waitMs === null) return [];
  const retry = { room, seq: target.seq, session: target.session };
  return [{ retry, runAt: app.clock.now() + waitMs }];
}

function notifyOfMessage(app: JobNeeds, room: RoomId, target: PushTarget): Promise<number | null> {
  const at = { ...app, room, serverName: app.identity.name };
  return notify(app, target, {
    text: (content) => messageNotification(target, content, at),
    topic: room,
    isUrgent: target.isMention || target.room.kind === "direct",
  });
}

/**
 * Sends one notification. Returns after how many ms it may be tried again; null if it is not to be. Never rejects, so that one
 * failure repeats no other.
 */
async function notify(
  app: JobNeeds,
  target: PushTarget,
  what: { text: (content: PushContent) => PushMessage; topic: string; isUrgent: boolean },
): Promise<number | null> {
  const { session, usage, seq } = target;
  const now = app.clock.now();
  if (now - usage.created_at > app.sessionLimits.maxMs || isQuiet(target.quietHours, now)) return null;
  try {
    const device = openDevice(app.secret, target);
    if (!device) {
      await deleteGone(app.db.sql, target);
      return null;
    }
    // Who holds a device on which nobody can read messages any more, because it was left alone, reads none here either.
    const isOver = hasExpired(usage, app.sessionLimits, now);
    const content = isOver ? "nothing" : app.push.contentFor(target.content);
    const message = {
      text: JSON.stringify(what.text(content)),
      keepSeconds,
      isUrgent: what.isUrgent,
      topic: app.secret.mac(what.topic, "push topic").toString("base64url").slice(0, topicChars),
    };
    const outcome = await app.push.send(device, message);
    if (outcome.kind === "gone") await deleteGone(app.db.sql, target);
    if (outcome.kind === "refused") app.log.warn("push.refused", { session, seq, reason: outcome.reason });
    if (outcome.kind !== "later") return null;
    // After that it is no news, whatever the service says.
    return Math.min(retryForMs, Math.max(retryAfterMs, outcome.afterMs));
  } catch {
    return retryAfterMs;
  }
}
