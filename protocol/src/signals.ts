// Signals: passing states. They are never stored, never repeated and may be lost; the next one makes it good.
import { z } from "zod";
import { personSchema } from "./entities.ts";
import { accountIdSchema, roomIdSchema } from "./ids.ts";

export const typingSignalSchema = z.strictObject({
  type: z.literal("typing"),
  room: roomIdSchema,
  who: personSchema,
});

/**
 * Who is here. `full`: `joined` is everybody, and whoever is not named is away. In a room with more than
 * `presenceNamesMax` people here, nobody is named and `count` alone is told.
 */
export const presenceSignalSchema = z.strictObject({
  type: z.literal("presence"),
  room: roomIdSchema,
  full: z.boolean(),
  count: z.int().nonnegative(),
  joined: z.array(personSchema),
  left: z.array(accountIdSchema),
});

/** The same person read up to `seq` on another of their devices. */
export const readSignalSchema = z.strictObject({
  type: z.literal("read"),
  room: roomIdSchema,
  seq: z.int().nonnegative(),
});

/** Something happened to one's account; the account page has it too, for later. */
export const noticeSignalSchema = z.strictObject({
  type: z.literal("notice"),
  title: z.string(),
  detail: z.string(),
});

export type NoticeSignal = z.infer<typeof noticeSignalSchema>;
export type TypingSignal = z.infer<typeof typingSignalSchema>;
export type PresenceSignal = z.infer<typeof presenceSignalSchema>;
export type ReadSignal = z.infer<typeof readSignalSchema>;
export type Signal = TypingSignal | PresenceSignal | ReadSignal | NoticeSignal;
