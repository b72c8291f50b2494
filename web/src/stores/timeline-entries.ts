import type { TimelineEntry } from "@novax/protocol/apply-event";
import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
/** Whether an entry is a message of somebody else that is not deleted. */
export function isFromOthers(entry: TimelineEntry, you: AccountId): boolean {
  return entry.kind === "message" && entry.sender.id !== you && entry.body.kind !== "deleted";
}

/** The entries of a page; each message says as of which event it is known. */
export function toEntries(page: TimelinePage): readonly TimelineEntry[] {
  return page.entries.map((entry) => (entry.kind === "message" ? { ...entry, asOf: page.headSeq } : entry));
}

/** The events that a page does not have yet. */
export function eventsAfter(page: TimelinePage, events: readonly RoomEvent[]): RoomEvent[] {
  return events.filter((event) => event.seq > page.headSeq);
}
