// (snapshot, event) -> snapshot. The web client's stores and the server's tests share this function, so a client shows
// the same after any number of events as after a fresh load.
import type { Message, MessageBody, PollState, Room } from "./entities.ts";
import type { EventOf, RoomEvent, SystemMessage } from "./events.ts";
import type { AccountId } from "./ids.ts";
import { threadFacesMax } from "./limits.ts";
import { toQuote } from "./quote.ts";

/** A message in a timeline. `asOf` is the `seq` of the last event that is already applied to it. */
export type MessageEntry = { readonly kind: "message"; readonly asOf: number } & Readonly<Message>;
export type TimelineEntry = MessageEntry | Readonly<SystemMessage>;

export type RoomSnapshot = {
  /** The current room. Its `headSeq` is the last event that this snapshot contains. */
  readonly room: Room;
  /** The room's entries, oldest first, ordered by `seq`. It may lack older entries, but always includes the newest. */
  readonly timeline: readonly TimelineEntry[];
};

/**
 * Applies the events that follow `snapshot.room.headSeq`, in order, and returns the new snapshot. Events that the
 * snapshot already contains are skipped. Throws on a gap in `seq`: the caller has to read the missing events first.
 */
export function applyEvents(snapshot: RoomSnapshot, events: readonly RoomEvent[]): RoomSnapshot {
  let { room, timeline } = snapshot;
  const added: TimelineEntry[] = [];
  for (const event of events) {
    if (event.seq <= room.headSeq) continue;
    if (event.seq !== room.headSeq + 1) throw new Error(`gap: ${event.seq} after ${room.headSeq}`);
    room = applyToRoom(room, event);
    const entry = toTimelineEntry(event);
    if (entry) added.push(entry);
    else if (added.length > 0) {
      timeline = applyToEntries([...timeline, ...added.splice(0)], event);
    } else timeline = applyToEntries(timeline, event);
  }
  if (room === snapshot.room) return snapshot;
  return { room, timeline: added.length > 0 ? [...timeline, ...added] : timeline };
}

/** Returns the room after an event, with its settings, member count and `headSeq` updated. */
export function applyToRoom(room: Room, event: RoomEvent): Room {
  const next = { ...room, headSeq: event.seq };
  if (event.type === "room.changed") Object.assign(next, event.changes);
  if (event.type === "member.joined") next.memberCount += 1;
  if (event.type === "member.removed") next.memberCount -= 1;
  return next;
}

/**
 * Applies an event to messages that are already loaded, in a room, a thread or any other list. An entry whose `asOf` is
 * at or past the event already includes it and stays unchanged.
 */
export function applyToEntries<E extends TimelineEntry>(
  entries: readonly E[],
  event: RoomEvent,
): readonly E[] {
  switch (event.type) {
    case "message.sent":
      if (event.threadRoot === undefined) return entries;
      return changeEntry(entries, event.threadRoot, event.seq, (root) => ({
        ...root,
        thread: toThread(event.replies, event.at, [event.actor.id, ...(root.thread?.by ?? [])]),
      }));
    case "message.edited":
      return changeQuotes(
        changeEntry(entries, event.target, event.seq, (message) =>
          event.body.kind === "deleted"
            ? deleted(message)
            : { ...message, body: event.body, editedAt: event.at },
        ),
        event.target,
        event.seq,
        event.body,
      );
    case "message.previewed":
      return changeEntry(entries, event.target, event.seq, (message) =>
        event.body.kind === "deleted" ? deleted(message) : { ...message, body: event.body },
      );
    case "message.deleted":
      return applyDeletion(entries, event);
    case "message.pinned":
    case "message.unpinned":
      return changeEntry(entries, event.target, event.seq, (message) => ({
        ...message,
        isPinned: event.type === "message.pinned" && message.body.kind !== "deleted",
      }));
    case "reaction.added":
    case "reaction.removed":
      return changeEntry(entries, event.target, event.seq, (message) =>
        withReaction(message, {
          emoji: event.emoji,
          by: event.actor.id,
          isAdded: event.type === "reaction.added",
        }),
      );
    case "poll.changed":
      return changeEntry(entries, event.target, event.seq, (message) =>
        message.poll ? { ...message, poll: applyVote(message.poll, event) } : message,
      );
    default:
      return entries;
  }
}

/** Returns the entry that an event adds to the room's timeline. Null if it adds none, as for replies in threads. */
export function toTimelineEntry(event: RoomEvent): TimelineEntry | null {
  const { seq, at, actor } = event;
  switch (event.type) {
    case "message.sent":
      return event.threadRoot === undefined ? toMessageEntry(event) : null;
    case "member.joined":
      return { kind: "member", seq, at, actor, change: "joined", member: event.member };
    case "member.removed":
      return { kind: "member", seq, at, actor, change: "removed", member: event.member };
    case "room.changed":
      return { kind: "room", seq, at, actor, changes: event.changes };
    default:
      return null;
  }
}

/** Returns the message as it was when it was sent. */
export function toMessageEntry(event: EventOf<"message.sent">): MessageEntry {
  const { body } = event;
  return {
    kind: "message",
    asOf: event.seq,
    seq: event.seq,
    sendId: event.sendId,
    sender: event.actor,
    sentAt: event.at,
    body,
    editedAt: null,
    quote: event.quote ?? null,
    threadRoot: event.threadRoot ?? null,
    thread: null,
    reactions: [],
    isPinned: false,
    mentionsEveryone: event.mentionsEveryone ?? false,
    poll: body.kind === "poll" ? emptyPoll(body.choices.length, body.isAnonymous) : null,
  };
}

function emptyPoll(choices: number, isAnonymous: boolean): NonNullable<Message["poll"]> {
  const counts = Array.from({ length: choices }, () => 0);
  return { counts, voters: isAnonymous ? null : counts.map(() => []), isClosed: false };
}

function applyDeletion<E extends TimelineEntry>(
  entries: readonly E[],
  event: EventOf<"message.deleted">,
): readonly E[] {
  let left = changeQuotes(entries, event.target, event.seq, { kind: "deleted" });
  if (event.threadRoot !== undefined) {
    left = changeEntry(left, event.threadRoot, event.seq, (root) => ({
      ...root,
      thread: toThread(event.replies, root.thread?.lastAt ?? event.at, root.thread?.by ?? []),
    }));
  }
  const index = indexOf(left, event.target);
  if (index < 0) return left;
  if (!event.leavesMark) return left.toSpliced(index, 1);
  return changeEntry(left, event.target, event.seq, deleted);
}

function toThread(count: number | undefined, lastAt: number, by: readonly AccountId[]): Message["thread"] {
  return count ? { count, lastAt, by: [...new Set(by)].slice(0, threadFacesMax) } : null;
}

/** Clears everything that a deletion removes from a message, and keeps its sender, time and thread. */
function deleted(message: MessageEntry): MessageEntry {
  return {
    ...message,
    body: { kind: "deleted" },
    editedAt: null,
    quote: null,
    reactions: [],
    isPinned: false,
    mentionsEveryone: false,
    poll: null,
  };
}

function applyVote(
  poll: PollState,
  { actor, counts, isClosed, choices }: EventOf<"poll.changed">,
): PollState {
  if (!poll.voters || !choices) return { ...poll, counts, isClosed };
  // Sorted by account id, the order in which the server reads votes.
  const voters = poll.voters.map((voted, choice) => {
    const others = voted.filter((id) => id !== actor.id);
    return choices.includes(choice) ? [...others, actor.id].sort() : others;
  });
  return { voters, counts, isClosed };
}

/** Returns the message with one person's reaction added or removed. Deleted messages stay unchanged. */
export function withReaction(
  message: MessageEntry,
  { emoji, by: account, isAdded }: { emoji: string; by: AccountId; isAdded: boolean },
): MessageEntry {
  const old = message.reactions.find((reaction) => reaction.emoji === emoji);
  const others = (old?.by ?? []).filter((id) => id !== account);
  const by = isAdded ? [...others, account] : others;
  if (message.body.kind === "deleted") return message;
  if (!old)
    return by.length === 0 ? message : { ...message, reactions: [...message.reactions, { emoji, by }] };
  const reactions = message.reactions.flatMap((reaction) =>
    reaction !== old ? [reaction] : by.length > 0 ? [{ emoji, by }] : [],
  );
  return { ...message, reactions };
}

/** Replaces one message, unless it is not in the list or already includes the event. */
function changeEntry<E extends TimelineEntry>(
  entries: readonly E[],
  seq: number,
  eventSeq: number,
  change: (message: MessageEntry) => MessageEntry,
): readonly E[] {
  const index = indexOf(entries, seq);
  const entry = entries[index];
  if (entry?.kind !== "message" || entry.asOf >= eventSeq) return entries;
  return entries.with(index, { ...change(entry), asOf: eventSeq } as TimelineEntry as E);
}

/** Updates every message that quotes the changed one. */
function changeQuotes<E extends TimelineEntry>(
  entries: readonly E[],
  seq: number,
  eventSeq: number,
  body: MessageBody,
): readonly E[] {
  const quotes = (entry: TimelineEntry) =>
    entry.kind === "message" && entry.quote?.seq === seq && entry.asOf < eventSeq;
  if (!entries.some(quotes)) return entries;
  return entries.map((entry) =>
    entry.kind === "message" && quotes(entry)
      ? { ...entry, quote: toQuote(seq, entry.quote!.sender, body), asOf: eventSeq }
      : entry,
  );
}

/** Returns the index of the entry with this `seq`, or -1. Binary search: entries are sorted by `seq`. */
function indexOf(entries: readonly TimelineEntry[], seq: number): number {
  let low = 0;
  let high = entries.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = entries[middle]!.seq;
    if (at === seq) return middle;
    if (at < seq) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
