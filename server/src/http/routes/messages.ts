import { basicMessageSchema } from "@novax/protocol/basic";
import { roomEventSchema } from "@novax/protocol/events";
import { generalRoomId } from "@novax/protocol/general-room";
import { historyMessagesMax } from "@novax/protocol/limits";
import { z } from "zod";
import { readEventsAfter } from "../../events/queries.ts";
import { readNewestMessagesUpTo } from "../../messages/queries.ts";
import { requireMembership } from "../../rooms/require-membership.ts";
import { limitSchema, parseRoomId, seqSchema } from "../params.ts";
import { defineSessionRoute } from "../route.ts";

export const messagesRoute = defineSessionRoute({
  method: "GET",
  path: "/api/messages",
  summary: "List the newest messages in a room, oldest first, in the basic format.",
  query: z.strictObject({ limit: limitSchema.optional(), room_id: z.string().optional() }),
  result: z.strictObject({ messages: z.array(basicMessageSchema) }),
  handle: async ({ app, actor, query }) => {
    const { room } = await requireMembership(app.db.sql, actor, parseRoomId(query.room_id ?? generalRoomId));
    const limit = query.limit ?? historyMessagesMax;
    return Response.json({
      messages: await readNewestMessagesUpTo(app.db.sql, room.id, room.headSeq, limit),
    });
  },
});

export const eventsRoute = defineSessionRoute({
  method: "GET",
  path: "/api/rooms/:room/events",
  summary: "List events in a room's log, in order: after a position, before one, or the newest.",
  query: z.strictObject({
    after: seqSchema.optional(),
    before: seqSchema.optional(),
    limit: limitSchema.optional(),
  }),
  result: z.strictObject({ epoch: z.string(), headSeq: z.int(), events: z.array(roomEventSchema) }),
  handle: async ({ app, actor, query, params }) => {
    const { room } = await requireMembership(app.db.sql, actor, parseRoomId(params.room!));
    const limit = query.limit ?? historyMessagesMax;
    // The log has no hole: the events before a place are those after another.
    const before = Math.min(query.before ?? room.headSeq + 1, room.headSeq + 1);
    const after = query.after ?? Math.max(0, before - 1 - limit);
    const count = query.after === undefined ? before - 1 - after : limit;
    const events = count > 0 ? await readEventsAfter(app.db.sql, room.id, after, count) : [];
    return Response.json({ epoch: app.epoch, headSeq: room.headSeq, events });
  },
});
