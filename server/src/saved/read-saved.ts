import type { ReadInput, ReadResult } from "@novax/protocol/reads";
import type { Actor } from "../auth/sessions.ts";
import type { Database } from "../db/database.ts";
import { listCursorOf, parseListCursor, toPage } from "../lib/cursor.ts";
import { listSaved } from "./queries.ts";

const pageRows = 50;

export async function readMySaved(
  app: { db: Database },
  actor: Actor,
  { after, limit = pageRows }: ReadInput<"me.saved">,
): Promise<ReadResult<"me.saved">> {
  const rows = await listSaved(app.db.sql, actor.id, parseListCursor(after), { limit: limit + 1 });
  const { page, next } = toPage(rows, limit, listCursorOf);
  return { messages: page, next };
}
