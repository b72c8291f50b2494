import type { MessageEntry } from "@novax/protocol/apply-event";
import type { MessageActionContext } from "../messages/message-context.ts";

/**
 * Votes in a poll. `choices` replace the viewer's former ones. They are shown at once, and the former ones again if the
 * server refuses.
 */
export function vote(
  { chat, store }: MessageActionContext,
  { seq }: MessageEntry,
  choices: readonly number[],
): void {
  const before = store.myVotes.peek()[seq] ?? [];
  store.setMyVote(seq, choices);
  const fields = { room: store.id, seq, choices: [...choices] };
  void chat.held.run(`vote ${store.id} ${seq}`, "poll.vote", fields).then((done) => {
    if (!done) store.setMyVote(seq, before);
  });
}
