// Room events are stored facts, numbered by `seq` within their room. A room's log (1, 2, 3 ... without a gap) is the
// source of truth: everything a client shows is derived from it.
//
// An event states what is true from now on, not what was added. Applied to a state that already includes it, it changes
// nothing. A text is stored only in its message: an event read again after the text was edited or deleted carries the
// current text.
import { z } from "zod";
import { messageBodySchema, personSchema, pollStateSchema, quoteSchema, roomSchema } from "./entities.ts";
import { roomIdSchema, sendIdSchema } from "./ids.ts";
import { roomRoles } from "./permissions.ts";

const eventBase = {
  seq: z.int().positive(),
  /** Milliseconds since 1970, by the server's clock. Events are ordered by `seq`, never by this. */
  at: z.int(),
  actor: personSchema,
};

/** The `seq` of the message that an event is about. */
const target = z.int().positive();

/** The room settings that an event changed. */
export const roomChangesSchema = roomSchema
  .pick({
    name: true,
    topic: true,
    description: true,
    icon: true,
    colour: true,
    picture: true,
    isArchived: true,
    posting: true,
    slowModeSeconds: true,
    leavesMark: true,
    keepDays: true,
    hasLinkPreviews: true,
  })
  .partial();
export type RoomChanges = z.infer<typeof roomChangesSchema>;

export const roomEventSchema = z.discriminatedUnion("type", [
  z.strictObject({
    ...eventBase,
    type: z.literal("message.sent"),
    sendId: sendIdSchema,
    body: messageBodySchema,
    quote: quoteSchema.optional(),
    /** The first message of the thread that this message is in. */
    threadRoot: target.optional(),
    /** How many replies that thread has now. */
    replies: z.int().nonnegative().optional(),
    mentionsEveryone: z.literal(true).optional(),
  }),
  z.strictObject({ ...eventBase, type: z.literal("message.edited"), target, body: messageBodySchema }),
  /** The previews of a message's links are others now. It does not count as edited. */
  z.strictObject({ ...eventBase, type: z.literal("message.previewed"), target, body: messageBodySchema }),
  z.strictObject({
    ...eventBase,
    type: z.literal("message.deleted"),
    target,
    /** Whether a placeholder stays. */
    leavesMark: z.boolean(),
    /** The thread that the message was in, and how many replies it has now. */
    threadRoot: target.optional(),
    replies: z.int().nonnegative().optional(),
  }),
  z.strictObject({ ...eventBase, type: z.literal("message.pinned"), target }),
  z.strictObject({ ...eventBase, type: z.literal("message.unpinned"), target }),
  z.strictObject({ ...eventBase, type: z.literal("reaction.added"), target, emoji: z.string() }),
  z.strictObject({ ...eventBase, type: z.literal("reaction.removed"), target, emoji: z.string() }),
  z.strictObject({
    ...eventBase,
    type: z.literal("poll.changed"),
    target,
    counts: pollStateSchema.shape.counts,
    isClosed: z.boolean(),
    /** The actor's current choices. Absent if the poll is anonymous or the event is not a vote. */
    choices: z.array(z.int().nonnegative()).optional(),
  }),
  z.strictObject({ ...eventBase, type: z.literal("member.joined"), member: personSchema }),
  z.strictObject({ ...eventBase, type: z.literal("member.removed"), member: personSchema }),
  z.strictObject({
    ...eventBase,
    type: z.literal("member.role_changed"),
    member: personSchema,
    role: z.enum(roomRoles),
  }),
  z.strictObject({ ...eventBase, type: z.literal("room.changed"), changes: roomChangesSchema }),
]);
export type RoomEvent = z.infer<typeof roomEventSchema>;
export type RoomEventType = RoomEvent["type"];
export type EventOf<T extends RoomEventType> = Extract<RoomEvent, { type: T }>;

/** Events of one room without a gap: `from` is the first event's `seq`, `to` the last one's. */
export const eventsFrameSchema = z.strictObject({
  type: z.literal("events"),
  room: roomIdSchema,
  from: z.int().positive(),
  to: z.int().positive(),
  events: z.array(roomEventSchema).min(1),
});
export type EventsFrame = z.infer<typeof eventsFrameSchema>;

const entryBase = { seq: z.int().positive(), at: z.int(), actor: personSchema };

/** A timeline entry that is not a message. */
export const systemMessageSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    ...entryBase,
    kind: z.literal("member"),
    change: z.enum(["joined", "removed"]),
    member: personSchema,
  }),
  z.strictObject({ ...entryBase, kind: z.literal("room"), changes: roomChangesSchema }),
]);
export type SystemMessage = z.infer<typeof systemMessageSchema>;
