import type { MessageEntry, TimelineEntry } from "@novax/protocol/apply-event";
import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import type { ReadonlySignal } from "@preact/signals";

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

/** What happened elsewhere to the message that is being answered or edited here. */
export type Unfinished = "edit_gone" | "edited_elsewhere" | "reply_gone";

/** Returns what an event does to what is being written. The event of an edit that is on its way from here is no news. */
export function unfinishedBy(
  event: RoomEvent,
  writing: {
    editing: ReadonlySignal<MessageEntry | null>;
    replyingTo: ReadonlySignal<MessageEntry | null>;
    isSavingEdit: boolean;
  },
): Unfinished[] {
  if (event.type !== "message.deleted" && event.type !== "message.edited") return [];
  const isGone = event.type === "message.deleted";
  if (isGone && event.target === writing.replyingTo.peek()?.seq) return ["reply_gone"];
  if (event.target !== writing.editing.peek()?.seq || writing.isSavingEdit) return [];
  return [isGone ? "edit_gone" : "edited_elsewhere"];
}
