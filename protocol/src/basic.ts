// The basic protocol: what a client speaks that offers no subprotocol. Its shapes never change.
import { z } from "zod";
import type { Message } from "./entities.ts";
import { textOf } from "./text.ts";

/** What a basic client sends. Its `sender` and `timestamp` are claims and are ignored; more members may be there. */
export const basicSendSchema = z.looseObject({ text: z.string() });

export type BasicServerFrame =
  | { type: "history"; messages: BasicMessage[] }
  | { type: "error"; detail: string; code: string }
  | BasicMessage;

/** The form of a message in the basic protocol and in `GET /api/messages`. */
export const basicMessageSchema = z.strictObject({
  sender: z.string(),
  text: z.string(),
  timestamp: z.int(),
});
export type BasicMessage = z.infer<typeof basicMessageSchema>;

/** What the basic protocol makes of a message. */
export function toBasicMessage(message: Pick<Message, "sender" | "body" | "sentAt">): BasicMessage {
  return { sender: message.sender.username, text: textOf(message.body), timestamp: message.sentAt };
}
