import type { RoomId } from "./ids.ts";

/** Returns the key of a draft among a person's drafts: of a room, or of the thread whose first message has this `seq`. */
export function draftKey(room: RoomId, threadRoot: number | null): string {
  return threadRoot === null ? room : `${room}/${threadRoot}`;
}
