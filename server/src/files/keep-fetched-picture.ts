import type { FileId, FileInfo } from "@novax/protocol/files";
import type { AccountId } from "@novax/protocol/ids";
import { lockOnly } from "../db/lock-queries.ts";
import { Refusal } from "../lib/refusal.ts";
import { describePicture } from "./describe-upload.ts";
import type { FileNeeds } from "./file-store.ts";
import { deleteUnusedFile, insertFile, type StoredFile } from "./queries.ts";
import { assertRoomFor } from "./receive-file.ts";

/**
 * Keeps a picture that the server fetched for a person's message, re-encoded as every picture is. It counts as theirs. Null if it
 * cannot be shown, or does not fit into what they can keep. The caller makes it part of a message, or deletes it.
 */
export async function keepFetchedPicture(
  app: FileNeeds,
  owner: AccountId,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<FileInfo | null> {
  const id = app.random.uuid() as FileId;
  const size = bytes.byteLength;
  const about = { purpose: "preview", posterOf: null, name: "preview", isPlain: false } as const;
  const file: StoredFile = { id, owner, size, ...about, received: size, details: null, message: null };
  try {
    const free = await app.blobs.freeBytes();
    await app.db.transact(async (tx) => {
      await lockOnly(tx, "storage");
      await assertRoomFor(app.fileLimits, tx, { owner, size, free });
      await insertFile(tx, file, app.clock.now());
    });
    return await describePicture(app, file, async (path) => {
      await Bun.write(path, bytes);
    });
  } catch (error) {
    await deleteUnusedFile(app.db.sql, owner, id);
    if (!(error instanceof Refusal)) throw error;
    return null;
  }
}
