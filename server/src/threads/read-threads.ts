import { historyMessagesMax } from "@novax/protocol/limits";
import type { ReadInput, ReadResult } from "@novax/protocol/reads";
import type { Actor } from "../auth/sessions.ts";
import type { Database } from "../db/database.ts";
import { listCursorOf, parseListCursor, toPage } from "../lib/cursor.ts";
import { messageGone } from "../messages/require-message.ts";
import { requireMembership } from "../rooms/require-membership.ts";
import { findFollowed, listFollowedThreads } from "./queries.ts";
import { readThread } from "./read-thread.ts";

type Needs = { db: Database; epoch: string };

const pageRows = 50;

/** Refuses with `not_found` and `message_gone`. */
export async function readRoomThread(
  app: Needs,
  actor: Actor,
  { room: id, seq: root, before, limit = historyMessagesMax }: ReadInput<"room.thread">,
): Promise<ReadResult<"room.thread">> {
  const { room } = await requireMembership(app.db.sql, actor, id);
  const thread = await readThread(app.db.sql, actor, room, { root, before, limit });
  if (!thread) throw messageGone();
  const followed = await findFollowed(app.db.sql, { account: actor.id, room: id, root });
  return { epoch: app.epoch, ...thread, ...followed };
}

export async function readMyThreads(
  app: Needs,
  actor: Actor,
  { after, limit = pageRows }: ReadInput<"me.threads">,
): Promise<ReadResult<"me.threads">> {
  const rows = await listFollowedThreads(app.db.sql, actor.id, parseListCursor(after), { limit: limit + 1 });
  const { page, next } = toPage(rows, limit, listCursorOf);
  return { threads: page, next };
}
