// Room events: stored facts, each with its place (`seq`) in its room. The list of a room's events, 1, 2, 3 ... without
// a hole, is the truth; everything a client shows is derived from it.
//
// An event says what is so from now on, never what was added to what was before: applied to a state that has it
// already, it changes nothing. A text stands in its message alone: an event that is read again after the text was
// edited or deleted carries what the text is by then.
import { z } from "zod";
import { messageBodySchema, personSchema, pollStateSchema, quoteSchema, roomSchema } from "./entities.ts";
import { roomIdSchema, sendIdSchema } from "./ids.ts";
import { roomRoles } from "./permissions.ts";

const eventBase = {
  seq: z.int().positive(),
  /** Milliseconds since 1970, by the server's clock. The order of events is `seq`, never this. */
  at: z.int(),
  actor: personSchema,
};

/** The message an event is about. */
const target = z.int().positive();

/** What of a room can change, as far as an event changed it. */
export const roomChangesSchema = roomSchema
  .pick({
    name: true,
    topic: true,
    description: true,
    icon: true,
    colour: true,
    isArchived: true,
    posting: true,
    slowModeSeconds: true,
    leavesMark: true,
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
    /** The message in whose thread it was said. */
    threadRoot: target.optional(),
    /** How many answers that thread has now. */
    replies: z.int().nonnegative().optional(),
    mentionsEveryone: z.literal(true).optional(),
  }),
  z.strictObject({ ...eventBase, type: z.literal("message.edited"), target, body: messageBodySchema }),
  z.strictObject({
    ...eventBase,
    type: z.literal("message.deleted"),
    target,
    /** Whether something stays in its place. */
    leavesMark: z.boolean(),
    /** The thread it stood in, and how many answers that has now. */
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
    /** What the actor has chosen now; not said where nobody is to know, or nobody chose. */
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

/** Events of one room, contiguous: `events[0].seq` is `from`, the last one's is `to`. */
export const eventsFrameSchema = z.strictObject({
  type: z.literal("events"),
  room: roomIdSchema,
  from: z.int().positive(),
  to: z.int().positive(),
  events: z.array(roomEventSchema).min(1),
});
export type EventsFrame = z.infer<typeof eventsFrameSchema>;

const entryBase = { seq: z.int().positive(), at: z.int(), actor: personSchema };

/** What a room shows that is no message. */
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
