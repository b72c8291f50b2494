// (snapshot, event) -> snapshot. The web client's stores and the server's tests use this one function, so what a
// client shows after any number of events is what a fresh load would show.
import type { Message, PollState, Room } from "./entities.ts";
import type { EventOf, RoomEvent, SystemMessage } from "./events.ts";
import type { AccountId } from "./ids.ts";
import { excerptOf } from "./text.ts";

/** A message, and the last event that is known to have been looked at for it. */
export type MessageEntry = { readonly kind: "message"; readonly asOf: number } & Readonly<Message>;
export type TimelineEntry = MessageEntry | Readonly<SystemMessage>;

export type RoomSnapshot = {
  /** The room as it is; its `headSeq` is the last event this snapshot contains. */
  readonly room: Room;
  /** What the room shows, oldest first, ordered by `seq`; a part of the whole that reaches to its end. */
  readonly timeline: readonly TimelineEntry[];
};

/**
 * Applies the events that follow `snapshot.room.headSeq`, in order. What the snapshot contains already changes nothing.
 * Throws on a gap: the caller reads what is missing first.
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

/** The room after an event: what it is called, how many are in it, where its log ends. */
export function applyToRoom(room: Room, event: RoomEvent): Room {
  const next = { ...room, headSeq: event.seq };
  if (event.type === "room.changed") Object.assign(next, event.changes);
  if (event.type === "member.joined") next.memberCount += 1;
  if (event.type === "member.removed") next.memberCount -= 1;
  return next;
}

/**
 * What an event does to messages that are there already, wherever they are shown: in a room, in a thread, in a list. An
 * entry that was read after the event has it already and stays as it is.
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
        thread: toThread(event.replies, event.at),
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
        excerptOf(event.body),
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

/** What an event adds to what the room itself shows; null: nothing. */
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

/** A message as it was sent. */
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
  let left = changeQuotes(entries, event.target, event.seq, null);
  if (event.threadRoot !== undefined) {
    left = changeEntry(left, event.threadRoot, event.seq, (root) => ({
      ...root,
      thread: toThread(event.replies, root.thread?.lastAt ?? event.at),
    }));
  }
  const index = indexOf(left, event.target);
  if (index < 0) return left;
  if (!event.leavesMark) return left.toSpliced(index, 1);
  return changeEntry(left, event.target, event.seq, deleted);
}

function toThread(count: number | undefined, lastAt: number): Message["thread"] {
  return count ? { count, lastAt } : null;
}

/** What stays of a deleted message. */
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
  // In the order of their ids, as the server reads them.
  const voters = poll.voters.map((voted, choice) => {
    const others = voted.filter((id) => id !== actor.id);
    return choices.includes(choice) ? [...others, actor.id].sort() : others;
  });
  return { voters, counts, isClosed };
}

/** A message with somebody's reaction, or without it. */
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

/** Replaces one message, if it is there and was read before the event. */
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

/** What is quoted changes with its original. */
function changeQuotes<E extends TimelineEntry>(
  entries: readonly E[],
  seq: number,
  eventSeq: number,
  excerpt: string | null,
): readonly E[] {
  const quotes = (entry: TimelineEntry) =>
    entry.kind === "message" && entry.quote?.seq === seq && entry.asOf < eventSeq;
  if (!entries.some(quotes)) return entries;
  return entries.map((entry) =>
    entry.kind === "message" && quotes(entry)
      ? { ...entry, quote: { ...entry.quote!, excerpt }, asOf: eventSeq }
      : entry,
  );
}

/** Entries are in the order of `seq`. */
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
