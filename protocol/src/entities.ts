import { z } from "zod";
import { accountIdSchema, roomIdSchema, sendIdSchema } from "./ids.ts";
import {
  messageTextCharsMax,
  pollChoiceCharsMax,
  pollChoicesMax,
  pollChoicesMin,
  pollQuestionCharsMax,
} from "./limits.ts";
import { roomKinds, roomRoles } from "./permissions.ts";

export { type ServerRole, serverRoles } from "./permissions.ts";

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
const forbiddenInLine = /\p{Control}|\p{Surrogate}/v;

export const messageTextSchema = z
  .string()
  .overwrite((text) => text.replaceAll("\r\n", "\n"))
  .max(messageTextCharsMax, `use at most ${messageTextCharsMax} characters`)
  .refine((text) => text.trim() !== "", "a message can't be empty")
  .refine((text) => !forbiddenInText.test(text), "use no control characters except line breaks and tabs");

/** A text of one line that may be empty. */
export function lineSchema(charsMax: number) {
  return z
    .string()
    .overwrite((text) => text.trim())
    .max(charsMax, `use at most ${charsMax} characters`)
    .refine((text) => !forbiddenInLine.test(text), "use one line without control characters");
}

/** A text of several lines that may be empty. */
export function paragraphSchema(charsMax: number) {
  return z
    .string()
    .overwrite((text) => text.replaceAll("\r\n", "\n").trim())
    .max(charsMax, `use at most ${charsMax} characters`)
    .refine((text) => !forbiddenInText.test(text), "use no control characters except line breaks and tabs");
}

const filledLineSchema = (charsMax: number) =>
  lineSchema(charsMax).refine((text) => text !== "", "enter some text");

export const textBodySchema = z.strictObject({ kind: z.literal("text"), text: messageTextSchema });

/** A question with choices. Who chose what stands beside the message, not in it. */
export const pollBodySchema = z.strictObject({
  kind: z.literal("poll"),
  question: filledLineSchema(pollQuestionCharsMax),
  choices: z.array(filledLineSchema(pollChoiceCharsMax)).min(pollChoicesMin).max(pollChoicesMax),
  /** Whether one may choose more than one. */
  isMultiple: z.boolean(),
  /** Whether nobody is told who chose what. */
  isAnonymous: z.boolean(),
  /** Milliseconds since 1970; null: until somebody closes it. */
  closesAt: z.int().nullable(),
});
export type PollBody = z.infer<typeof pollBodySchema>;

/** What somebody may send. More kinds may follow; nothing on a message's path may assume that it can read a body. */
export const draftBodySchema = z.discriminatedUnion("kind", [textBodySchema, pollBodySchema]);
export type DraftBody = z.infer<typeof draftBodySchema>;

/** A message's content as it is now: what was deleted has none. */
export const messageBodySchema = z.discriminatedUnion("kind", [
  textBodySchema,
  pollBodySchema,
  z.strictObject({ kind: z.literal("deleted") }),
]);
export type MessageBody = z.infer<typeof messageBodySchema>;

/** The message that another one answers, as far as it is shown above it. */
export const quoteSchema = z.strictObject({
  seq: z.int().positive(),
  sender: personSchema,
  /** Its beginning; null where it is deleted. */
  excerpt: z.string().nullable(),
});
export type Quote = z.infer<typeof quoteSchema>;

/** What was chosen, by place of the choice. */
export const pollStateSchema = z.strictObject({
  counts: z.array(z.int().nonnegative()),
  /** Who chose what; null where the poll is anonymous. */
  voters: z.array(z.array(accountIdSchema)).nullable(),
  isClosed: z.boolean(),
});
export type PollState = z.infer<typeof pollStateSchema>;

export const reactionSchema = z.strictObject({ emoji: z.string(), by: z.array(accountIdSchema) });
export type Reaction = z.infer<typeof reactionSchema>;

/** A message as it is now, with everything that was done to it. */
export const messageSchema = z.strictObject({
  seq: z.int().positive(),
  sendId: sendIdSchema,
  sender: personSchema,
  /** Milliseconds since 1970, by the server's clock. */
  sentAt: z.int(),
  body: messageBodySchema,
  editedAt: z.int().nullable(),
  quote: quoteSchema.nullable(),
  /** The message whose thread it belongs to; null: it stands in the room itself. */
  threadRoot: z.int().positive().nullable(),
  /** The answers in its own thread. */
  thread: z.strictObject({ count: z.int().nonnegative(), lastAt: z.int() }).nullable(),
  reactions: z.array(reactionSchema),
  isPinned: z.boolean(),
  /** It calls everybody in the room. */
  mentionsEveryone: z.boolean(),
  poll: pollStateSchema.nullable(),
});
export type Message = z.infer<typeof messageSchema>;

/** A room, as everybody in it sees it. */
export const roomSchema = z.strictObject({
  id: roomIdSchema,
  kind: z.enum(roomKinds),
  name: z.string(),
  topic: z.string(),
  description: z.string(),
  /** A letter or an emoji; empty: the name's own first letter. */
  icon: z.string(),
  /** One of 24 hues; null: the room's own. */
  colour: z.int().min(0).max(23).nullable(),
  isArchived: z.boolean(),
  /** Who may write: every member, or moderators alone. */
  posting: z.enum(["everybody", "moderators"]),
  slowModeSeconds: z.int().nonnegative(),
  /** Whether a deleted message leaves a mark in its place. */
  leavesMark: z.boolean(),
  memberCount: z.int().nonnegative(),
  headSeq: z.int().nonnegative(),
});
export type Room = z.infer<typeof roomSchema>;

export const notificationLevels = ["all", "mentions", "nothing"] as const;
export type NotificationLevel = (typeof notificationLevels)[number];

/** A room as one of its members has it: with what is theirs alone. */
export const joinedRoomSchema = roomSchema.extend({
  role: z.enum(roomRoles),
  /** In a direct room everybody in it but oneself. */
  people: z.array(personSchema),
  readSeq: z.int().nonnegative(),
  /** Messages of others after the mark, to 100. */
  unread: z.int().nonnegative(),
  /** Those of them that call this person. */
  mentions: z.int().nonnegative(),
  isStarred: z.boolean(),
  isMuted: z.boolean(),
  notify: z.enum(notificationLevels),
  /** When the newest message was sent; 0: there is none. */
  lastAt: z.int().nonnegative(),
});
export type JoinedRoom = z.infer<typeof joinedRoomSchema>;

/** What others see beside a person's name, until then. */
export const statusSchema = z.strictObject({
  emoji: z.string(),
  text: z.string(),
  until: z.int().nullable(),
});

/** What is a person's own, the same on all their devices. */
export const myStateSchema = z.strictObject({
  status: statusSchema,
  /** Do not disturb until then; null: it is off. */
  dndUntil: z.int().nullable(),
  sharesReadReceipts: z.boolean(),
  keywords: z.array(z.string()),
  blocked: z.array(personSchema),
});
export type MyState = z.infer<typeof myStateSchema>;
