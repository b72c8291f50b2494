import { historyMessagesMax } from "@novax/protocol/limits";
import type { ReadInput, ReadResult } from "@novax/protocol/reads";
import type { Actor } from "../auth/sessions.ts";
import type { Database } from "../db/database.ts";
import { readEventsAfter } from "../events/queries.ts";
import { listCursorOf, parseListCursor, toPage } from "../lib/cursor.ts";
import { Refusal } from "../lib/refusal.ts";
import { findSharesReadReceipts } from "../people/queries.ts";
import { requireMembership } from "../rooms/require-membership.ts";
import { listRevisions } from "./change-queries.ts";
import { listMentions } from "./mention-queries.ts";
import { listReaders } from "./queries.ts";
import { requireMessage } from "./require-message.ts";
import { readPins, readTimeline } from "./timeline.ts";
import { findShownSince } from "./timeline-queries.ts";

type Needs = { db: Database; epoch: string };

const pageRows = 50;
const readersMax = 100;

export async function readRoomTimeline(
  app: Needs,
  actor: Actor,
  { room: id, limit = historyMessagesMax, ...part }: ReadInput<"room.timeline">,
): Promise<ReadResult<"room.timeline">> {
  const { room } = await requireMembership(app.db.sql, actor, id);
  const page = await readTimeline(app.db.sql, actor, room, { ...part, limit });
  return { epoch: app.epoch, ...page };
}

export async function readRoomEvents(
  app: Needs,
  actor: Actor,
  { room: id, limit = historyMessagesMax, ...query }: ReadInput<"room.events">,
): Promise<ReadResult<"room.events">> {
  const { room } = await requireMembership(app.db.sql, actor, id);
  const { headSeq } = room;
  // The log has no gaps, so the events before one `seq` are those after another.
  const before = Math.min(query.before ?? headSeq + 1, headSeq + 1);
  const after = query.after ?? Math.max(0, before - 1 - limit);
  const count = query.after === undefined ? before - 1 - after : limit;
  const events = count > 0 ? await readEventsAfter(app.db.sql, id, after, { limit: count }) : [];
  return { epoch: app.epoch, headSeq, events };
}

/** Returns the first entry of a room's timeline that is not older than a time. */
export async function readRoomAt(
  app: Needs,
  actor: Actor,
  { room: id, time = 0 }: ReadInput<"room.at">,
): Promise<ReadResult<"room.at">> {
  const { room } = await requireMembership(app.db.sql, actor, id);
  return { seq: await findShownSince(app.db.sql, room, time) };
}

export async function readRoomPins(
  app: Needs,
  actor: Actor,
  { room: id }: ReadInput<"room.pins">,
): Promise<ReadResult<"room.pins">> {
  const { room } = await requireMembership(app.db.sql, actor, id);
  return { messages: await readPins(app.db.sql, actor, room.id) };
}

export async function readRevisions(
  app: Needs,
  actor: Actor,
  { room, seq }: ReadInput<"message.revisions">,
): Promise<ReadResult<"message.revisions">> {
  await requireMembership(app.db.sql, actor, room);
  await requireMessage(app.db.sql, room, seq);
  const revisions = await listRevisions(app.db.sql, room, seq);
  return {
    revisions: revisions.flatMap(({ body, at }) => (body.kind === "text" ? [{ text: body.text, at }] : [])),
  };
}

/** Refuses with `forbidden` if the actor does not share their own read receipts. */
export async function readReaders(
  app: Needs,
  actor: Actor,
  { room, seq }: ReadInput<"message.readers">,
): Promise<ReadResult<"message.readers">> {
  await requireMembership(app.db.sql, actor, room);
  const { sender } = await requireMessage(app.db.sql, room, seq);
  if (!(await findSharesReadReceipts(app.db.sql, actor.id)))
    throw new Refusal("forbidden", (t) => t.readersHidden);
  const query = { room, seq, viewer: actor.id, except: sender.id, limit: readersMax };
  return { readers: await listReaders(app.db.sql, query) };
}

export async function readMyMentions(
  app: Needs,
  actor: Actor,
  { after, limit = pageRows }: ReadInput<"me.mentions">,
): Promise<ReadResult<"me.mentions">> {
  const rows = await listMentions(app.db.sql, actor.id, parseListCursor(after), { limit: limit + 1 });
  const { page, next } = toPage(rows, limit, listCursorOf);
  return { messages: page, next };
}
