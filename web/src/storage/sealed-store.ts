// What this device keeps of the chat, in IndexedDB, sealed with a key that no code can read and that ends with the session.
// A copy of the disk has the key too, in a form that only this browser can use; what it is for is that one deletion makes all
// of it unreadable at once.
import { settle } from "./database.ts";
import { unmarkKept } from "./kept-mark.ts";

const databaseName = "novax-kept";
const keyName = "key";

type StoredKey = { key: CryptoKey; id: string };
type SealedRow = { name: string; at: number; iv: Uint8Array<ArrayBuffer>; sealed: ArrayBuffer };

/** Opens what is kept. Null where the browser has no storage, or no cryptography because the site is not secure. */
export async function openSealedStore(): Promise<SealedStore | null> {
  if (!globalThis.crypto?.subtle || !("caches" in globalThis)) return null;
  try {
    const opening = indexedDB.open(databaseName, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("keys");
      opening.result.createObjectStore("values", { keyPath: "name" });
    };
    const database = await settle(opening);
    database.onversionchange = () => database.close();
    return new SealedStore(database);
  } catch {
    return null;
  }
}

/** Values by name. Each has the time at which it was written, in ms since 1970. */
export class SealedStore {
  readonly #database: IDBDatabase;
  /** Which key this page uses; null before the first use. */
  #keyId: string | null = null;
  /** Its key was deleted, by this page or another one: nothing is written any more. */
  #isClosed = false;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  /** Returns a value; null if there is none, if its key is gone, or if the browser ends the look-up with the page. */
  async read<T>(name: string): Promise<T | null> {
    try {
      const key = await this.#findKey();
      const row =
        key && (await this.#use<SealedRow | undefined>("values", "readonly", (all) => all.get(name)));
      if (!row) return null;
      const bytes = await crypto.subtle.decrypt(algorithm(name, row.iv), key, row.sealed);
      return JSON.parse(new TextDecoder().decode(bytes)) as T;
    } catch {
      return null;
    }
  }

  /** Stores a value. Rejects if the device has no room for it. */
  async write(name: string, value: unknown): Promise<void> {
    const found = await this.#findKey();
    if (this.#isClosed) return;
    const key = found ?? (await this.#makeKey());
    if (key === null) return;
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    const sealed = await crypto.subtle.encrypt(algorithm(name, iv), key, bytes);
    const row: SealedRow = { name, at: Date.now(), iv, sealed };
    if (this.#isClosed) return;
    await this.#use("values", "readwrite", (all) => all.put(row));
  }

  async delete(name: string): Promise<void> {
    await this.#use("values", "readwrite", (all) => all.delete(name));
  }

  /** All names, in no order. */
  async names(): Promise<string[]> {
    const keys = await this.#use<IDBValidKey[]>("values", "readonly", (all) => all.getAllKeys());
    return keys.map(String);
  }

  /** As {@link names}, those first that were written last. Reads everything. */
  async namesByTime(): Promise<string[]> {
    const rows = await this.#use<SealedRow[]>("values", "readonly", (all) => all.getAll());
    return rows.sort((a, b) => b.at - a.at).map(({ name }) => name);
  }

  /** Makes everything unreadable at once, deletes it, and writes nothing any more. */
  async wipe(): Promise<void> {
    this.#isClosed = true;
    await this.clear();
  }

  /** Deletes everything, first the key. Rejects, as {@link wipe}, if the page is left before it is done. */
  async clear(): Promise<void> {
    this.#keyId = null;
    await this.#use("keys", "readwrite", (keys) => keys.clear());
    await unmarkKept();
    await this.#use("values", "readwrite", (all) => all.clear());
  }

  /** Read each time: another page may have deleted it, or somebody else signed in and has another one. */
  async #findKey(): Promise<CryptoKey | null> {
    const stored = await this.#use<StoredKey | undefined>("keys", "readonly", (keys) => keys.get(keyName));
    if (this.#keyId !== null && stored?.id !== this.#keyId) this.#isClosed = true;
    if (this.#isClosed || !stored) return null;
    this.#keyId = stored.id;
    return stored.key;
  }

  async #makeKey(): Promise<CryptoKey | null> {
    const usages: KeyUsage[] = ["encrypt", "decrypt"];
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, usages);
    if (this.#isClosed) return null;
    const made: StoredKey = { key, id: crypto.randomUUID() };
    // Of two pages that make one at the same time, the first one's is used.
    await this.#use("keys", "readwrite", (keys) => keys.add(made, keyName)).catch(() => {});
    return this.#findKey();
  }

  #use<T>(
    name: "keys" | "values",
    mode: IDBTransactionMode,
    use: (store: IDBObjectStore) => IDBRequest,
  ): Promise<T> {
    return settle(use(this.#database.transaction(name, mode).objectStore(name)) as IDBRequest<T>);
  }
}

/** The name is sealed with the value, so that none can be put in another's place. */
function algorithm(name: string, iv: Uint8Array<ArrayBuffer>): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(name) };
}
