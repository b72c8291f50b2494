import { toTimelineEntry } from "@novax/protocol/apply-event";
import { type BasicMessage, type BasicServerFrame, toBasicMessage } from "@novax/protocol/basic";
import type { SendId } from "@novax/protocol/ids";
import { historyMessagesMax } from "@novax/protocol/limits";
import type { Database } from "../db/database.ts";
import { readNewestMessagesUpTo } from "../messages/queries.ts";
import type { Delivery, Opening, Subscriber } from "./subscriber.ts";

/** A subscriber that receives messages and nothing else, one frame each. */
export interface BasicSubscriber extends Subscriber {
  /** Messages that this client sent: it shows them already, so they are not sent back to it. */
  readonly sentIds: Set<SendId>;
  sendText(text: string): void;
}

/** Sends each new message to each subscriber but its sender, which a topic could not leave out. */
export const basicDelivery: Delivery<BasicSubscriber> = {
  deliver: ({ events }, subscribers) => {
    for (const event of events) {
      const entry = toTimelineEntry(event);
      if (entry?.kind !== "message" || entry.body.kind === "deleted") continue;
      const frame = JSON.stringify(toBasicMessage(entry) satisfies BasicMessage);
      for (const subscriber of subscribers) {
        if (!subscriber.sentIds.delete(entry.sendId)) subscriber.sendText(frame);
      }
    }
  },
};

/** Sends the newest messages as one `history` frame. */
export function sendHistory(
  { db }: { db: Database },
  receiver: { send(frame: BasicServerFrame): void },
): Opening {
  return async ({ room, last }) => {
    const messages = await readNewestMessagesUpTo(db.sql, room, last, { limit: historyMessagesMax });
    return (missed) => {
      const sent = missed.map(toTimelineEntry);
      // An edit or a deletion changes what was read.
      if (sent.includes(null)) return false;
      const added = sent.flatMap((entry) => (entry?.kind === "message" ? [toBasicMessage(entry)] : []));
      receiver.send({ type: "history", messages: [...messages, ...added].slice(-historyMessagesMax) });
      return true;
    };
  };
}
