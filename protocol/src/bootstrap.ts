import type { JoinedRoom, MyState, Person, ServerRole } from "./entities.ts";
import type { RoomId } from "./ids.ts";
import type { TimelinePage } from "./reads.ts";

/** Data embedded in the chat page, so that the newest messages are painted before any request. */
export type Bootstrap = {
  epoch: string;
  you: Person & { serverRole: ServerRole };
  /** How many account notices the person has not seen yet. */
  unseenNotices: number;
  rooms: JoinedRoom[];
  /** The room in the page's address, or else the one to open first. Null if the person is in no room. */
  open: { room: RoomId; page: TimelinePage } | null;
  /** The person's unsent drafts, by the key of `draftKey`. */
  drafts: Record<string, string>;
  me: MyState;
  /** Whether the server makes previews of links at all. */
  hasLinkPreviews: boolean;
  /** How long this device may show what it keeps after it last reached the server, in milliseconds. */
  keptForMs: number;
};

/** The address of the chat without data, which opens where there is no connection. */
export const shellPath = "/offline";

/** The id of the script element that holds the bootstrap data as JSON. */
export const bootstrapElementId = "bootstrap";
