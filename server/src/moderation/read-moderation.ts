import { mayOnServer } from "@novax/protocol/permissions";
import type { ReadInput, ReadResult } from "@novax/protocol/reads";
import type { Actor } from "../auth/sessions.ts";
import type { Database } from "../db/database.ts";
import { parseCursor, timeCursorSchema, toPage } from "../lib/cursor.ts";
import { Refusal } from "../lib/refusal.ts";
import { listBannedAddresses } from "./address-ban-queries.ts";
import { listReports } from "./report-queries.ts";
import { listFilterWords } from "./word-filter-queries.ts";

type Needs = { db: Database };

const pageRows = 100;

export async function readReports(
  app: Needs,
  actor: Actor,
  { done, after, limit = pageRows }: ReadInput<"reports.list">,
): Promise<ReadResult<"reports.list">> {
  const query = { isDone: done === "1", after: parseCursor(after, timeCursorSchema), limit: limit + 1 };
  const rows = await listReports(app.db.sql, actor.id, query);
  const { page, next } = toPage(rows, limit, ({ order, id }) => [order, id]);
  return { reports: page.map(({ order: _, ...report }) => report), next };
}

/** Refuses with `forbidden`. */
export async function readWordFilter(app: Needs, actor: Actor): Promise<ReadResult<"word_filter.read">> {
  if (!mayOnServer(actor.serverRole, "word_filter.change"))
    throw new Refusal("forbidden", (t) => t.forAdmins);
  return { words: await listFilterWords(app.db.sql) };
}

/** Refuses with `forbidden`. */
export async function readAddressBans(app: Needs, actor: Actor): Promise<ReadResult<"address_bans.read">> {
  if (!mayOnServer(actor.serverRole, "address.ban")) throw new Refusal("forbidden", (t) => t.forOwners);
  return { addresses: await listBannedAddresses(app.db.sql) };
}
