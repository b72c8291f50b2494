import { isUnderWay } from "../operations/queries.ts";
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
 * in between. Several processes may do it at once. While a backup is made nothing is removed from the store.
 */
export async function cleanUpFiles(app: Pick<FileNeeds, "db" | "blobs" | "clock" | "log">): Promise<void> {
  const now = app.clock.now();
  while ((await deleteForgottenFiles(app.db.sql, now - forgottenAfterMs, batch)) === batch);
  for (;;) {
    const ids = await listUnusedBlobs(app.db.sql, now - unwrittenAfterMs, batch);
    // Asked after the list: what was in use when a backup began is still there for it.
    if (ids.length > 0 && (await isUnderWay(app.db.sql, "backup", app.clock.now()))) return;
    const removed: string[] = [];
    for (const id of ids) {
      // One that cannot be removed must not keep the others.
      try {
        await app.blobs.remove(id);
        removed.push(id);
      } catch (error) {
        app.log.fault("files.not_removed", error, { blob: id });
      }
    }
    if (removed.length > 0) await deleteBlobs(app.db.sql, removed);
    if (ids.length < batch || removed.length === 0) return;
  }
}
