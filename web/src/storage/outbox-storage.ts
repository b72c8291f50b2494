import type { OutboxItem, OutboxStorage } from "../stores/outbox.ts";
import type { UseStore } from "./database.ts";

/** Returns a storage that keeps unsent messages in the browser's database. */
export function createOutboxStorage(useStore: UseStore): OutboxStorage {
  return {
    readAll: async () =>
      (await useStore<OutboxItem[]>("outbox", "readonly", (store) => store.getAll())) ?? [],
    write: async (item) => {
      await useStore("outbox", "readwrite", (store) => store.put(item));
    },
    remove: async (sendId) => {
      await useStore("outbox", "readwrite", (store) => store.delete(sendId));
    },
  };
}
