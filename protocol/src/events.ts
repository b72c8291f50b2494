// Room events: stored facts, each with its place (`seq`) in its room. The list of a room's events, 1, 2, 3 ... without
// a hole, is the truth; everything a client shows is derived from it.
import { z } from "zod";
import { messageBodySchema, personSchema } from "./entities.ts";
import { roomIdSchema, sendIdSchema } from "./ids.ts";

const eventBase = {
  seq: z.int().positive(),
  /** Milliseconds since 1970, by the server's clock. The order of events is `seq`, never this. */
  at: z.int(),
  actor: personSchema,
};

export const roomEventSchema = z.discriminatedUnion("type", [
  z.strictObject({
    ...eventBase,
    type: z.literal("message.sent"),
    sendId: sendIdSchema,
    body: messageBodySchema,
  }),
  z.strictObject({ ...eventBase, type: z.literal("member.joined"), member: personSchema }),
  z.strictObject({ ...eventBase, type: z.literal("member.removed"), member: personSchema }),
]);
export type RoomEvent = z.infer<typeof roomEventSchema>;
export type RoomEventType = RoomEvent["type"];

/** Events of one room, contiguous: `events[0].seq` is `from`, the last one's is `to`. */
export const eventsFrameSchema = z.strictObject({
  type: z.literal("events"),
  room: roomIdSchema,
  from: z.int().positive(),
  to: z.int().positive(),
  events: z.array(roomEventSchema).min(1),
});
export type EventsFrame = z.infer<typeof eventsFrameSchema>;
