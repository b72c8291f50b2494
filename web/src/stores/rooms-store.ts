import { applyToRoom } from "@novax/protocol/apply-event";
import type { JoinedRoom } from "@novax/protocol/entities";
import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { unreadCountMax } from "@novax/protocol/limits";
import { isDirect, roleInRoom, type ServerRole } from "@novax/protocol/permissions";
import { nameOf } from "@novax/protocol/person";
import { computed, type ReadonlySignal, signal } from "@preact/signals";

export type Section = {
  kind: "favourites" | "rooms" | "direct" | "requests" | "archived";
  rooms: readonly JoinedRoom[];
};

/** The rooms of the viewer, and what is unread in them. */
export class RoomsStore {
  readonly #you: { id: AccountId; serverRole: ServerRole };
  readonly #isBlocked: (id: AccountId) => boolean;
  readonly #rooms = signal<ReadonlyMap<RoomId, JoinedRoom>>(new Map());
  /**
   * The messages counted as mentions since the server last sent its counts, and the `seq` up to which the server had
   * counted.
   */
  readonly #counted = new Map<RoomId, Set<number>>();
  readonly #countedUpTo = new Map<RoomId, number>();
  /** Whether the counts cannot be worked out here any more and have to be read from the server. */
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

  /** Asks for the counts again, because reading them has failed. */
  /** Has the counts read from the server, again if that failed. */
  countAnew(): void {
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

  /** Applies the events of a room. Returns false if events are missing in between. */
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

  /** Counts a message that mentions the viewer. */
  receiveMention(id: RoomId, seq: number): void {
    const room = this.#rooms.peek().get(id);
    if (!room) return;
    // The server has counted up to this `seq` already, so an edit added the mention. Only the server knows whether it
    // counts.
    if (seq <= (this.#countedUpTo.get(id) ?? 0)) this.#isStale.value = true;
    else this.put(this.#countMention(room, seq));
  }

  /**
   * Takes a deleted unread message off the count. With `isMention` it was or may have been a mention, and the counts
   * are read from the server again.
   */
  uncount(id: RoomId, isMention: boolean): void {
    const room = this.#rooms.peek().get(id);
    if (!room || room.unread >= unreadCountMax || isMention) this.#isStale.value = true;
    else this.put({ ...room, unread: Math.max(0, room.unread - 1) });
  }

  /** Changes what belongs to the viewer in a room, such as how far it is read. Ignores a room that they are not in. */
  change(id: RoomId, changes: Partial<JoinedRoom>): void {
    const room = this.#rooms.peek().get(id);
    if (!room) return;
    if (changes.readSeq !== undefined) this.#counted.delete(id);
    this.put({ ...room, ...changes });
  }

  /** The rooms in the sections of the room list. */
  readonly sections = computed((): readonly Section[] => {
    const rooms = [...this.#rooms.value.values()];
    const listed = rooms.filter((room) => !isHidden(room) || this.#kept.value === room.id);
    const open = listed.filter((room) => !room.isArchived && !room.isRequest);
    const rest = open.filter((room) => !room.isStarred);
    const sections: Section[] = [
      { kind: "favourites", rooms: open.filter((room) => room.isStarred).sort(this.#order) },
      { kind: "rooms", rooms: rest.filter((room) => !isDirect(room.kind)).sort(this.#order) },
      {
        kind: "direct",
        // A direct room without messages is only shown while the viewer who opened it has it open.
        rooms: rest
          .filter((room) => isDirect(room.kind) && (room.lastAt > 0 || this.#kept.value === room.id))
          .sort(byNewest),
      },
      {
        kind: "requests",
        rooms: listed
          .filter((room) => room.isRequest && (room.lastAt > 0 || !isDirect(room.kind)))
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

  /** Whether rooms are ordered by their newest message, as direct rooms always are. */
  readonly isNewestFirst = signal(false);

  /** The open room. It stays in the list even if it is an empty direct room. */
  readonly #kept = signal<RoomId | null>(null);
  keep(id: RoomId | null): void {
    this.#kept.value = id;
  }

  /**
   * How many messages ask for the viewer's attention: mentions and direct messages, as far as the rooms' settings let
   * them notify.
   */
  readonly attentionCount = computed(() =>
    [...this.#rooms.value.values()].reduce((sum, room) => sum + attentionCountOf(room), 0),
  );

  /** How many unread messages mention the viewer, in all rooms. */
  readonly mentions = computed(() =>
    [...this.#rooms.value.values()].reduce((sum, room) => sum + room.mentions, 0),
  );

  #count(room: JoinedRoom, event: RoomEvent): JoinedRoom {
    if (event.type === "member.removed" && room.kind === "group")
      return { ...room, people: room.people.filter(({ id }) => id !== event.member.id) };
    if (event.type === "member.role_changed" && event.member.id === this.#you.id)
      return { ...room, role: roleInRoom(event.role, this.#you.serverRole, room.kind) };
    if (event.type !== "message.sent" || event.threadRoot !== undefined) return room;
    const changed = { ...room, lastAt: event.at };
    if (event.actor.id === this.#you.id || event.seq <= room.readSeq) return changed;
    // Messages of a blocked sender do not count as unread and do not notify.
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

/**
 * How many messages of a room ask for the viewer's attention. In a direct room, or where the viewer wants to be
 * notified of everything, every unread message counts; in others only mentions do. In a muted room only mentions count.
 * An archived or hidden room, or one set to notify of nothing, has none. A request counts once, whatever is written in it.
 */
export function attentionCountOf(room: JoinedRoom): number {
  if (room.notify === "nothing" || room.isArchived || isHidden(room)) return 0;
  if (room.isRequest) return Math.min(1, room.unread);
  if (room.isMuted) return room.mentions;
  const isEvery = isDirect(room.kind) || room.notify === "all";
  return isEvery ? Math.max(room.unread, room.mentions) : room.mentions;
}

function isHidden({ hiddenAt, isRequest, lastAt }: JoinedRoom): boolean {
  return hiddenAt !== null && (isRequest || lastAt <= hiddenAt);
}

/**
 * The name of a room as one of its members sees it. A direct room is named after its other members, or `ownNotes` if
 * there are none.
 */
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
