import { z } from "zod";
import { draftFilesSchema, fileIdSchema, fileSchema } from "./files.ts";
import { accountIdSchema, roomIdSchema, sendIdSchema } from "./ids.ts";
import {
  messageTextCharsMax,
  pollChoiceCharsMax,
  pollChoicesMax,
  pollChoicesMin,
  pollQuestionCharsMax,
  previewTextCharsMax,
  previewTitleCharsMax,
  previewUrlCharsMax,
} from "./limits.ts";
import { isBlank, tidyName } from "./names.ts";
import { roomKinds, roomRoles } from "./permissions.ts";
import { minutesOfDay } from "./quiet-hours.ts";
import { zoneSchema } from "./zone.ts";

export { type ServerRole, serverRoles } from "./permissions.ts";

/** Who can create an account: everyone, only people with an invitation, or no one. */
export const registrationModes = ["open", "invite", "sso", "closed"] as const;
export type RegistrationMode = (typeof registrationModes)[number];

/** What others can see of a person. No other account data leaves the server. */
export const personSchema = z.strictObject({
  id: accountIdSchema,
  username: z.string(),
  /** Absent if the person has not set one. Clients then show the username. */
  displayName: z.string().optional(),
});
export type Person = z.infer<typeof personSchema>;

// Control characters other than newline and tab are refused: they can hide content in logs and terminals.
const forbiddenInText = /[\p{Control}--[\n\t]]|\p{Surrogate}/v;
const forbiddenInLine = /\p{Control}|\p{Surrogate}/v;

const messageTextSchema = z
  .string()
  .overwrite((text) => text.replaceAll("\r\n", "\n"))
  .max(messageTextCharsMax, `use at most ${messageTextCharsMax} characters`)
  .refine((text) => !forbiddenInText.test(text), "use no control characters except line breaks and tabs");

/** A single-line text, which may be empty. */
export function lineSchema(charsMax: number) {
  return z
    .string()
    .overwrite((text) => text.trim())
    .max(charsMax, `use at most ${charsMax} characters`)
    .refine((text) => !forbiddenInLine.test(text), "use one line without control characters");
}

/** A name: a line in the form of `tidyName`, which may be empty. */
export function nameSchema(charsMax: number) {
  return lineSchema(charsMax).overwrite(tidyName);
}

/** A multi-line text, which may be empty. */
export function paragraphSchema(charsMax: number) {
  return z
    .string()
    .overwrite((text) => text.replaceAll("\r\n", "\n").trim())
    .max(charsMax, `use at most ${charsMax} characters`)
    .refine((text) => !forbiddenInText.test(text), "use no control characters except line breaks and tabs");
}

const filledLineSchema = (charsMax: number) =>
  lineSchema(charsMax).refine((text) => !isBlank(text), "enter some text");

/** What the page behind a link says about itself. */
export const linkPreviewSchema = z.strictObject({
  /** As it is in the message. */
  url: z.string().max(previewUrlCharsMax),
  title: z.string().max(previewTitleCharsMax),
  /** Empty if the page has no description. */
  text: z.string().max(previewTextCharsMax),
  /** At `/api/files/<id>`; its size in pixels. */
  picture: z
    .strictObject({ id: fileIdSchema, width: z.int().positive(), height: z.int().positive() })
    .optional(),
});
export type LinkPreview = z.infer<typeof linkPreviewSchema>;

/** A text, files, or both. */
export const textBodySchema = z.strictObject({
  kind: z.literal("text"),
  text: messageTextSchema,
  files: z.array(fileSchema).min(1).optional(),
  /** In the order of the links, for those that have one. */
  previews: z.array(linkPreviewSchema).min(1).optional(),
});
export type TextBody = z.infer<typeof textBodySchema>;

const draftTextBodySchema = textBodySchema
  .omit({ previews: true })
  .extend({ files: draftFilesSchema.optional() })
  .refine(({ text, files }) => !isBlank(text) || (files?.length ?? 0) > 0, "a message can't be empty");

/** A question with choices. The votes are not part of the body but in the message's `poll`. */
export const pollBodySchema = z.strictObject({
  kind: z.literal("poll"),
  question: filledLineSchema(pollQuestionCharsMax),
  choices: z.array(filledLineSchema(pollChoiceCharsMax)).min(pollChoicesMin).max(pollChoicesMax),
  /** Whether people can pick more than one choice. */
  isMultiple: z.boolean(),
  /** Whether votes are shown without names. */
  isAnonymous: z.boolean(),
  /** Milliseconds since 1970. Null if the poll stays open until someone closes it. */
  closesAt: z.int().nullable(),
});
export type PollBody = z.infer<typeof pollBodySchema>;

/**
 * What a client can send. More kinds may follow, so code that passes messages on must not assume it understands the
 * body.
 */
export const draftBodySchema = z.discriminatedUnion("kind", [draftTextBodySchema, pollBodySchema]);
export type DraftBody = z.infer<typeof draftBodySchema>;

/** A message's current content. A deleted message has none. */
export const messageBodySchema = z.discriminatedUnion("kind", [
  textBodySchema,
  pollBodySchema,
  z.strictObject({ kind: z.literal("deleted") }),
]);
export type MessageBody = z.infer<typeof messageBodySchema>;

/** The message that a reply answers, as shown above the reply. */
export const quoteSchema = z.strictObject({
  seq: z.int().positive(),
  sender: personSchema,
  /** The beginning of the message. Null if it is deleted. */
  excerpt: z.string().nullable(),
  /** The first file of the message. */
  file: fileSchema.optional(),
});
export type Quote = z.infer<typeof quoteSchema>;

/** The votes of a poll, by index of the choice. */
export const pollStateSchema = z.strictObject({
  counts: z.array(z.int().nonnegative()),
  /** The voters of each choice. Null if the poll is anonymous, or has more votes than `pollVotersMax`. */
  voters: z.array(z.array(accountIdSchema)).nullable(),
  isClosed: z.boolean(),
});
export type PollState = z.infer<typeof pollStateSchema>;

export const reactionSchema = z.strictObject({ emoji: z.string(), by: z.array(accountIdSchema) });
export type Reaction = z.infer<typeof reactionSchema>;

/** The current message, with all edits, reactions and votes applied. */
export const messageSchema = z.strictObject({
  seq: z.int().positive(),
  sendId: sendIdSchema,
  sender: personSchema,
  /** Milliseconds since 1970, by the server's clock. */
  sentAt: z.int(),
  body: messageBodySchema,
  editedAt: z.int().nullable(),
  quote: quoteSchema.nullable(),
  /** The first message of the thread this message is in. Null if it is in the room itself. */
  threadRoot: z.int().positive().nullable(),
  /** The replies in the thread this message starts, and who wrote last, at most three, the last first; also if what they wrote was deleted. Null if there are none. */
  thread: z
    .strictObject({ count: z.int().nonnegative(), lastAt: z.int(), by: z.array(accountIdSchema) })
    .nullable(),
  reactions: z.array(reactionSchema),
  isPinned: z.boolean(),
  /** Whether the message mentions everyone in the room. */
  mentionsEveryone: z.boolean(),
  poll: pollStateSchema.nullable(),
});
export type Message = z.infer<typeof messageSchema>;

/** A room, as all of its members see it. */
export const roomSchema = z.strictObject({
  id: roomIdSchema,
  kind: z.enum(roomKinds),
  name: z.string(),
  topic: z.string(),
  description: z.string(),
  /** A letter, a digit or an emoji. If empty, clients show a default icon. */
  icon: z.string(),
  /** One of 24 hues. If null, clients choose the hue themselves. */
  colour: z.int().min(0).max(23).nullable(),
  /** Shown instead of icon and colour, from `/api/rooms/<id>/picture`. */
  picture: fileIdSchema.nullable(),
  isArchived: z.boolean(),
  /** Who can post: all members or only moderators. */
  posting: z.enum(["everybody", "moderators"]),
  slowModeSeconds: z.int().nonnegative(),
  /** Whether a deleted message leaves a placeholder. */
  leavesMark: z.boolean(),
  /** After how many days messages are deleted, as the room is set; 0: as the server is. */
  keepDays: z.int().nonnegative(),
  /** Whether links in messages get previews, if the server makes any. */
  hasLinkPreviews: z.boolean(),
  memberCount: z.int().nonnegative(),
  headSeq: z.int().nonnegative(),
});
export type Room = z.infer<typeof roomSchema>;

export const reportOutcomes = ["dismissed", "deleted", "acted"] as const;

export const notificationLevels = ["all", "mentions", "nothing"] as const;
export type NotificationLevel = (typeof notificationLevels)[number];

/** A room as one of its members sees it, with their own settings and counts. */
export const joinedRoomSchema = roomSchema.extend({
  role: z.enum(roomRoles),
  /** After how many days messages are deleted in truth, as the server and the room are set; 0: never. */
  keptDays: z.int().nonnegative(),
  /** In direct rooms, everyone but the viewer. */
  people: z.array(personSchema),
  readSeq: z.int().nonnegative(),
  /** Messages by others after the read mark, up to `unreadCountMax`. */
  unread: z.int().nonnegative(),
  /** How many of the unread messages mention the viewer. */
  mentions: z.int().nonnegative(),
  isStarred: z.boolean(),
  isMuted: z.boolean(),
  notify: z.enum(notificationLevels),
  /** A stranger put the viewer into it, and they have not accepted it yet. It notifies once, whatever is written. */
  isRequest: z.boolean(),
  /** When the viewer hid it, until there is a newer message. A hidden request stays hidden. */
  hiddenAt: z.int().nullable(),
  /** When the newest message was sent, in milliseconds since 1970. 0 if there is none. */
  lastAt: z.int().nonnegative(),
});
export type JoinedRoom = z.infer<typeof joinedRoomSchema>;

/** The status that others see beside a person's name. It ends at `until`. */
export const statusSchema = z.strictObject({
  emoji: z.string(),
  text: z.string(),
  until: z.int().nullable(),
});

/** Minutes of the day in a time zone, from the first on, up to the second, which may be on the next day. */
export const quietHoursSchema = z.strictObject({
  from: z
    .int()
    .min(0)
    .max(minutesOfDay - 1),
  to: z
    .int()
    .min(0)
    .max(minutesOfDay - 1),
  zone: zoneSchema,
});

/** A person's own settings, the same on all their devices. */
export const myStateSchema = z.strictObject({
  status: statusSchema,
  /** Do not disturb is on until this time. Null if it is off. */
  dndUntil: z.int().nullable(),
  /** Hours in which nothing notifies; null if there are none. */
  quietHours: quietHoursSchema.nullable(),
  sharesReadReceipts: z.boolean(),
  /** What notifies besides messages: replies in threads that the person follows, and reactions to their messages. */
  notifiesOf: z.strictObject({ threads: z.boolean(), reactions: z.boolean() }),
  keywords: z.array(z.string()),
  blocked: z.array(personSchema),
});
export type MyState = z.infer<typeof myStateSchema>;
