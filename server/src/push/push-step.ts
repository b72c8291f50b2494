import type { Clock } from "../lib/clock.ts";
import type { ReactionStep } from "../messages/reaction-step.ts";
import type { SharedStep } from "../messages/send-step.ts";
import { collectPushJob, reactionPushJob } from "./push-jobs.ts";
import { beginPending, wantsReactions } from "./queries.ts";
import type { PushSubscribers } from "./subscriptions.ts";

/** A page that shows the room marks it as read within this time, and then nobody needs to be notified. */
const waitMs = 2000;

/** What is older is no news. */
const reactionForMs = 3_600_000;

/** Has people notified of reactions to their messages, if they want that. Costs nothing while nobody wants notifications. */
export function reactionPushStep(subscribers: PushSubscribers, clock: Clock): ReactionStep {
  return async ({ sql, queue }, reaction) => {
    if (!subscribers.areAny || !(await wantsReactions(sql, reaction.to))) return;
    // It may be taken back at once, or seen.
    await queue(reactionPushJob, reaction, { runAt: clock.now() + waitMs, untilMs: reactionForMs });
  };
}

/** Has people notified of messages, soon after they were sent. Costs nothing while nobody wants notifications. */
export function pushStep(subscribers: PushSubscribers): SharedStep {
  return {
    name: "push",
    statementsMax: { fixed: 1, perRoom: 1 },
    isNeeded: () => subscribers.areAny,
    run: async ({ sql, now, rooms, queue }) => {
      const pending = rooms.map(({ room, messages }) => ({ room, seq: messages[0]!.seq }));
      const begun = await beginPending(sql, pending, now);
      await Promise.all(begun.map((room) => queue(collectPushJob, { room }, { runAt: now + waitMs })));
    },
  };
}
