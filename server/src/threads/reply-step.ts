import { followersNotifiedMax, listFollowers } from "../messages/mention-queries.ts";
import type { SendStep } from "../messages/send-step.ts";
import { recordReplies } from "./queries.ts";

/**
 * Counts replies at the first message of their thread and notifies its followers. Reads and writes the first messages
 * and the followers. The sender of the first message and everyone who replies follow the thread.
 */
export const replyStep: SendStep = {
  name: "replies",
  statementsMax: 4,
  concerns: (draft) => draft.threadRoot !== null,
  run: async ({ sql, room, now, messages, publishAfterCommit }) => {
    const replying = messages.filter((message) => message.threadRoot !== null);
    if (replying.length === 0) return;
    const replies = replying.map(({ threadRoot, seq, sender }) => ({
      root: threadRoot!,
      seq,
      sender: sender.id,
    }));
    const counts = await recordReplies(sql, room, now, replies);
    for (const { threadRoot, event } of replying) event.replies = counts.get(threadRoot!) ?? 0;
    const roots = [...counts.keys()];
    const signal = { type: "me.changed", part: "threads" } as const;
    for (const account of await listFollowers(sql, room, { roots, limit: followersNotifiedMax }))
      publishAfterCommit({ kind: "account_signal", account, signal });
  },
};
