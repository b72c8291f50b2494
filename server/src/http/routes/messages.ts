import { basicMessageSchema } from "@novax/protocol/entities";
import { roomEventSchema } from "@novax/protocol/events";
import { generalRoomId, roomIdSchema } from "@novax/protocol/ids";
import { historyMessagesMax, pageMessagesMax } from "@novax/protocol/limits";
import { z } from "zod";
import { readEventsBefore } from "../../events/read-events.ts";
import { roomNotFound } from "../../lib/refusal.ts";
import { readNewestMessagesUpTo } from "../../messages/queries.ts";
import { requireMembership } from "../../rooms/memberships.ts";
import { defineSessionRoute } from "../route.ts";

const limitSchema = z
  .string()
  .regex(/^\d{1,4}$/, "is a whole number")
  .transform(Number)
  .pipe(z.int().min(1).max(pageMessagesMax));

const seqSchema = z
  .string()
  .regex(/^\d{1,15}$/, "is a whole number")
  .transform(Number);

export const messagesRoute = defineSessionRoute({
  method: "GET",
  path: "/api/messages",
  summary: "The newest messages of a room, oldest first, in the basic form.",
  query: z.strictObject({ limit: limitSchema.optional(), room_id: z.string().optional() }),
  answer: z.strictObject({ messages: z.array(basicMessageSchema) }),
  handle: async ({ app, actor, query }) => {
    const room = await requireMembership(app.db.sql, actor, parseRoomId(query.room_id ?? generalRoomId));
    const limit = query.limit ?? historyMessagesMax;
    return Response.json({
      messages: await readNewestMessagesUpTo(app.db.sql, room.id, room.headSeq, limit),
    });
  },
});

export const eventsRoute = defineSessionRoute({
  method: "GET",
  path: "/api/rooms/:room/events",
  summary: "A page of a room's events, oldest first: the newest ones, or those before a place.",
  query: z.strictObject({ before: seqSchema.optional(), limit: limitSchema.optional() }),
  answer: z.strictObject({ epoch: z.string(), headSeq: z.int(), events: z.array(roomEventSchema) }),
  handle: async ({ app, actor, query, params }) => {
    const room = await requireMembership(app.db.sql, actor, parseRoomId(params.room!));
    const before = Math.min(query.before ?? room.headSeq + 1, room.headSeq + 1);
    const events = await readEventsBefore(app.db.sql, room.id, before, query.limit ?? historyMessagesMax);
    return Response.json({ epoch: app.epoch, headSeq: room.headSeq, events });
  },
});

/** What cannot be a room's id is the id of no room. */
function parseRoomId(text: string) {
  const parsed = roomIdSchema.safeParse(text);
  if (!parsed.success) throw roomNotFound();
  return parsed.data;
}
