import type { AccountId } from "@novax/protocol/ids";

/**
 * What this browser keeps of an account in IndexedDB: one object store for each kind of thing, with the key path given
 * here. A new store or another key needs a new version. Signing out clears all of it (`Clear-Site-Data`).
 */
const version = 3;
const stores = {
  outbox: "sendId",
  uploads: "key",
  upload_bytes: "key",
  held_commands: "key",
} as const satisfies Record<string, string>;

export type StoreName = keyof typeof stores;

/** Uses one object store in its own transaction. Resolves with null if the browser has no storage for it. */
export type UseStore = <T>(
  name: StoreName,
  mode: IDBTransactionMode,
  use: (store: IDBObjectStore) => IDBRequest<T>,
) => Promise<T | null>;

/**
 * Opens the database of an account; each account has its own. Never throws: a private window or a full disk is treated
 * as no storage.
 */
export function openStorage(account: AccountId): UseStore {
  const request = indexedDB.open(`novax-${account}`, version);
  request.onupgradeneeded = () => {
    for (const [name, keyPath] of Object.entries(stores))
      if (!request.result.objectStoreNames.contains(name))
        request.result.createObjectStore(name, { keyPath });
  };
  const opened = settle(request);
  // Each use reports the failure by itself, so this promise must not be reported as unhandled.
  opened.then(
    (database) => {
      // A page of a newer version can change the database only when nobody else has it open.
      database.onversionchange = () => database.close();
    },
    () => {},
  );
  return async (name, mode, use) => {
    try {
      return await settle(use((await opened).transaction(name, mode).objectStore(name)));
    } catch {
      return null;
    }
  };
}

/** Waits for the answer of the database. */
export function settle<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
