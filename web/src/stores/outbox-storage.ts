import type { AccountId } from "@novax/protocol/ids";
import type { OutboxItem, OutboxStorage } from "./outbox.ts";

/** In the browser's IndexedDB, apart for each account. Signing out clears it. */
export function createIndexedDbOutbox(account: AccountId): OutboxStorage {
  const opened = open(`novax-${account}`);
  const run = async <T>(
    mode: IDBTransactionMode,
    use: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T | null> => {
    try {
      const store = (await opened).transaction("outbox", mode).objectStore("outbox");
      return await settle(use(store));
    } catch {
      // A private window may have no storage; a full disk neither.
      return null;
    }
  };
  return {
    readAll: async () => (await run<OutboxItem[]>("readonly", (store) => store.getAll())) ?? [],
    write: async (item) => {
      await run("readwrite", (store) => store.put(item));
    },
    remove: async (sendId) => {
      await run("readwrite", (store) => store.delete(sendId));
    },
  };
}

function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: "sendId" });
  return settle(request);
}

function settle<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
