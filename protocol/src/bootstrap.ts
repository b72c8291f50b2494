import type { Person, Room } from "./entities.ts";
import type { RoomEvent } from "./events.ts";

/** What the chat page carries in itself, so that the newest messages are painted before any request. */
export type Bootstrap = {
  epoch: string;
  you: Person;
  /** What happened to one's account and was not looked at yet. */
  unseenNotices: number;
  rooms: (Room & { readSeq: number; events: RoomEvent[]; members: Person[] })[];
};

/** The id of the script element that holds it, as JSON. */
export const bootstrapElementId = "bootstrap";
