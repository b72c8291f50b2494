import type { SendStep } from "../messages/send-step.ts";
import { noteRoom } from "./queries.ts";

/** Notes rooms in which somebody may be called for, so that they get an email if it stays unread. */
export const unreadMailStep: SendStep = {
  name: "unread mail",
  statementsMax: 1,
  run: async ({ sql, room, now, messages }) => {
    const [first] = messages;
    if (!first) return;
    const hasMentions = messages.some(
      ({ names, accounts, event }) => names.length + accounts.length > 0 || event.mentionsEveryone === true,
    );
    await noteRoom(sql, { room, seq: first.seq, hasMentions, now });
  },
};
