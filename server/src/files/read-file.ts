import type { FileId, FileInfo } from "@novax/protocol/files";
import type { Actor } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";
import { requireMembership } from "../rooms/require-membership.ts";
import { type FileNeeds, type OpenPart, openPart } from "./file-store.ts";
import { findFile } from "./queries.ts";
import { fileGone } from "./receive-file.ts";

/**
 * Opens a file for somebody who may read it now: a member of the room that it was sent to, or its owner as long as it is
 * part of no message. `wantsPreview` asks for the small still picture. Refuses with `file_gone`: who may not read it does
 * not learn that there is one.
 */
export async function openFile(
  app: Pick<FileNeeds, "db" | "blobs">,
  viewer: Actor,
  { id, wantsPreview }: { id: FileId; wantsPreview: boolean },
): Promise<{ details: FileInfo; part: OpenPart }> {
  const file = await findFile(app.db.sql, id);
  if (!file?.details) throw fileGone();
  if (file.message) await assertMember(app, viewer, file.message.room);
  else if (file.owner !== viewer.id) throw fileGone();
  const { details } = file;
  const part = wantsPreview ? "preview" : details.kind === "picture" ? "picture" : "original";
  const opened = await openPart(app, id, part);
  if (!opened) throw fileGone();
  return { details, part: opened };
}

async function assertMember(
  app: Pick<FileNeeds, "db">,
  viewer: Actor,
  room: Parameters<typeof requireMembership>[2],
): Promise<void> {
  try {
    await requireMembership(app.db.sql, viewer, room);
  } catch (error) {
    throw error instanceof Refusal ? fileGone() : error;
  }
}
