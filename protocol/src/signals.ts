// Signals: passing states. They are never stored, never repeated and may be lost; the next one makes it good.
import { z } from "zod";
import { notificationLevels, personSchema } from "./entities.ts";
import { accountIdSchema, roomIdSchema } from "./ids.ts";

export const typingSignalSchema = z.strictObject({
  type: z.literal("typing"),
  room: roomIdSchema,
  person: personSchema,
  threadRoot: z.int().positive().optional(),
});

export const presenceStates = ["online", "away", "dnd"] as const;
export type PresenceState = (typeof presenceStates)[number];

/** Somebody who is here, and how: `dnd` does not want to be disturbed. */
export const presentPersonSchema = personSchema.extend({
  state: z.enum(presenceStates),
  status: z.strictObject({ emoji: z.string(), text: z.string() }).optional(),
});
export type PresentPerson = z.infer<typeof presentPersonSchema>;

/**
 * Who is here. `full`: `joined` is everybody, and whoever is not named is not here; else those who came or changed. In a
 * room with more than `presenceNamesMax` people here, nobody is named and `count` alone is told.
 */
export const presenceSignalSchema = z.strictObject({
  type: z.literal("presence"),
  room: roomIdSchema,
  full: z.boolean(),
  count: z.int().nonnegative(),
  joined: z.array(presentPersonSchema),
  left: z.array(accountIdSchema),
});

/** The same person's mark, and what is unread after it: from another of their devices, or from this one. */
export const readSignalSchema = z.strictObject({
  type: z.literal("read"),
  room: roomIdSchema,
  seq: z.int().nonnegative(),
  unread: z.int().nonnegative(),
  mentions: z.int().nonnegative(),
});

/** What the same person wants of a room, changed on one of their devices. */
export const preferencesSignalSchema = z.strictObject({
  type: z.literal("preferences"),
  room: roomIdSchema,
  isStarred: z.boolean(),
  isMuted: z.boolean(),
  notify: z.enum(notificationLevels),
});

/** What the same person is writing, on another of their devices. */
export const draftSignalSchema = z.strictObject({
  type: z.literal("draft"),
  room: roomIdSchema,
  text: z.string(),
});

/** A message calls this person: by name, because they are here, or by a word that they want to hear of. */
export const mentionSignalSchema = z.strictObject({
  type: z.literal("mention"),
  room: roomIdSchema,
  seq: z.int().positive(),
  threadRoot: z.int().positive().optional(),
});
export type MentionSignal = z.infer<typeof mentionSignalSchema>;

/** Something of the same person's own changed: read it again. */
export const meChangedSignalSchema = z.strictObject({
  type: z.literal("me.changed"),
  part: z.enum(["profile", "saved", "threads", "scheduled", "reminders", "mentions", "reports"]),
});
export type MyPart = z.infer<typeof meChangedSignalSchema>["part"];

/** Something happened to one's account; the account page has it too, for later. */
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
export type ReadSignal = z.infer<typeof readSignalSchema>;
export type NoticeSignal = z.infer<typeof noticeSignalSchema>;
export type Signal = z.infer<(typeof signalSchemas)[number]>;
/** Signals to one person, on every connection that they have open. */
export type PersonalSignal = Exclude<Signal, TypingSignal | PresenceSignal>;
