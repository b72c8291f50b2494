import type { StoredUpload } from "../stores/upload.ts";
import type { UploadStorage } from "../stores/uploads.ts";
import type { UseStore } from "./database.ts";

type Bytes = { key: string; blob: Blob };

/**
 * Returns a storage that keeps the files of unsent messages in the browser's database. The bytes have a store of their own,
 * because a browser copies them with every write.
 */
export function createUploadStorage(useStore: UseStore): UploadStorage {
  return {
    readAll: async () => {
      const uploads = await useStore<StoredUpload[]>("uploads", "readonly", (store) => store.getAll());
      const bytes = await useStore<Bytes[]>("upload_bytes", "readonly", (store) => store.getAll());
      const blobs = new Map(bytes?.map(({ key, blob }) => [key, blob]));
      return (uploads ?? []).flatMap((upload) => {
        const blob = blobs.get(upload.key);
        return blob ? [{ upload, blob }] : [];
      });
    },
    write: async (upload) => {
      await useStore("uploads", "readwrite", (store) => store.put(upload));
    },
    writeBytes: async (key, blob) => {
      await useStore("upload_bytes", "readwrite", (store) => store.put({ key, blob } satisfies Bytes));
    },
    remove: async (key) => {
      await useStore("uploads", "readwrite", (store) => store.delete(key));
      await useStore("upload_bytes", "readwrite", (store) => store.delete(key));
    },
  };
}
