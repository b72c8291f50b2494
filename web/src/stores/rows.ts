import type { MessageEntry, TimelineEntry } from "@novax/protocol/apply-event";
import type { Person } from "@novax/protocol/entities";
import type { SystemMessage } from "@novax/protocol/events";
import type { AccountId } from "@novax/protocol/ids";
import { nameOf } from "@novax/protocol/person";
import type { OutboxItem } from "./outbox.ts";

/** One line of the message list. A message keeps its key from "sending" to "sent", so its row stays the same. */
export type Row =
  | { kind: "start"; key: "start" }
  | { kind: "day"; key: string; at: number }
  | { kind: "unread"; key: "unread" }
  /** What happened in the room; what is said with one verb stands in one line. */
  | { kind: "note"; key: string; notes: readonly Readonly<SystemMessage>[] }
  /** Between a message and the replies to it. */
  | { kind: "replies"; key: "replies"; count: number }
  | MessageRowData
  | { kind: "pending"; key: string; item: OutboxItem; sender: Person; isFirstOfGroup: boolean };

export type MessageRowData = {
  kind: "message";
  key: string;
  message: MessageEntry;
  isFirstOfGroup: boolean;
  /** By somebody whom one blocked: folded away. */
  isBlocked: boolean;
  /** What it answers was written by somebody who is blocked. */
  isQuoteBlocked: boolean;
  isHighlighted: boolean;
};

const groupWithinMs = 5 * 60_000;

/** Lays the timeline out: days, the "New" line, groups of one author, and what is on its way at the end. */
export function layOutRows(input: {
  timeline: readonly TimelineEntry[];
  pending: readonly OutboxItem[];
  you: Person;
  dividerSeq: number | null;
  isAtStart: boolean;
  blocked?: ReadonlySet<AccountId>;
  highlighted?: number | null;
  /** A message that is being edited. */
  editing?: number | null;
  threadRoot?: number | null;
}): Row[] {
  const rows: Row[] = input.isAtStart ? [{ kind: "start", key: "start" }] : [];
  let previous: { sender: Person | null; at: number; day: string } | null = null;
  let isDividerDue = input.dividerSeq !== null;

  const beginsGroup = (sender: Person | null, statedAt: number): boolean => {
    // Order is the log's. A clock that went back, here or there, must not begin yesterday once more.
    const at = Math.max(statedAt, previous?.at ?? 0);
    const day = new Date(at).toDateString();
    const isNewDay = previous?.day !== day;
    if (isNewDay) rows.push({ kind: "day", key: `day ${day}`, at });
    // Whoever changed their name begins anew: the group's name stands above its first message.
    const isSameSender =
      sender?.id === previous?.sender?.id && nameOfOrNull(sender) === nameOfOrNull(previous?.sender);
    const isSameGroup = !isNewDay && sender !== null && isSameSender && at - previous!.at <= groupWithinMs;
    previous = { sender, at, day };
    return !isSameGroup;
  };

  const known = new Set<string>();
  for (const entry of input.timeline) {
    if (entry.kind !== "message") {
      beginsGroup(null, entry.at);
      const last = rows.at(-1);
      if (last?.kind === "note" && isSameVerb(last.notes[0]!, entry))
        // The key is the last one's: an older page puts more before it, and it stays the row it was.
        rows[rows.length - 1] = { ...last, key: `note ${entry.seq}`, notes: [...last.notes, entry] };
      else rows.push({ kind: "note", key: `note ${entry.seq}`, notes: [entry] });
      continue;
    }
    known.add(rowKey(entry.sender, entry.sendId));
    const isUnread = isDividerDue && entry.seq > input.dividerSeq! && entry.sender.id !== input.you.id;
    // What answers another message begins a group: the quote stands between it and what is above.
    const isFirstOfGroup = beginsGroup(entry.sender, entry.sentAt) || entry.quote !== null;
    if (isUnread) {
      rows.push({ kind: "unread", key: "unread" });
      isDividerDue = false;
    }
    rows.push({
      kind: "message",
      key: rowKey(entry.sender, entry.sendId),
      message: entry,
      isFirstOfGroup: isFirstOfGroup || isUnread,
      isBlocked: input.blocked?.has(entry.sender.id) ?? false,
      isQuoteBlocked: entry.quote !== null && (input.blocked?.has(entry.quote.sender.id) ?? false),
      isHighlighted: input.highlighted === entry.seq || input.editing === entry.seq,
    });
    if (input.threadRoot === entry.seq && entry.thread)
      rows.push({ kind: "replies", key: "replies", count: entry.thread.count });
  }
  for (const item of input.pending) {
    const key = rowKey(input.you, item.sendId);
    if (known.has(key)) continue;
    const isFirstOfGroup = beginsGroup(input.you, item.createdAt);
    rows.push({ kind: "pending", key, item, sender: input.you, isFirstOfGroup });
  }
  return rows;
}

/** People who came, or who were brought in by one person, one after the other; and the same for going. */
function isSameVerb(a: Readonly<SystemMessage>, b: Readonly<SystemMessage>): boolean {
  if (a.kind !== "member" || b.kind !== "member" || a.change !== b.change) return false;
  const isBySelf = (note: Extract<SystemMessage, { kind: "member" }>) => note.actor.id === note.member.id;
  return isBySelf(a) ? isBySelf(b) : !isBySelf(b) && a.actor.id === b.actor.id;
}

/** A `sendId` is its sender's own: somebody else may have used the same. */
function rowKey(sender: Person, sendId: string): string {
  return `${sender.id} ${sendId}`;
}

function nameOfOrNull(person: Person | null | undefined): string | null {
  return person ? nameOf(person) : null;
}
