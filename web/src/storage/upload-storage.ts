import type { StoredUpload } from "../stores/upload.ts";
import type { UploadStorage } from "../stores/uploads.ts";
import type { UseStore } from "./database.ts";

type Bytes = { key: string; blob: Blob; original: Blob | null };

/**
 * Returns a storage that keeps the files of unsent messages in the browser's database. The bytes have a store of their own,
 * because a browser copies them with every write.
 */
export function createUploadStorage(useStore: UseStore): UploadStorage {
  const remove = async (key: string) => {
    await useStore("uploads", "readwrite", (store) => store.delete(key));
    await useStore("upload_bytes", "readwrite", (store) => store.delete(key));
  };
  return {
    readAll: async () => {
      const uploads = await useStore<StoredUpload[]>("uploads", "readonly", (store) => store.getAll());
      const all = (await useStore<Bytes[]>("upload_bytes", "readonly", (store) => store.getAll())) ?? [];
      const bytes = new Map(all.map((entry) => [entry.key, entry]));
      const found = (uploads ?? []).flatMap((upload) => {
        const entry = bytes.get(upload.key);
        bytes.delete(upload.key);
        return entry ? [{ upload, blob: entry.blob, original: entry.original }] : [];
      });
      // Those of which only a half was written or removed when a page closed. Another page may be writing one right now.
      if (uploads) setTimeout(() => void removeHalves(useStore, [...bytes.keys()], remove), halvesAfterMs);
      return found;
    },
    write: async (upload) => {
      await useStore("uploads", "readwrite", (store) => store.put(upload));
    },
    writeBytes: async (key, blob, original) => {
      await useStore("upload_bytes", "readwrite", (store) =>
        store.put({ key, blob, original } satisfies Bytes),
      );
    },
    remove,
  };
}

const halvesAfterMs = 60_000;

async function removeHalves(
  useStore: UseStore,
  keys: readonly string[],
  remove: (key: string) => Promise<void>,
): Promise<void> {
  for (const key of keys) {
    const upload = await useStore<StoredUpload | undefined>("uploads", "readonly", (store) => store.get(key));
    if (!upload) await remove(key);
  }
}
