import type { TimelineEntry } from "@novax/protocol/apply-event";
import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";

/** Whether an entry is a message from another sender that is not deleted. */
export function isFromOthers(entry: TimelineEntry, you: AccountId): boolean {
  return entry.kind === "message" && entry.sender.id !== you && entry.body.kind !== "deleted";
}

/** The entries of a page. Each message gets the `seq` as of which it is known. */
export function toEntries(page: TimelinePage): readonly TimelineEntry[] {
  return page.entries.map((entry) => (entry.kind === "message" ? { ...entry, asOf: page.headSeq } : entry));
}

/** The events that happened after a page was read. */
export function eventsAfter(page: TimelinePage, events: readonly RoomEvent[]): RoomEvent[] {
  return events.filter((event) => event.seq > page.headSeq);
}
