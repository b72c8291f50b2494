import type { FieldsOf } from "@novax/protocol/commands";
import type { InboxKind } from "@novax/protocol/inbox-kinds";
import type { InboxItem, MessagePreview, ReadInput, ReadResult } from "@novax/protocol/reads";
import type { Actor } from "../auth/sessions.ts";
import type { Database, Sql } from "../db/database.ts";
import { listCursorOf, parseListCursor, toPage } from "../lib/cursor.ts";
import { listMentions } from "../messages/mention-queries.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import {
  listDueReminders,
  listInvitations,
  listReactions,
  listReplies,
  raiseInboxMark,
  readMarks,
} from "./queries.ts";

const pageRows = 50;

type Unmarked = InboxItem extends infer Item ? (Item extends InboxItem ? Omit<Item, "isNew"> : never) : never;
type Page = Parameters<typeof listReplies>[2];

/** What each kind of item is read from. */
const sources: Record<InboxKind, (sql: Sql, actor: Actor, page: Page) => Promise<Unmarked[]>> = {
  mention: async (sql, { id }, { before, limit }) =>
    (await listMentions(sql, id, before, { limit })).map((message) => ({ kind: "mention", ...message })),
  reply: async (sql, { id }, page) =>
    (await listReplies(sql, id, page)).map((message) => ({ kind: "reply", ...message })),
  reaction: (sql, { id }, page) => listReactions(sql, id, page),
  reminder: (sql, { id }, page) => listDueReminders(sql, id, page),
  invitation: (sql, { id }, page) => listInvitations(sql, id, page),
};

/**
 * Returns what concerns the actor in all their rooms, newest first: of one kind, or of all. A reply that mentions them is there
 * once, as a mention.
 */
export async function readInbox(
  app: { db: Database },
  actor: Actor,
  { kind, after, limit = pageRows }: ReadInput<"me.inbox">,
): Promise<ReadResult<"me.inbox">> {
  const { sql } = app.db;
  const before = parseListCursor(after);
  const kinds = kind === undefined ? Object.values(sources) : [sources[kind]];
  const read: Unmarked[] = [];
  for (const list of kinds) read.push(...(await list(sql, actor, { before, limit: limit + 1 })));
  const items = read.sort((a, b) => b.at - a.at || compare(b.room, a.room) || (b.seq ?? 0) - (a.seq ?? 0));
  const { page, next } = toPage(items, limit, (item) => listCursorOf({ ...item, seq: item.seq ?? 0 }));
  const messages = page.flatMap((item) => (item.kind === "mention" || item.kind === "reply" ? [item] : []));
  const marks = await readMarks(sql, actor.id, messages);
  const isUnread = ({ room, seq, threadRoot }: Pick<MessagePreview, "room" | "seq" | "threadRoot">) =>
    seq > ((threadRoot === null ? marks.rooms.get(room) : marks.threads.get(`${room} ${threadRoot}`)) ?? 0);
  return {
    items: page.map((item) => ({
      ...item,
      isNew:
        item.kind === "mention" || item.kind === "reply"
          ? isUnread(item)
          : item.kind === "reminder" || item.at > marks.seenAt,
    })),
    next,
  };
}

/** Notes on all of the actor's devices that they have seen reactions and invitations up to a time. */
export async function markInboxSeen(
  app: Pick<TransactionNeeds, "db" | "bus" | "clock">,
  actor: Actor,
  { at }: FieldsOf<"inbox.mark_seen">,
): Promise<void> {
  if (!(await raiseInboxMark(app.db.sql, actor.id, Math.min(at, app.clock.now())))) return;
  const signal = { type: "me.changed", part: "inbox" } as const;
  app.bus.publish({ kind: "account_signal", account: actor.id, signal });
}

/** As the database compares them. */
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
