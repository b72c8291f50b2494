import type { JoinedRoom, Message, Person, ServerRole } from "./entities.ts";
import type { SystemMessage } from "./events.ts";
import type { RoomId } from "./ids.ts";

/** A part of what a room shows, as it was when the room's log ended at `headSeq`. */
export type TimelinePage = {
  epoch: string;
  headSeq: number;
  entries: (({ kind: "message" } & Message) | SystemMessage)[];
  /** Whether the room shows more before the first, and after the last of them. */
  hasBefore: boolean;
  hasAfter: boolean;
  /** Whoever reacted or voted. */
  people: Person[];
  /** What one chose oneself in polls that tell nobody, by the poll's `seq`. */
  myVotes: Record<string, number[]>;
};

/** What the chat page carries in itself, so that the newest messages are painted before any request. */
export type Bootstrap = {
  epoch: string;
  you: Person & { serverRole: ServerRole };
  /** What happened to one's account and was not looked at yet. */
  unseenNotices: number;
  rooms: JoinedRoom[];
  /** The room that the address names, or the one to open first. Null: the person is in none. */
  open: { room: RoomId; page: TimelinePage } | null;
  /** What was being written, by room. */
  drafts: Record<string, string>;
  me: MyState;
};

/** What is a person's alone, and the same on all their devices. */
export type MyState = {
  status: { emoji: string; text: string; until: number | null };
  /** Do not disturb until then; null: not at all. */
  dndUntil: number | null;
  sharesReadReceipts: boolean;
  keywords: string[];
  blocked: Person[];
};

/** The id of the script element that holds it, as JSON. */
export const bootstrapElementId = "bootstrap";
