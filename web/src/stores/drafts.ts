import type { RoomId } from "@novax/protocol/ids";

/** What is being written in each room; it survives switching and reloading. */
export type Drafts = { read(room: RoomId): string; write(room: RoomId, text: string): void };

export function createDrafts(storage: Pick<Storage, "getItem" | "setItem" | "removeItem">): Drafts {
  const key = (room: RoomId) => `draft:${room}`;
  return {
    read: (room) => {
      try {
        return storage.getItem(key(room)) ?? "";
      } catch {
        return "";
      }
    },
    write: (room, text) => {
      try {
        if (text === "") storage.removeItem(key(room));
        else storage.setItem(key(room), text);
      } catch {
        // No storage, or no room in it: the draft lives as long as the page does.
      }
    },
  };
}
