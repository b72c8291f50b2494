import { joinedRoomSchema, messageSchema, personSchema } from "@novax/protocol/entities";
import { systemMessageSchema } from "@novax/protocol/events";
import { roomIdSchema } from "@novax/protocol/ids";
import { historyMessagesMax } from "@novax/protocol/limits";
import { mayOnServer, roomRoles } from "@novax/protocol/permissions";
import { z } from "zod";
import { Refusal } from "../../lib/refusal.ts";
import { listRevisions } from "../../messages/change-queries.ts";
import { listReaders } from "../../messages/queries.ts";
import { requireMessage } from "../../messages/require-message.ts";
import { readPins, readTimeline } from "../../messages/timeline.ts";
import { readMyState } from "../../people/queries.ts";
import { assertMayInRoom } from "../../rooms/in-room.ts";
import { listBans, listMembersPage } from "../../rooms/member-queries.ts";
import { browseRooms, listJoinedRooms } from "../../rooms/queries.ts";
import { requireMembership } from "../../rooms/require-membership.ts";
import { findFollowed } from "../../threads/queries.ts";
import { readThread } from "../../threads/read-thread.ts";
import { limitSchema, parseRoomId, parseSeq, seqSchema } from "../params.ts";
import { defineSessionRoute, type Route } from "../route.ts";

const listMax = 100;
const searchSchema = z.string().max(100);

const pageFields = {
  epoch: z.string(),
  headSeq: z.int(),
  entries: z.array(
    z.discriminatedUnion("kind", [
      messageSchema.extend({ kind: z.literal("message") }),
      ...systemMessageSchema.options,
    ]),
  ),
  hasBefore: z.boolean(),
  hasAfter: z.boolean(),
  people: z.array(personSchema),
  myVotes: z.record(z.string(), z.array(z.int())),
};

/** What is in rooms, for those who are in them. */
export const roomRoutes: readonly Route[] = [
  defineSessionRoute({
    method: "GET",
    path: "/api/rooms",
    summary: "List the rooms you're in, with unread counts.",
    result: z.strictObject({ epoch: z.string(), rooms: z.array(joinedRoomSchema) }),
    handle: async ({ app, actor }) =>
      Response.json({ epoch: app.epoch, rooms: await listJoinedRooms(app.db.sql, actor.id) }),
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/browse",
    summary: "List public rooms by name, whether or not you're in them.",
    query: z.strictObject({
      q: searchSchema.optional(),
      after_name: searchSchema.optional(),
      after_id: z.string().max(64).optional(),
      limit: limitSchema.optional(),
    }),
    result: z.strictObject({
      rooms: z.array(
        z.strictObject({
          id: roomIdSchema,
          name: z.string(),
          topic: z.string(),
          description: z.string(),
          icon: z.string(),
          colour: z.int().nullable(),
          memberCount: z.int(),
          isMember: z.boolean(),
        }),
      ),
    }),
    handle: async ({ app, actor, query }) => {
      if (!mayOnServer(actor.serverRole, "room.browse")) throw new Refusal("forbidden", (t) => t.guestRooms);
      const after =
        query.after_name === undefined ? null : { name: query.after_name, id: query.after_id ?? "" };
      const rooms = await browseRooms(app.db.sql, actor.id, {
        search: query.q ?? "",
        after,
        limit: query.limit ?? listMax,
      });
      return Response.json({ rooms });
    },
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/rooms/:room/timeline",
    summary:
      "List a room's messages as they are now, oldest first: before, after or around a position, or the newest.",
    query: z.strictObject({
      before: seqSchema.optional(),
      after: seqSchema.optional(),
      around: seqSchema.optional(),
      limit: limitSchema.optional(),
    }),
    result: z.strictObject(pageFields),
    handle: async ({ app, actor, params, query }) => {
      const { room } = await requireMembership(app.db.sql, actor, parseRoomId(params.room!));
      const pageQuery = { ...query, limit: query.limit ?? historyMessagesMax };
      const page = await readTimeline(app.db.sql, actor, room, pageQuery);
      return Response.json({ epoch: app.epoch, ...page });
    },
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/rooms/:room/threads/:seq",
    summary: "List the replies to a message, oldest first: the newest, or those before a position.",
    query: z.strictObject({ before: seqSchema.optional(), limit: limitSchema.optional() }),
    result: z.strictObject({
      ...pageFields,
      root: messageSchema,
      isFollowed: z.boolean(),
      readSeq: z.int(),
    }),
    handle: async ({ app, actor, params, query }) => {
      const { room } = await requireMembership(app.db.sql, actor, parseRoomId(params.room!));
      const root = parseSeq(params.seq!);
      const pageQuery = { root, before: query.before, limit: query.limit ?? historyMessagesMax };
      const thread = await readThread(app.db.sql, actor, room, pageQuery);
      if (!thread) throw new Refusal("message_gone", (t) => t.messageGone);
      const followed = await findFollowed(app.db.sql, { account: actor.id, room: room.id, root });
      return Response.json({ epoch: app.epoch, ...thread, ...followed });
    },
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/rooms/:room/pins",
    summary: "List a room's pinned messages, newest pin first.",
    result: z.strictObject({ messages: z.array(messageSchema) }),
    handle: async ({ app, actor, params }) => {
      const { room } = await requireMembership(app.db.sql, actor, parseRoomId(params.room!));
      return Response.json({ messages: await readPins(app.db.sql, actor, room.id) });
    },
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/rooms/:room/members",
    summary: "List a room's members by username, after a given one, optionally by the start of their name.",
    query: z.strictObject({
      q: searchSchema.optional(),
      after: searchSchema.optional(),
      limit: limitSchema.optional(),
    }),
    result: z.strictObject({
      members: z.array(personSchema.extend({ role: z.enum(roomRoles), silencedUntil: z.int().nullable() })),
    }),
    handle: async ({ app, actor, params, query }) => {
      const { room } = await requireMembership(app.db.sql, actor, parseRoomId(params.room!));
      const { q = "", after = "", limit = listMax } = query;
      return Response.json({
        members: await listMembersPage(app.db.sql, room.id, { search: q, after, limit }),
      });
    },
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/rooms/:room/bans",
    summary: "List who's banned from a room. Requires the permission to ban.",
    result: z.strictObject({
      bans: z.array(z.strictObject({ person: personSchema, reason: z.string(), at: z.int() })),
    }),
    handle: async ({ app, actor, params }) => {
      const membership = await requireMembership(app.db.sql, actor, parseRoomId(params.room!));
      assertMayInRoom(membership, "member.ban");
      return Response.json({ bans: await listBans(app.db.sql, membership.room.id, listMax) });
    },
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/rooms/:room/messages/:seq/revisions",
    summary: "List a message's edit history, oldest version first and the current one last.",
    result: z.strictObject({ revisions: z.array(z.strictObject({ text: z.string(), at: z.int() })) }),
    handle: async ({ app, actor, params }) => {
      const { room } = await requireMembership(app.db.sql, actor, parseRoomId(params.room!));
      const { seq } = await requireMessage(app.db.sql, room.id, parseSeq(params.seq!));
      const revisions = await listRevisions(app.db.sql, room.id, seq);
      return Response.json({
        revisions: revisions.flatMap(({ body, at }) =>
          body.kind === "text" ? [{ text: body.text, at }] : [],
        ),
      });
    },
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/rooms/:room/messages/:seq/readers",
    summary:
      "List who has seen a message, among people who share read receipts. You need to share yours too.",
    result: z.strictObject({ readers: z.array(personSchema) }),
    handle: async ({ app, actor, params }) => {
      const { room } = await requireMembership(app.db.sql, actor, parseRoomId(params.room!));
      const { seq, sender } = await requireMessage(app.db.sql, room.id, parseSeq(params.seq!));
      const { sharesReadReceipts } = await readMyState(app.db.sql, actor.id, app.clock.now());
      if (!sharesReadReceipts) throw new Refusal("forbidden", (t) => t.readersHidden);
      const readers = await listReaders(app.db.sql, {
        room: room.id,
        seq,
        except: sender.id,
        limit: listMax,
      });
      return Response.json({ readers });
    },
  }),
];
