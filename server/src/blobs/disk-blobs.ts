import { mkdir, rename, rm, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncPath } from "../lib/sync-path.ts";
import type { BlobStore } from "./blob-store.ts";

/**
 * Keeps blobs in a folder. Several processes can share it if they see the same files, by a disk or a network file system.
 */
export function createDiskBlobs(folder: string): BlobStore {
  // A folder with a million entries is slow to work with, so they are spread over 256.
  const pathOf = (id: string) => join(folder, id.slice(-2), id);
  return {
    place: folder,
    spoolFolder: join(folder, "incoming"),
    put: async (id, path) => {
      try {
        const target = pathOf(id);
        await mkdir(dirname(target), { recursive: true, mode: 0o700 });
        await syncPath(path);
        await rename(path, target);
        // The new name has to survive a power cut as well.
        await syncPath(dirname(target));
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
    },
    read: (id, { start, end }) => Bun.file(pathOf(id)).slice(start, end),
    remove: (id) => rm(pathOf(id), { force: true }),
    // Its folder has been written to at the start.
    check: async () => null,
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
  };
}
