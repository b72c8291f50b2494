import { applyToRoom } from "@novax/protocol/apply-event";
import type { JoinedRoom } from "@novax/protocol/entities";
import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { unreadCountMax } from "@novax/protocol/limits";
import { isDirect, roleInRoom, type ServerRole } from "@novax/protocol/permissions";
import { nameOf } from "@novax/protocol/person";
import { computed, type ReadonlySignal, signal } from "@preact/signals";

export type Section = { kind: "favourites" | "rooms" | "direct" | "archived"; rooms: readonly JoinedRoom[] };

/** Every room one is in, and what is unread in it. */
export class RoomsStore {
  readonly #you: { id: AccountId; serverRole: ServerRole };
  readonly #isBlocked: (id: AccountId) => boolean;
  readonly #rooms = signal<ReadonlyMap<RoomId, JoinedRoom>>(new Map());
  /** Messages that were counted as calling one since the server counted last, and how far it had counted then. */
  readonly #counted = new Map<RoomId, Set<number>>();
  readonly #countedUpTo = new Map<RoomId, number>();
  /** Whether the counts can no longer be known here, and are to be read again. */
  readonly #isStale = signal(false);

  constructor(
    you: { id: AccountId; serverRole: ServerRole },
    rooms: readonly JoinedRoom[],
    isBlocked: (id: AccountId) => boolean = () => false,
  ) {
    this.#you = you;
    this.#isBlocked = isBlocked;
    this.replaceAll(rooms);
  }

  get all(): ReadonlySignal<ReadonlyMap<RoomId, JoinedRoom>> {
    return this.#rooms;
  }

  get isStale(): ReadonlySignal<boolean> {
    return this.#isStale;
  }

  get(id: RoomId | null): JoinedRoom | null {
    return id === null ? null : (this.#rooms.value.get(id) ?? null);
  }

  replaceAll(rooms: readonly JoinedRoom[]): void {
    this.#counted.clear();
    this.#isStale.value = false;
    this.#countedUpTo.clear();
    for (const room of rooms) this.#countedUpTo.set(room.id, room.headSeq);
    this.#rooms.value = new Map(rooms.map((room) => [room.id, room]));
  }

  /** The counts could not be read; they still are to be. */
  rereadFailed(): void {
    this.#isStale.value = false;
    this.#isStale.value = true;
  }

  put(room: JoinedRoom): void {
    this.#rooms.value = new Map(this.#rooms.peek()).set(room.id, room);
  }

  remove(id: RoomId): void {
    const rooms = new Map(this.#rooms.peek());
    if (rooms.delete(id)) this.#rooms.value = rooms;
  }

  /** Takes what happened in a room. False when something is missing in between. */
  apply(id: RoomId, events: readonly RoomEvent[]): boolean {
    let room = this.#rooms.peek().get(id);
    if (!room) return true;
    const before = room;
    for (const event of events) {
      if (event.seq <= room.headSeq) continue;
      if (event.seq !== room.headSeq + 1) return false;
      room = this.#count({ ...room, ...applyToRoom(room, event) }, event);
    }
    if (room !== before) this.put(room);
    return true;
  }

  /** A message calls one. */
  receiveMention(id: RoomId, seq: number): void {
    const room = this.#rooms.peek().get(id);
    if (!room) return;
    // An edit calls somebody from a place that the server has counted already, or not: it knows.
    if (seq <= (this.#countedUpTo.get(id) ?? 0)) this.#isStale.value = true;
    else this.put(this.#countMention(room, seq));
  }

  /** A message that was unread is gone, and whether it called one is known. */
  uncount(id: RoomId, isMention: boolean): void {
    const room = this.#rooms.peek().get(id);
    if (!room || room.unread >= unreadCountMax || isMention) this.#isStale.value = true;
    else this.put({ ...room, unread: Math.max(0, room.unread - 1) });
  }

  /** Changes what is one's own of a room. */
  change(id: RoomId, changes: Partial<JoinedRoom>): void {
    const room = this.#rooms.peek().get(id);
    if (!room) return;
    if (changes.readSeq !== undefined) this.#counted.delete(id);
    this.put({ ...room, ...changes });
  }

  /** The rooms as the list shows them. */
  readonly sections = computed((): readonly Section[] => {
    const rooms = [...this.#rooms.value.values()];
    const open = rooms.filter((room) => !room.isArchived);
    const rest = open.filter((room) => !room.isStarred);
    const sections: Section[] = [
      { kind: "favourites", rooms: open.filter((room) => room.isStarred).sort(this.#order) },
      { kind: "rooms", rooms: rest.filter((room) => !isDirect(room.kind)).sort(this.#order) },
      {
        kind: "direct",
        // One that nobody has written in yet is there for whoever opened it, as long as they look at it.
        rooms: rest
          .filter((room) => isDirect(room.kind) && (room.lastAt > 0 || this.#kept.value === room.id))
          .sort(byNewest),
      },
      { kind: "archived", rooms: rooms.filter((room) => room.isArchived).sort(byName) },
    ];
    return sections.filter(
      (section) => section.rooms.length > 0 || section.kind === "rooms" || section.kind === "direct",
    );
  });

  get #order(): (a: JoinedRoom, b: JoinedRoom) => number {
    return this.isNewestFirst.value ? byNewest : byName;
  }

  /** Whether rooms stand in the order in which something was said in them last, as direct ones do. */
  readonly isNewestFirst = signal(false);

  /** The room that is looked at stays in the list. */
  readonly #kept = signal<RoomId | null>(null);
  keep(id: RoomId | null): void {
    this.#kept.value = id;
  }

  /** What wants to be looked at: mentions and direct messages, as far as their rooms may call. */
  readonly attentionCount = computed(() =>
    [...this.#rooms.value.values()].reduce((sum, room) => sum + attentionCountOf(room), 0),
  );

  /** How many messages call one by name and were not read. */
  readonly mentions = computed(() =>
    [...this.#rooms.value.values()].reduce((sum, room) => sum + room.mentions, 0),
  );

  #count(room: JoinedRoom, event: RoomEvent): JoinedRoom {
    if (event.type === "member.role_changed" && event.member.id === this.#you.id)
      return { ...room, role: roleInRoom(event.role, this.#you.serverRole, room.kind) };
    if (event.type !== "message.sent" || event.threadRoot !== undefined) return room;
    const changed = { ...room, lastAt: event.at };
    if (event.actor.id === this.#you.id || event.seq <= room.readSeq) return changed;
    // Of somebody who is blocked nothing waits, and nothing calls.
    if (this.#isBlocked(event.actor.id)) return changed;
    changed.unread = Math.min(unreadCountMax, changed.unread + 1);
    return event.mentionsEveryone ? this.#countMention(changed, event.seq) : changed;
  }

  #countMention(room: JoinedRoom, seq: number): JoinedRoom {
    const counted = this.#counted.get(room.id) ?? new Set();
    if (seq <= room.readSeq || counted.has(seq)) return room;
    this.#counted.set(room.id, counted.add(seq));
    return { ...room, mentions: Math.min(unreadCountMax, room.mentions + 1) };
  }
}

/** How often a room calls: by name, or with every message where it is for oneself alone or that is wanted. */
export function attentionCountOf(room: JoinedRoom): number {
  if (room.notify === "nothing" || room.isArchived) return 0;
  if (room.isMuted) return room.mentions;
  const isEvery = isDirect(room.kind) || room.notify === "all";
  return isEvery ? Math.max(room.unread, room.mentions) : room.mentions;
}

/** What a room is called for one of its members; direct rooms by who else is in them. */
export function roomNameOf(room: JoinedRoom, you: { id: AccountId }, ownNotes: string): string {
  if (!isDirect(room.kind)) return room.name;
  const others = room.people.filter((person) => person.id !== you.id);
  return others.length === 0 ? ownNotes : others.map(nameOf).join(", ");
}

function byName(a: JoinedRoom, b: JoinedRoom): number {
  return roomNameOf(a, { id: "" as AccountId }, "").localeCompare(
    roomNameOf(b, { id: "" as AccountId }, ""),
    undefined,
    { numeric: true },
  );
}

function byNewest(a: JoinedRoom, b: JoinedRoom): number {
  return b.lastAt - a.lastAt;
}
