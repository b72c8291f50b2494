import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { MentionSignal } from "@novax/protocol/signals";
import type { Transaction } from "../transaction/transact.ts";
import { insertMentions } from "./mention-queries.ts";
import type { SendStep } from "./send-step.ts";

/**
 * Stores who messages mention and notifies them. Reads accounts by name, memberships and blocks. People mentioned in a
 * thread follow it from then on.
 */
export const mentionStep: SendStep = {
  name: "mentions",
  statementsMax: 2,
  concerns: ({ names, accounts }) => names.length + accounts.length > 0,
  run: async ({ sql, room, now, messages, publishAfterCommit }) => {
    const mentioning = messages
      .filter(({ names, accounts }) => names.length + accounts.length > 0)
      .map(({ seq, threadRoot, sender, names, accounts }) => ({
        seq,
        threadRoot,
        sender: sender.id,
        names,
        accounts,
      }));
    if (mentioning.length === 0) return;
    for (const { account, seq, threadRoot } of await insertMentions(sql, { room, at: now, mentioning }))
      publishAfterCommit({ kind: "account_signal", account, signal: mentionSignal(room, seq, threadRoot) });
  },
};

/** Returns the signal that a message mentions a person. */
export function mentionSignal(room: RoomId, seq: number, threadRoot: number | null): MentionSignal {
  return { type: "mention", room, seq, ...(threadRoot === null ? {} : { threadRoot }) };
}

/** Makes the clients of these people read again how much waits for them, because something was taken back. */
export function publishCountsOf(
  publishAfterCommit: Transaction["publishAfterCommit"],
  accounts: Iterable<AccountId>,
  part: "mentions" | "threads",
): void {
  for (const account of accounts)
    publishAfterCommit({ kind: "account_signal", account, signal: { type: "me.changed", part } });
}
