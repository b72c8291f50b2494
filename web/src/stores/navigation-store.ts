import type { AccountId, RoomId } from "@novax/protocol/ids";
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { RealtimeClient } from "../client/realtime-client.ts";
import { t } from "../texts/text.ts";
import type { Outbox } from "./outbox.ts";
import type { ReadingStore } from "./reading-store.ts";
import type { RoomStore } from "./room-store.ts";
import type { RoomsStore } from "./rooms-store.ts";
import type { ThreadStore } from "./thread-store.ts";
import type { Timelines } from "./timelines.ts";
import type { Toasts } from "./toasts.ts";

const highlightedMs = 2500;

export type NavigationNeeds = {
  rooms: RoomsStore;
  timelines: Timelines;
  reading: ReadingStore;
  thread: ThreadStore;
  outbox: Outbox;
  client: RealtimeClient;
  toasts: Toasts;
  you: AccountId;
  /** Remembers the open room for the next visit. */
  rememberRoom: (id: RoomId) => void;
};

/** Which room is open, which rooms were open before, and which message is highlighted. */
export class NavigationStore {
  readonly #needs: NavigationNeeds;
  readonly #current = signal<RoomId | null>(null);
  readonly #visited = signal<readonly RoomId[]>([]);
  readonly #highlighted = signal<number | null>(null);
  /** Whether the end of the list is in view. Then the oldest messages may be dropped from memory. */
  isFollowing = true;

  constructor(needs: NavigationNeeds) {
    this.#needs = needs;
  }

  /** The open room. */
  get current(): ReadonlySignal<RoomId | null> {
    return this.#current;
  }

  /** The rooms by when they were last open, newest first. */
  get visited(): ReadonlySignal<readonly RoomId[]> {
    return this.#visited;
  }

  /** The `seq` of the message that was jumped to. It is highlighted for a moment. */
  get highlighted(): ReadonlySignal<number | null> {
    return this.#highlighted;
  }

  /** The timeline of the open room; null if no room is open. */
  readonly timeline = computed((): RoomStore | null => {
    const id = this.#current.value;
    return id === null ? null : this.#needs.timelines.of(id);
  });

  /** Makes a room the open one without loading it. */
  setCurrent(id: RoomId): void {
    const { rooms, reading, timelines, rememberRoom } = this.#needs;
    this.#current.value = id;
    rooms.keep(id);
    this.isFollowing = true;
    reading.heldUnread = null;
    this.#visited.value = [id, ...this.#visited.peek().filter((room) => room !== id)];
    rememberRoom(id);
    timelines.trim(this.#visited.peek());
    const store = timelines.get(id);
    if (store?.hasLoaded.peek()) reading.startDivider(store);
  }

  /**
   * Opens a room, or a message in it by its `seq`. What is in memory is shown at once. Does nothing for a room that the
   * viewer is not in. A page that cannot be loaded is reported with a toast.
   */
  async openRoom(id: RoomId, seq?: number): Promise<void> {
    const { rooms, reading, thread, timelines, client, toasts } = this.#needs;
    const room = rooms.get(id);
    if (!room) return;
    const before = this.timeline.peek();
    if (before && before.id !== id) before.clearDivider();
    const store = timelines.of(id);
    batch(() => {
      this.setCurrent(id);
      thread.closeUnlessIn(id);
    });
    if (client.state.peek().kind === "open") void client.request("room.view", { room: id });
    const isHere =
      seq === undefined
        ? store.isLive.peek() || (room.unread > 0 && store.coversAfter(room.readSeq))
        : store.find(seq) !== null;
    try {
      if (!store.hasLoaded.peek() || !isHere) await this.#load(store, seq);
    } catch {
      toasts.show(t.errors.notLoaded);
    }
    if (seq === undefined) reading.startDivider(store);
    else this.highlight(seq);
  }

  /** Loads a room before it is opened. Errors are ignored, because opening the room loads it again. */
  prefetch(id: RoomId): void {
    const { timelines, client, reading } = this.#needs;
    const store = timelines.of(id);
    if (store.hasLoaded.peek() || client.state.peek().kind !== "open") return;
    void store.load(reading.whereToOpen(id)).catch(() => {});
  }

  async #load(store: RoomStore, seq: number | undefined): Promise<void> {
    const { rooms, reading, outbox, you } = this.#needs;
    const room = rooms.get(store.id);
    if (seq !== undefined || !room || room.unread === 0) return store.load(seq);
    const where = reading.whereToOpen(store.id);
    await store.load(where, { readSeq: room.readSeq, you });
    // A viewer who has sent a message meanwhile wants to see it, and it is at the end.
    const hasWritten = outbox.items
      .peek()
      .some((item) => item.room === store.id && item.threadRoot === undefined);
    if (hasWritten && where !== undefined) await store.load();
  }

  highlight(seq: number): void {
    this.#highlighted.value = null;
    this.#highlighted.value = seq;
    setTimeout(() => {
      if (this.#highlighted.peek() === seq) this.#highlighted.value = null;
    }, highlightedMs);
  }

  /** Goes to the end of the open room, and loads it if an older part of the room is shown. */
  async goToEnd(): Promise<void> {
    this.#needs.reading.heldUnread = null;
    const store = this.timeline.peek();
    if (store && !store.isLive.peek())
      await store.load().catch(() => this.#needs.toasts.show(t.errors.notLoaded));
  }

  /** Opens another room than the open one, which the viewer has lost or hidden. Returns false if there is none. */
  openAnother(): boolean {
    const { rooms } = this.#needs;
    const others = [...this.#visited.peek(), ...rooms.all.peek().keys()];
    const next = others.find((candidate) => candidate !== this.current.peek() && rooms.get(candidate));
    if (next === undefined) return false;
    void this.openRoom(next);
    return true;
  }
}
