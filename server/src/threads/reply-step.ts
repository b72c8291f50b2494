import { followersNotifiedMax, listFollowers } from "../messages/mention-queries.ts";
import type { SendStep } from "../messages/send-step.ts";
import { recordReplies } from "./queries.ts";

/**
 * Counts replies at the message that their thread hangs on, and tells those who follow the thread. Reads and writes the
 * first messages of the threads and who follows them; the author of the first message and everyone who replies do.
 */
export const replyStep: SendStep = {
  name: "replies",
  statementsMax: 4,
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
