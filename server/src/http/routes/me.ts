import { personSchema } from "@novax/protocol/entities";
import { roomIdSchema, sendIdSchema } from "@novax/protocol/ids";
import { mayOnServer, serverRoles } from "@novax/protocol/permissions";
import { presenceStates } from "@novax/protocol/signals";
import { z } from "zod";
import { countApprovals } from "../../admin/queries.ts";
import { Refusal } from "../../lib/refusal.ts";
import { listMentions } from "../../messages/mention-queries.ts";
import { listBannedAddresses } from "../../moderation/address-ban-queries.ts";
import { countReports, listReports } from "../../moderation/report-queries.ts";
import { listFilterWords } from "../../moderation/word-filter-queries.ts";
import { findProfile, listProfiles, readMyState, searchPeople } from "../../people/queries.ts";
import { listSaved } from "../../saved/queries.ts";
import { countDueReminders, listReminders, listScheduled } from "../../scheduled/queries.ts";
import { countUnreadThreads, listFollowedThreads } from "../../threads/queries.ts";
import { limitSchema, parseAccountId, seqSchema } from "../params.ts";
import { defineSessionRoute, type Route } from "../route.ts";

const listMax = 50;
const peopleMax = 20;

const previewFields = {
  room: roomIdSchema,
  seq: z.int(),
  threadRoot: z.int().nullable(),
  sender: personSchema,
  sentAt: z.int(),
  excerpt: z.string().nullable(),
  at: z.int(),
};
const previewsSchema = z.strictObject({ messages: z.array(z.strictObject(previewFields)) });
const pageQuery = z.strictObject({ before: seqSchema.optional(), limit: limitSchema.optional() });

const statusSchema = z.strictObject({ emoji: z.string(), text: z.string(), until: z.int().nullable() });

/** What is a person's own across rooms, and what they may know of others. */
export const meRoutes: readonly Route[] = [
  defineSessionRoute({
    method: "GET",
    path: "/api/me",
    summary:
      "Get your own state: status, do not disturb, keywords, blocked people, and how many reports, threads, reminders and accounts to approve are waiting.",
    result: z.strictObject({
      status: statusSchema,
      dndUntil: z.int().nullable(),
      sharesReadReceipts: z.boolean(),
      keywords: z.array(z.string()),
      blocked: z.array(personSchema),
      reports: z.int(),
      unreadThreads: z.int(),
      threadMentions: z.int(),
      dueReminders: z.int(),
      approvals: z.int(),
    }),
    handle: async ({ app, actor }) =>
      Response.json({
        ...(await readMyState(app.db.sql, actor.id, app.clock.now())),
        reports: await countReports(app.db.sql, actor.id),
        ...(await countUnreadThreads(app.db.sql, actor.id)),
        dueReminders: await countDueReminders(app.db.sql, actor.id),
        approvals: await countApprovals(app.db.sql, actor.id),
      }),
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/people",
    summary:
      "Find people by the start of their name, among those you can see; optionally without the members of a room.",
    query: z.strictObject({ q: z.string().max(100).optional(), notIn: roomIdSchema.optional() }),
    result: z.strictObject({ people: z.array(personSchema) }),
    handle: async ({ app, actor, query }) =>
      Response.json({
        people: await searchPeople(app.db.sql, actor, {
          search: query.q ?? "",
          notIn: query.notIn ?? null,
          limit: peopleMax,
        }),
      }),
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/people/:person",
    summary: "Get a person's profile.",
    result: z.strictObject({
      person: personSchema,
      serverRole: z.enum(serverRoles),
      createdAt: z.int(),
      status: statusSchema,
      state: z.enum(presenceStates).nullable(),
    }),
    handle: async ({ app, actor, params }) => {
      const id = parseAccountId(params.person!);
      const profile = await findProfile(app.db.sql, actor, id);
      if (!profile) throw new Refusal("not_found", (t) => t.nobody);
      const [shown] = await listProfiles(app.db.sql, [id]);
      const isOver = shown!.status.until !== null && shown!.status.until <= app.clock.now();
      const status = isOver ? { emoji: "", text: "", until: null } : shown!.status;
      return Response.json({ ...profile, status, state: app.presence.stateOf(id) });
    },
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/mentions",
    summary: "List messages that mention you, in all rooms, newest first.",
    query: pageQuery,
    result: previewsSchema,
    handle: async ({ app, actor, query }) => {
      const { before = Number.MAX_SAFE_INTEGER, limit = listMax } = query;
      return Response.json({ messages: await listMentions(app.db.sql, actor.id, before, limit) });
    },
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/saved",
    summary: "List the messages you saved, most recently saved first.",
    query: pageQuery,
    result: previewsSchema,
    handle: async ({ app, actor, query }) => {
      const { before = Number.MAX_SAFE_INTEGER, limit = listMax } = query;
      return Response.json({ messages: await listSaved(app.db.sql, actor.id, before, limit) });
    },
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/threads",
    summary: "List the threads you follow, newest reply first.",
    query: pageQuery,
    result: z.strictObject({
      threads: z.array(
        z.strictObject({ ...previewFields, count: z.int(), lastAt: z.int(), unread: z.int() }),
      ),
    }),
    handle: async ({ app, actor, query }) => {
      const { before = Number.MAX_SAFE_INTEGER, limit = listMax } = query;
      return Response.json({ threads: await listFollowedThreads(app.db.sql, actor.id, before, limit) });
    },
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/me/scheduled",
    summary: "List your scheduled messages and reminders.",
    result: z.strictObject({
      scheduled: z.array(
        z.strictObject({
          sendId: sendIdSchema,
          room: roomIdSchema,
          threadRoot: z.int().nullable(),
          text: z.string(),
          dueAt: z.int(),
          refused: z.string().nullable(),
        }),
      ),
      reminders: z.array(
        z.strictObject({
          id: z.uuid(),
          room: roomIdSchema,
          seq: z.int().nullable(),
          note: z.string(),
          dueAt: z.int(),
          isDue: z.boolean(),
        }),
      ),
    }),
    handle: async ({ app, actor }) =>
      Response.json({
        scheduled: await listScheduled(app.db.sql, actor.id, 2 * listMax),
        reminders: await listReminders(app.db.sql, actor.id, 2 * listMax),
      }),
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/reports",
    summary: "List the reports you can review: open or resolved.",
    query: z.strictObject({ done: z.literal("1").optional() }),
    result: z.strictObject({
      reports: z.array(
        z.strictObject({
          id: z.uuid(),
          room: roomIdSchema,
          roomName: z.string(),
          seq: z.int(),
          reporter: personSchema,
          sender: personSchema,
          reason: z.string(),
          text: z.string(),
          at: z.int(),
          outcome: z.string().nullable(),
          resolvedBy: personSchema.nullable(),
          note: z.string(),
        }),
      ),
    }),
    handle: async ({ app, actor, query }) =>
      Response.json({
        reports: await listReports(app.db.sql, actor.id, query.done === "1", 2 * listMax),
      }),
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/address-bans",
    summary: "List blocked IP addresses and ranges. Owners only.",
    result: z.strictObject({ addresses: z.array(z.string()) }),
    handle: async ({ app, actor }) => {
      if (!mayOnServer(actor.serverRole, "address.ban")) throw new Refusal("forbidden", (t) => t.forOwners);
      return Response.json({ addresses: await listBannedAddresses(app.db.sql) });
    },
  }),
  defineSessionRoute({
    method: "GET",
    path: "/api/word-filter",
    summary: "List blocked words. Owners and admins only.",
    result: z.strictObject({ words: z.array(z.string()) }),
    handle: async ({ app, actor }) => {
      if (!mayOnServer(actor.serverRole, "word_filter.change"))
        throw new Refusal("forbidden", (t) => t.forAdmins);
      return Response.json({ words: await listFilterWords(app.db.sql) });
    },
  }),
];
