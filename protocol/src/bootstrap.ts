import type { JoinedRoom, MyState, Person, ServerRole } from "./entities.ts";
import type { RoomId } from "./ids.ts";
import type { TimelinePage } from "./reads.ts";

/** What the chat page carries in itself, so that the newest messages are painted before any request. */
export type Bootstrap = {
  epoch: string;
  you: Person & { serverRole: ServerRole };
  /** How many notices about the account were not seen yet. */
  unseenNotices: number;
  rooms: JoinedRoom[];
  /** The room that the address names, or the one to open first; null if the person is in none. */
  open: { room: RoomId; page: TimelinePage } | null;
  /** What was being written, by room. */
  drafts: Record<string, string>;
  me: MyState;
};

/** The id of the script element that holds it, as JSON. */
export const bootstrapElementId = "bootstrap";
