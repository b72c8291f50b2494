import { basicMessageSchema } from "@novax/protocol/basic";
import { generalRoomId } from "@novax/protocol/general-room";
import { roomIdSchema } from "@novax/protocol/ids";
import { historyMessagesMax } from "@novax/protocol/limits";
import { readSpecs } from "@novax/protocol/reads";
import { z } from "zod";
import { roomNotFound } from "../../lib/refusal.ts";
import { readNewestMessagesUpTo } from "../../messages/queries.ts";
import { requireMembership } from "../../rooms/require-membership.ts";
import { defineSessionRoute } from "../route.ts";

/** The history of the basic protocol, whose shape never changes. */
export const messagesRoute = defineSessionRoute({
  method: "GET",
  path: "/api/messages",
  summary: "List a room's newest messages, oldest first, in the basic format.",
  cost: 0.1,
  takesTurns: true,
  query: z.strictObject({ limit: readSpecs["room.events"].query.limit, room_id: z.string().optional() }),
  result: z.strictObject({ messages: z.array(basicMessageSchema) }),
  handle: async ({ app, actor, query }) => {
    const id = roomIdSchema.safeParse(query.room_id ?? generalRoomId);
    if (!id.success) throw roomNotFound();
    const { room } = await requireMembership(app.db.sql, actor, id.data);
    const limit = query.limit ?? historyMessagesMax;
    const messages = await readNewestMessagesUpTo(app.db.sql, room.id, room.headSeq, { limit });
    const text = JSON.stringify({ messages });
    app.budgets.chargeAnswer(actor.id, text.length);
    return new Response(text, { headers: { "content-type": "application/json" } });
  },
});
