import type { HeldCommand, HeldStorage } from "../stores/held-commands.ts";
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

/** Returns a storage that keeps commands in the browser's database until there is a connection. */
export function createHeldStorage(useStore: UseStore): HeldStorage {
  const read = async (key: string) =>
    (await useStore<HeldCommand>("held_commands", "readonly", (store) => store.get(key))) ?? null;
  return {
    readAll: async () =>
      (await useStore<HeldCommand[]>("held_commands", "readonly", (store) => store.getAll())) ?? [],
    write: async (command) =>
      (await useStore("held_commands", "readwrite", (store) => store.put(command))) !== null,
    read,
    remove: async (key, upTo) => {
      if (((await read(key))?.heldAt ?? Number.POSITIVE_INFINITY) > upTo) return;
      await useStore("held_commands", "readwrite", (store) => store.delete(key));
    },
  };
}
