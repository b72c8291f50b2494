// The basic protocol, for clients that offer no subprotocol. Its shapes never change.
import { z } from "zod";
import type { Message } from "./entities.ts";
import { fullTextOf } from "./text.ts";

/**
 * A message from a basic client. `sender` and `timestamp` are unverified claims and are ignored, as are any other keys.
 */
export const basicSendSchema = z.looseObject({ text: z.string() });

export type BasicServerFrame =
  | { type: "history"; messages: BasicMessage[] }
  | { type: "error"; detail: string; code: string }
  | BasicMessage;

/** A message in the basic protocol and in `GET /api/messages`. */
export const basicMessageSchema = z.strictObject({
  sender: z.string(),
  text: z.string(),
  timestamp: z.int(),
});
export type BasicMessage = z.infer<typeof basicMessageSchema>;

/** Converts a message to its form in the basic protocol. */
export function toBasicMessage(message: Pick<Message, "sender" | "body" | "sentAt">): BasicMessage {
  return { sender: message.sender.username, text: fullTextOf(message.body), timestamp: message.sentAt };
}
