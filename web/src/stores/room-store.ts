import {
  applyEvents,
  type RoomSnapshot,
  type TimelineEntry,
  toTimelineEntry,
} from "@novax/protocol/apply-event";
import type { Bootstrap } from "@novax/protocol/bootstrap";
import type { Person } from "@novax/protocol/entities";
import type { RoomEvent } from "@novax/protocol/events";
import type { RoomId } from "@novax/protocol/ids";
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { EventsPage } from "../client/api.ts";

export type FetchEvents = (room: RoomId, options: { before?: number; limit: number }) => Promise<EventsPage>;

export type OlderState = "more" | "loading" | "failed" | "start";

const pageEvents = 50;
/** What stays in memory of a room that is read at its end. */
const timelineEntriesMax = 500;

/** One room as this browser knows it: a tail of its log, and how far the person has read. */
export class RoomStore {
  readonly id: RoomId;
  readonly name: string;
  readonly topic: string;
  readonly #you: Person;
  readonly #fetchEvents: FetchEvents;
  readonly #snapshot;
  readonly #older;
  readonly #readSeq;
  readonly #dividerSeq = signal<number | null>(null);
  #epoch: string;
  /** What arrives while the newest page is on its way; null at all other times. */
  #held: RoomEvent[] | null = null;

  constructor(bootstrap: Bootstrap, room: Bootstrap["rooms"][number], fetchEvents: FetchEvents) {
    this.id = room.id;
    this.name = room.name;
    this.topic = room.topic;
    this.#you = bootstrap.you;
    this.#epoch = bootstrap.epoch;
    this.#fetchEvents = fetchEvents;
    this.#snapshot = signal<RoomSnapshot>({
      room: room.id,
      headSeq: room.headSeq,
      timeline: room.events.map(toTimelineEntry),
      members: new Map(room.members.map((member) => [member.id, member])),
    });
    this.#older = signal<OlderState>(olderState(room.events));
    this.#readSeq = signal(room.readSeq);
    this.startDivider();
  }

  get snapshot(): ReadonlySignal<RoomSnapshot> {
    return this.#snapshot;
  }

  /** Whether there is more before the first entry. */
  get older(): ReadonlySignal<OlderState> {
    return this.#older;
  }

  get readSeq(): ReadonlySignal<number> {
    return this.#readSeq;
  }

  /** The "New" line stands after this place; null: there is none. It does not move while one reads. */
  get dividerSeq(): ReadonlySignal<number | null> {
    return this.#dividerSeq;
  }

  get position(): { afterSeq: number; epoch: string } {
    return { afterSeq: this.#snapshot.value.headSeq, epoch: this.#epoch };
  }

  readonly unreadCount = computed(() => this.#countUnreadAfter(this.#readSeq.value));

  /** Takes events that follow what is here. False when some are missing in between. */
  apply(events: readonly RoomEvent[]): boolean {
    if (this.#held) {
      this.#held.push(...events);
      return true;
    }
    const snapshot = this.#snapshot.value;
    const first = events.find((event) => event.seq > snapshot.headSeq);
    if (!first) return true;
    if (first.seq !== snapshot.headSeq + 1) return false;
    this.#snapshot.value = applyEvents(snapshot, events);
    return true;
  }

  /**
   * Forgets the tail and takes the newest page in its place. Resolves with false when what arrived meanwhile does not
   * follow on it; throws when the page cannot be had.
   */
  async reload(): Promise<boolean> {
    this.#held ??= [];
    let page: EventsPage;
    try {
      page = await this.#fetchEvents(this.id, { limit: pageEvents });
    } catch (error) {
      this.#held = null;
      throw error;
    }
    const held = this.#held;
    this.#held = null;
    batch(() => {
      this.#epoch = page.epoch;
      this.#snapshot.value = {
        ...this.#snapshot.value,
        headSeq: page.headSeq,
        timeline: page.events.map(toTimelineEntry),
      };
      this.#older.value = olderState(page.events);
    });
    return this.apply(held);
  }

  /** Reads one page further back. One at a time; a failed one can be tried again. */
  async loadOlder(): Promise<void> {
    if (this.#older.value === "loading" || this.#older.value === "start") return;
    this.#older.value = "loading";
    const before = this.#snapshot.value.timeline[0]?.seq ?? this.#snapshot.value.headSeq + 1;
    try {
      const page = await this.#fetchEvents(this.id, { before, limit: pageEvents });
      const snapshot = this.#snapshot.value;
      // A reload in between has replaced the tail this page belonged to.
      if ((snapshot.timeline[0]?.seq ?? before) !== before) return;
      batch(() => {
        this.#snapshot.value = {
          ...snapshot,
          timeline: [...page.events.map(toTimelineEntry), ...snapshot.timeline],
        };
        this.#older.value = olderState(page.events);
      });
    } catch {
      this.#older.value = "failed";
    }
  }

  /** Lets go of the oldest, while the end is read; they can be loaded again. */
  trim(): void {
    const snapshot = this.#snapshot.value;
    if (snapshot.timeline.length <= timelineEntriesMax) return;
    batch(() => {
      this.#snapshot.value = { ...snapshot, timeline: snapshot.timeline.slice(-timelineEntriesMax) };
      this.#older.value = "more";
    });
  }

  /** Raises the read mark; true when it rose. */
  markRead(seq: number): boolean {
    const mark = Math.min(seq, this.#snapshot.value.headSeq);
    if (mark <= this.#readSeq.value) return false;
    this.#readSeq.value = mark;
    return true;
  }

  /** Draws the line after what has been read, if something has not. */
  startDivider(): void {
    if (this.#dividerSeq.value !== null) return;
    if (this.#countUnreadAfter(this.#readSeq.value) > 0) this.#dividerSeq.value = this.#readSeq.value;
  }

  clearDivider(): void {
    this.#dividerSeq.value = null;
  }

  #countUnreadAfter(seq: number): number {
    return this.#snapshot.value.timeline.filter((entry) => entry.seq > seq && this.isFromOthers(entry))
      .length;
  }

  isFromOthers(entry: TimelineEntry): boolean {
    return entry.kind === "message" && entry.sender.id !== this.#you.id;
  }
}

function olderState(events: readonly RoomEvent[]): OlderState {
  return events.length > 0 && events[0]!.seq > 1 ? "more" : "start";
}
