import type { MessageEntry, TimelineEntry } from "@novax/protocol/apply-event";
import type { Person } from "@novax/protocol/entities";
import type { SystemMessage } from "@novax/protocol/events";
import type { AccountId } from "@novax/protocol/ids";
import { nameOf } from "@novax/protocol/person";
import type { OutboxItem } from "./outbox.ts";

/**
 * One row of the message list. A message keeps its key when it changes from "sending" to "sent", so its row is kept
 * too.
 */
export type Row =
  | { kind: "start"; key: "start" }
  | { kind: "day"; key: string; at: number }
  | { kind: "unread"; key: "unread" }
  /** What happened in the room. Changes with the same verb share one row. */
  | { kind: "note"; key: string; notes: readonly Readonly<SystemMessage>[] }
  /** Between the root message of a thread and its replies. */
  | { kind: "replies"; key: "replies"; count: number }
  | MessageRowData
  | { kind: "pending"; key: string; item: OutboxItem; sender: Person; isFirstOfGroup: boolean };

export type MessageRowData = {
  kind: "message";
  key: string;
  message: MessageEntry;
  isFirstOfGroup: boolean;
  /** The viewer has blocked its sender, so it is folded away. */
  isBlocked: boolean;
  /** The viewer has blocked the sender of the message that it quotes. */
  isQuoteBlocked: boolean;
  isHighlighted: boolean;
};

const groupWithinMs = 5 * 60_000;

/** Lays a timeline out as rows: days, the "New" line, groups of one sender, and pending messages at the end. */
export function layOutRows(input: {
  timeline: readonly TimelineEntry[];
  pending: readonly OutboxItem[];
  you: Person;
  dividerSeq: number | null;
  isAtStart: boolean;
  blocked?: ReadonlySet<AccountId>;
  highlighted?: number | null;
  /** The `seq` of the message that is being edited. */
  editing?: number | null;
  threadRoot?: number | null;
}): Row[] {
  const rows: Row[] = input.isAtStart ? [{ kind: "start", key: "start" }] : [];
  let previous: { sender: Person | null; at: number; day: string } | null = null;
  let isDividerDue = input.dividerSeq !== null;

  const beginsGroup = (sender: Person | null, statedAt: number): boolean => {
    // The order is that of the log. If a clock went back, on the server or here, the row must not start yesterday a
    // second time.
    const at = Math.max(statedAt, previous?.at ?? 0);
    const day = new Date(at).toDateString();
    const isNewDay = previous?.day !== day;
    if (isNewDay) rows.push({ kind: "day", key: `day ${day}`, at });
    // A sender who has changed their name starts a new group, because the name is shown above its first message.
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
        // The key is that of the last note. An older page adds notes before it, and the row stays the same.
        rows[rows.length - 1] = { ...last, key: `note ${entry.seq}`, notes: [...last.notes, entry] };
      else rows.push({ kind: "note", key: `note ${entry.seq}`, notes: [entry] });
      continue;
    }
    known.add(rowKey(entry.sender, entry.sendId));
    const isUnread = isDividerDue && entry.seq > input.dividerSeq! && entry.sender.id !== input.you.id;
    // A reply starts a group, because its quote is shown between it and the row above.
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

/**
 * Whether two notes can share a row: people who joined by themselves, or who were added by the same person; and the
 * same for leaving and being removed.
 */
function isSameVerb(a: Readonly<SystemMessage>, b: Readonly<SystemMessage>): boolean {
  if (a.kind !== "member" || b.kind !== "member" || a.change !== b.change) return false;
  const isBySelf = (note: Extract<SystemMessage, { kind: "member" }>) => note.actor.id === note.member.id;
  return isBySelf(a) ? isBySelf(b) : !isBySelf(b) && a.actor.id === b.actor.id;
}

/** The sender's id is part of the key, because a `sendId` is only unique for its sender. */
function rowKey(sender: Person, sendId: string): string {
  return `${sender.id} ${sendId}`;
}

function nameOfOrNull(person: Person | null | undefined): string | null {
  return person ? nameOf(person) : null;
}
