import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Api } from "../client/api.ts";
import type { Request } from "../client/realtime-client.ts";
import type { PeopleStore } from "./people-store.ts";
import { RoomStore } from "./room-store.ts";

export type ThreadNeeds = {
  api: Api;
  request: Request;
  people: PeopleStore;
  you: AccountId;
  /** Whether the window has focus and is visible. */
  isAttended: () => boolean;
};

/** The thread that is open beside its room. */
export class ThreadStore {
  readonly #needs: ThreadNeeds;
  readonly #timeline = signal<RoomStore | null>(null);
  readonly #isFollowed = signal(false);
  /** The `seq` up to which the server knows the thread as read. */
  #readSeq = 0;

  constructor(needs: ThreadNeeds) {
    this.#needs = needs;
  }

  /** The messages of the thread; null if no thread is open. */
  get timeline(): ReadonlySignal<RoomStore | null> {
    return this.#timeline;
  }

  /** Whether the viewer follows the thread. */
  get isFollowed(): ReadonlySignal<boolean> {
    return this.#isFollowed;
  }

  showFollowed(isFollowed: boolean): void {
    this.#isFollowed.value = isFollowed;
  }

  /**
   * Opens the thread of the message with the seq `root`. Throws if its messages cannot be loaded; the thread is then
   * closed again.
   */
  async open(room: RoomId, root: number): Promise<void> {
    const open = this.#timeline.peek();
    if (open?.threadRoot === root && open.id === room) {
      this.markRead();
      return;
    }
    const fetchPage = async (query: { before?: number; limit: number }): Promise<TimelinePage> => {
      const page = await this.#needs.api.read("room.thread", { room, seq: root, ...query });
      this.#isFollowed.value = page.isFollowed;
      // The root is not one of its own replies. It is shown before the first of them.
      return page.hasBefore
        ? page
        : { ...page, entries: [{ kind: "message", ...page.root }, ...page.entries] };
    };
    const store = new RoomStore(room, { fetchPage, people: this.#needs.people.known, threadRoot: root });
    this.#timeline.value = store;
    this.#readSeq = 0;
    try {
      await store.load();
      this.markRead();
    } catch (error) {
      if (this.#timeline.peek() === store) this.#timeline.value = null;
      throw error;
    }
  }

  close(): void {
    this.#timeline.value = null;
  }

  /** Closes the thread if it is not in this room. */
  closeUnlessIn(room: RoomId): void {
    if (this.#timeline.peek()?.id !== room) this.close();
  }

  /** Sends to the server how far the thread is read, if the window has focus and is visible. */
  markRead(): void {
    const store = this.#timeline.peek();
    const upTo = store?.entries.peek().at(-1)?.seq ?? 0;
    if (!store || store.threadRoot === null || !this.#needs.isAttended() || upTo <= this.#readSeq) return;
    this.#readSeq = upTo;
    const fields = { room: store.id, seq: store.threadRoot, upTo };
    void this.#needs.request("thread.mark_read", fields).then((reply) => {
      if (!reply?.ok && this.#readSeq === upTo) this.#readSeq = 0;
    });
  }

  /** Applies events of a room, if the open thread is in it. */
  apply(room: RoomId, events: readonly RoomEvent[]): void {
    const store = this.#timeline.peek();
    if (store?.id !== room) return;
    // The thread has no position of its own in the room's log, so the server does not send again what it has missed.
    if (store.apply(events)) this.markRead();
    else void this.reload();
    const hasReplied = events.some(
      (event) =>
        event.type === "message.sent" &&
        event.actor.id === this.#needs.you &&
        event.threadRoot === store.threadRoot,
    );
    if (hasReplied) this.showFollowed(true);
  }

  /**
   * Loads the thread again if it was loaded before. A failure is ignored, because the next connection or reply loads it
   * again.
   */
  async reload(): Promise<void> {
    const store = this.#timeline.peek();
    if (!store?.hasLoaded.peek()) return;
    try {
      await store.load();
      this.markRead();
    } catch {
      // The next connection or reply loads it again.
    }
  }
}
