import type { FileNeeds } from "./file-store.ts";
import { deleteBlobs, deleteForgottenFiles, listUnusedBlobs } from "./queries.ts";

const hourMs = 3_600_000;
/** An upload that is part of no message by then was given up. */
export const forgottenAfterMs = 24 * hourMs;
/** Much longer than writing a piece takes. */
const unwrittenAfterMs = hourMs;
const batch = 200;

/**
 * Deletes uploads that were given up, and removes from the store what belongs to no file: of deleted messages, of pictures
 * that were re-encoded, of pieces whose writer died. Their rows go after their bytes, so nothing is forgotten if it stops
 * in between. Several processes may do it at once.
 */
export async function cleanUpFiles(app: Pick<FileNeeds, "db" | "blobs" | "clock">): Promise<void> {
  const now = app.clock.now();
  await deleteForgottenFiles(app.db.sql, now - forgottenAfterMs);
  for (;;) {
    const ids = await listUnusedBlobs(app.db.sql, now - unwrittenAfterMs, batch);
    for (const id of ids) await app.blobs.remove(id);
    if (ids.length > 0) await deleteBlobs(app.db.sql, ids);
    if (ids.length < batch) return;
  }
}
