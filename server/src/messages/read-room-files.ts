import type { FileKind } from "@novax/protocol/files";
import type { FileListKind, ReadInput, ReadResult } from "@novax/protocol/reads";
import { z } from "zod";
import type { Actor } from "../auth/sessions.ts";
import type { Database } from "../db/database.ts";
import { parseCursor, toPage } from "../lib/cursor.ts";
import { requireMembership } from "../rooms/require-membership.ts";
import { listRoomFiles } from "./file-list-queries.ts";

const pageFiles = 40;
const kindsOf: Record<FileListKind, readonly FileKind[]> = {
  picture: ["picture"],
  media: ["video", "audio"],
  file: ["file"],
};
const allKinds = Object.values(kindsOf).flat();
/** A file comes behind those of later messages, and behind those of its own message with a greater id. */
const cursorSchema = z.tuple([z.int(), z.uuid()]);

/** Returns a page of the files that were sent to a room. */
export async function readRoomFiles(
  app: { db: Database },
  actor: Actor,
  { room: id, kind, after, limit = pageFiles }: ReadInput<"room.files">,
): Promise<ReadResult<"room.files">> {
  const { room } = await requireMembership(app.db.sql, actor, id);
  const [seq, file] = parseCursor(after, cursorSchema) ?? [room.headSeq + 1, ""];
  const kinds = kind ? kindsOf[kind] : allKinds;
  const rows = await listRoomFiles(app.db.sql, room.id, { kinds, before: { seq, file }, limit: limit + 1 });
  const { page, next } = toPage(rows, limit, (row) => [row.seq, row.file.id]);
  return { files: page, next };
}
