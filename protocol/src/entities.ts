import { z } from "zod";
import { accountIdSchema, roomIdSchema, sendIdSchema } from "./ids.ts";
import { messageTextCharsMax } from "./limits.ts";

export const serverRoles = ["owner", "admin", "member", "guest"] as const;
export type ServerRole = (typeof serverRoles)[number];

/** Who may make an account: everybody, whoever has an invitation, nobody. */
export const registrationModes = ["open", "invite", "closed"] as const;
export type RegistrationMode = (typeof registrationModes)[number];

/** What others may see of a person. Nothing else of an account ever leaves the server. */
export const personSchema = z.strictObject({
  id: accountIdSchema,
  username: z.string(),
  /** What the person wants to be called; without one, the username. */
  displayName: z.string().optional(),
});
export type Person = z.infer<typeof personSchema>;

// Control characters other than newline and tab have no place in a text: they hide content in logs and terminals.
const forbiddenInText = /[\p{Control}--[\n\t]]|\p{Surrogate}/v;

export const messageTextSchema = z
  .string()
  .overwrite((text) => text.replaceAll("\r\n", "\n"))
  .max(messageTextCharsMax, `a message has at most ${messageTextCharsMax} characters`)
  .refine((text) => text.trim() !== "", "a message needs some text")
  .refine((text) => !forbiddenInText.test(text), "a message has no control characters but newline and tab");

/** A message's content. More kinds may follow; nothing on a message's path may assume that it can read a body. */
export const messageBodySchema = z.strictObject({ kind: z.literal("text"), text: messageTextSchema });
export type MessageBody = z.infer<typeof messageBodySchema>;

export const messageSchema = z.strictObject({
  seq: z.int().positive(),
  sendId: sendIdSchema,
  sender: personSchema,
  /** Milliseconds since 1970, by the server's clock. */
  sentAt: z.int(),
  body: messageBodySchema,
});
export type Message = z.infer<typeof messageSchema>;

export const roomSchema = z.strictObject({
  id: roomIdSchema,
  name: z.string(),
  topic: z.string(),
  headSeq: z.int().nonnegative(),
});
export type Room = z.infer<typeof roomSchema>;

/** The form of a message in the basic protocol and in `GET /api/messages`. */
export const basicMessageSchema = z.strictObject({
  sender: z.string(),
  text: z.string(),
  timestamp: z.int(),
});
export type BasicMessage = z.infer<typeof basicMessageSchema>;

/** What the basic protocol makes of a message. */
export function toBasicMessage(message: Message): BasicMessage {
  return { sender: message.sender.username, text: message.body.text, timestamp: message.sentAt };
}
