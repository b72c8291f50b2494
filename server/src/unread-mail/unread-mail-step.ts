import type { SharedStep, WrittenMessage } from "../messages/send-step.ts";
import { noteRooms } from "./queries.ts";

/** Notes rooms in which somebody may be called for, so that they get an email if it stays unread. */
export const unreadMailStep: SharedStep = {
  name: "unread mail",
  statementsMax: { fixed: 1, perRoom: 0 },
  isNeeded: () => true,
  run: ({ sql, now, rooms }) => {
    const noted = rooms.map(({ room, messages }) => {
      return { room, seq: messages[0]!.seq, hasMentions: messages.some(mentionsPeople) };
    });
    return noteRooms(sql, noted, now);
  },
};

function mentionsPeople({ names, accounts, event }: WrittenMessage): boolean {
  return names.length + accounts.length > 0 || event.mentionsEveryone === true;
}
