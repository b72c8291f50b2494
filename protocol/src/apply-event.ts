// (snapshot, event) -> snapshot. The web client's store and the server's tests use this one function, so what a
// client shows after any number of events is what a fresh load would show.
import type { Message, Person } from "./entities.ts";
import type { RoomEvent } from "./events.ts";
import type { AccountId, RoomId } from "./ids.ts";

export type MessageEntry = { readonly kind: "message" } & Readonly<Message>;
export type MemberEntry = {
  readonly kind: "member";
  readonly seq: number;
  readonly at: number;
  readonly change: "joined" | "removed";
  readonly member: Person;
};
export type TimelineEntry = MessageEntry | MemberEntry;

export type RoomSnapshot = {
  readonly room: RoomId;
  /** The last event this snapshot contains. */
  readonly headSeq: number;
  /** What the room shows, oldest first, ordered by `seq`; a tail of the whole. */
  readonly timeline: readonly TimelineEntry[];
  readonly members: ReadonlyMap<AccountId, Person>;
};

/**
 * Applies the events that follow `snapshot.headSeq`, in order. What the snapshot contains already changes nothing.
 * Throws on a gap: the caller reads what is missing first.
 */
export function applyEvents(snapshot: RoomSnapshot, events: readonly RoomEvent[]): RoomSnapshot {
  let { headSeq, members } = snapshot;
  const added: TimelineEntry[] = [];
  for (const event of events) {
    if (event.seq <= headSeq) continue;
    if (event.seq !== headSeq + 1) throw new Error(`gap: ${event.seq} after ${headSeq}`);
    headSeq = event.seq;
    added.push(toTimelineEntry(event));
    if (event.type === "member.joined") members = new Map(members).set(event.member.id, event.member);
    if (event.type === "member.removed") members = without(members, event.member.id);
  }
  if (headSeq === snapshot.headSeq) return snapshot;
  return { room: snapshot.room, headSeq, members, timeline: [...snapshot.timeline, ...added] };
}

/** What an event shows in the timeline. */
export function toTimelineEntry(event: RoomEvent): TimelineEntry {
  const { seq, at } = event;
  switch (event.type) {
    case "message.sent":
      return {
        kind: "message",
        seq,
        sendId: event.sendId,
        sender: event.actor,
        sentAt: at,
        body: event.body,
      };
    case "member.joined":
      return { kind: "member", seq, at, change: "joined", member: event.member };
    case "member.removed":
      return { kind: "member", seq, at, change: "removed", member: event.member };
  }
}

function without(members: ReadonlyMap<AccountId, Person>, id: AccountId): ReadonlyMap<AccountId, Person> {
  const rest = new Map(members);
  rest.delete(id);
  return rest;
}
