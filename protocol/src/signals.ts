// Signals are transient states. They are never stored or repeated and can be lost. The next one corrects the state.
import { z } from "zod";
import { notificationLevels, personSchema } from "./entities.ts";
import { fileIdSchema } from "./files.ts";
import { accountIdSchema, roomIdSchema } from "./ids.ts";

export const typingSignalSchema = z.strictObject({
  type: z.literal("typing"),
  room: roomIdSchema,
  person: personSchema,
  threadRoot: z.int().positive().optional(),
});

export const presenceStates = ["online", "away", "dnd"] as const;
export type PresenceState = (typeof presenceStates)[number];

/** A person who is online, with their state and status. */
export const presentPersonSchema = personSchema.extend({
  state: z.enum(presenceStates),
  /** Their picture, from `/api/people/<id>/picture`, if they have one. */
  picture: fileIdSchema.optional(),
  status: z.strictObject({ emoji: z.string(), text: z.string() }).optional(),
});
export type PresentPerson = z.infer<typeof presentPersonSchema>;

/**
 * Who is online in a room. If `full`, `joined` lists everyone online and replaces the client's list. Otherwise it lists
 * those who came online or changed, and `left` those who went offline. In a room with more than `presenceNamesMax`
 * people online only `count` is sent.
 */
export const presenceSignalSchema = z.strictObject({
  type: z.literal("presence"),
  room: roomIdSchema,
  full: z.boolean(),
  count: z.int().nonnegative(),
  joined: z.array(presentPersonSchema),
  left: z.array(accountIdSchema),
});

/** The person's own read mark and what is unread after it, moved on this device or another one. */
export const readSignalSchema = z.strictObject({
  type: z.literal("read"),
  room: roomIdSchema,
  seq: z.int().nonnegative(),
  unread: z.int().nonnegative(),
  mentions: z.int().nonnegative(),
});

/** The person's own settings for a room, changed on one of their devices. */
export const preferencesSignalSchema = z.strictObject({
  type: z.literal("preferences"),
  room: roomIdSchema,
  isStarred: z.boolean(),
  isMuted: z.boolean(),
  notify: z.enum(notificationLevels),
  isRequest: z.boolean(),
  hiddenAt: z.int().nullable(),
});

/** The person's own draft in a room or a thread, changed on one of their devices. */
export const draftSignalSchema = z.strictObject({
  type: z.literal("draft"),
  room: roomIdSchema,
  threadRoot: z.int().positive().optional(),
  text: z.string(),
});

/**
 * A message mentions this person: by username, by one of their keywords, by `@here`, or by `@room` in a thread they
 * follow.
 */
export const mentionSignalSchema = z.strictObject({
  type: z.literal("mention"),
  room: roomIdSchema,
  seq: z.int().positive(),
  threadRoot: z.int().positive().optional(),
});
export type MentionSignal = z.infer<typeof mentionSignalSchema>;

/** Part of the person's own state has changed. Read it again. */
export const meChangedSignalSchema = z.strictObject({
  type: z.literal("me.changed"),
  part: z.enum([
    "profile",
    "saved",
    "threads",
    "scheduled",
    "reminders",
    "mentions",
    "reports",
    "inbox",
    "reactions",
  ]),
});
export type MyPart = z.infer<typeof meChangedSignalSchema>["part"];

/** Something happened to the person's account. The account page keeps it as a notice. */
export const noticeSignalSchema = z.strictObject({
  type: z.literal("notice"),
  title: z.string(),
  detail: z.string(),
});

/** A reminder is due. */
export const reminderSignalSchema = z.strictObject({
  type: z.literal("reminder"),
  reminder: z.uuid(),
  room: roomIdSchema,
  seq: z.int().positive().nullable(),
  note: z.string(),
});

export const signalSchemas = [
  typingSignalSchema,
  presenceSignalSchema,
  readSignalSchema,
  preferencesSignalSchema,
  draftSignalSchema,
  mentionSignalSchema,
  meChangedSignalSchema,
  noticeSignalSchema,
  reminderSignalSchema,
] as const;

export type TypingSignal = z.infer<typeof typingSignalSchema>;
export type PresenceSignal = z.infer<typeof presenceSignalSchema>;
export type NoticeSignal = z.infer<typeof noticeSignalSchema>;
export type Signal = z.infer<(typeof signalSchemas)[number]>;
/** Signals to one person, sent to all of their open connections. */
export type PersonalSignal = Exclude<Signal, TypingSignal | PresenceSignal>;
