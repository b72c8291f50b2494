import type { TimelineEntry } from "@novax/protocol/apply-event";
import type { Bootstrap } from "@novax/protocol/bootstrap";
import type { RoomId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import { effect } from "@preact/signals";
import { ReadRefused } from "../client/api.ts";
import { registerServiceWorker } from "../lib/service-worker.ts";
import {
  chatName,
  type KeptChat,
  nameOfRoom,
  nameOfThread,
  roomOfName,
  type ThreadPage,
} from "../storage/kept-chat.ts";
import { markKept } from "../storage/kept-mark.ts";
import type { SealedStore } from "../storage/sealed-store.ts";
import type { ChatStore } from "../stores/chat-store.ts";
import { toPage } from "../stores/to-page.ts";
import { more } from "../texts/more.ts";

const keepEveryMs = 3000;
/** What changes together is written together. */
const keepAfterMs = 300;
const roomsMax = 60;
const threadsMax = 30;
const entriesMax = 100;
const peopleMax = 1000;
const rereadAfterMs = 3000;
const rereadEveryMs = 10 * 60_000;
/** So many rooms and threads that are kept, and changed while this device was away, are read again. */
const rereadMax = 12;
const rereadEntries = 50;

/**
 * Keeps the chat on this device while it is open, for when there is no connection, and says when the server has a newer
 * version of the app. `reachedAt`: when the server was last reached, in ms since 1970.
 */
export async function keepChat(
  chat: ChatStore,
  store: SealedStore,
  { bootstrap, reachedAt }: { bootstrap: Bootstrap; reachedAt: number },
): Promise<void> {
  watchVersion(chat);
  // Without it, where the browser allows none, nothing of this would be found again.
  if (!(await registerServiceWorker().catch(() => null))) return;
  if (matchMedia("(display-mode: standalone)").matches) void navigator.storage?.persist?.().catch(() => {});
  const before = await store.read<KeptChat>(chatName);
  // Somebody else's, who did not sign out.
  if (before && before.bootstrap.you.id !== bootstrap.you.id) await store.clear();
  new Keeper(chat, store, { bootstrap, reachedAt }).start();
}

class Keeper {
  readonly #chat: ChatStore;
  readonly #store: SealedStore;
  readonly #bootstrap: Bootstrap;
  readonly #written = new Map<RoomId, readonly TimelineEntry[]>();
  #writtenThread: readonly TimelineEntry[] | undefined;
  #reachedAt: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wroteAt = Number.NEGATIVE_INFINITY;
  #isWriting = false;
  #isMarked = false;
  #hasFailed = false;

  constructor(chat: ChatStore, store: SealedStore, since: { bootstrap: Bootstrap; reachedAt: number }) {
    this.#chat = chat;
    this.#store = store;
    this.#bootstrap = since.bootstrap;
    this.#reachedAt = since.reachedAt;
  }

  start(): void {
    const chat = this.#chat;
    effect(() => {
      // Every event changes the rooms, and what the viewer does without a connection changes the open one.
      const shown = [chat.navigation.timeline.value, chat.thread.timeline.value];
      void [chat.rooms.all.value, chat.me.lists.value, ...shown.map((timeline) => timeline?.entries.value)];
      this.#changed();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) void this.#write();
    });
    setInterval(() => {
      if (chat.client.state.peek().kind === "open") void this.#reread();
    }, rereadEveryMs);
    chat.client.state.subscribe(({ kind }) => {
      // By then the rooms are known as they are now, and not everybody asks at once after a restart.
      if (kind === "open") setTimeout(() => void this.#reread(), (1 + Math.random()) * rereadAfterMs);
    });
  }

  #changed(): void {
    const waitMs = Math.max(keepAfterMs, this.#wroteAt + keepEveryMs - performance.now());
    this.#timer ??= setTimeout(() => void this.#write(), waitMs);
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isWriting) return this.#changed();
    this.#isWriting = true;
    this.#wroteAt = performance.now();
    try {
      await this.#writeChanged();
    } catch {
      // The device is full, or the browser deleted what was kept.
      if (!this.#hasFailed) this.#chat.toasts.show(more.app.notKept);
      this.#hasFailed = true;
    } finally {
      this.#isWriting = false;
    }
  }

  async #writeChanged(): Promise<void> {
    const chat = this.#chat;
    const store = this.#store;
    const rooms = chat.rooms.all.peek();
    if (chat.client.state.peek().kind === "open") this.#reachedAt = Date.now();
    await store.write(chatName, {
      at: this.#reachedAt,
      bootstrap: {
        ...this.#bootstrap,
        rooms: [...rooms.values()],
        open: null,
        drafts: Object.fromEntries(chat.drafts.texts.peek()),
        me: chat.me.lists.peek(),
      },
      people: [...chat.people.known.values()].slice(-peopleMax),
    } satisfies KeptChat);
    for (const timeline of chat.timelines.all()) {
      const entries = timeline.entries.peek();
      const page = toPage(timeline, this.#bootstrap.epoch, entriesMax);
      if (!page || this.#written.get(timeline.id) === entries) continue;
      await store.write(nameOfRoom(timeline.id), page);
      this.#written.set(timeline.id, entries);
    }
    await this.#writeThread();
    // Only now is there something to open. It was taken away if a page waited for the server.
    if (!this.#isMarked) await markKept();
    this.#isMarked = true;
    let names = await store.names();
    if (names.length > threadsMax) names = await store.namesByTime();
    const kept = { rooms: 0, threads: 0 };
    for (const name of names) {
      const thread = threadOfName(name);
      const room = thread?.room ?? roomOfName(name);
      if (room === null) continue;
      const count = thread ? ++kept.threads : ++kept.rooms;
      if (count > (thread ? threadsMax : roomsMax) || !rooms.has(room)) await store.delete(name);
    }
  }

  /** Keeps the thread that is open, if its first message is loaded. */
  async #writeThread(): Promise<void> {
    const { thread } = this.#chat;
    const open = thread.timeline.peek();
    const entries = open?.entries.peek();
    if (!open || open.threadRoot === null || this.#writtenThread === entries) return;
    const page = toPage(open, this.#bootstrap.epoch, entriesMax);
    const root = open.find(open.threadRoot);
    if (!page || root?.kind !== "message") return;
    const { kind: _, asOf: __, ...message } = root;
    await this.#store.write(nameOfThread(open.id, root.seq), {
      ...page,
      entries: page.entries.filter(({ seq }) => seq !== root.seq),
      root: message as ThreadPage["root"],
      isFollowed: thread.isFollowed.peek(),
      readSeq: 0,
    } satisfies ThreadPage);
    this.#writtenThread = entries;
  }

  #readPage(room: RoomId, root: number | undefined): Promise<TimelinePage> {
    const { api } = this.#chat;
    return root === undefined
      ? api.read("room.timeline", { room, limit: rereadEntries })
      : api.read("room.thread", { room, seq: root, limit: rereadEntries });
  }

  /**
   * Brings what is kept of rooms and threads that are not open up to date: nothing that was deleted meanwhile may stay on the
   * device.
   */
  async #reread(): Promise<void> {
    const { rooms } = this.#chat;
    const open = new Set([...this.#chat.timelines.all()].map(({ id }) => id));
    const names = await this.#store.namesByTime().catch(() => []);
    let read = 0;
    for (const name of names) {
      const thread = threadOfName(name);
      const room = thread?.room ?? roomOfName(name);
      if (room === null) continue;
      const isOpen = thread === null && open.has(room);
      const page = isOpen ? null : await this.#store.read<TimelinePage>(name);
      const isCurrent = page?.headSeq === rooms.get(room)?.headSeq && page?.epoch === this.#bootstrap.epoch;
      if (!page || isCurrent) continue;
      read += 1;
      try {
        const isWanted = read <= rereadMax && rooms.get(room) !== null;
        if (isWanted) await this.#store.write(name, await this.#readPage(room, thread?.root));
        else await this.#store.delete(name).catch(() => {});
      } catch (error) {
        // Without a connection it is what the viewer needs.
        if (!(error instanceof ReadRefused)) return;
        await this.#store.delete(name).catch(() => {});
      }
    }
  }
}

/** The opposite of `nameOfThread`; null for other names. */
function threadOfName(name: string): { room: RoomId; root: number } | null {
  const [kind, room, root] = name.split(" ");
  return kind === "thread" ? { room: room as RoomId, root: Number(root) } : null;
}

/** Offers to load the app again once the server has another version of it. Nothing is lost by going on with this one. */
function watchVersion(chat: ChatStore): void {
  navigator.serviceWorker?.addEventListener(
    "message",
    ({ data }: MessageEvent<{ type?: string; script?: string }>) => {
      if (data.type !== "version" || document.querySelector(`script[src="${data.script}"]`)) return;
      chat.toasts.show(
        more.app.updated,
        { label: more.app.reload, run: () => location.reload() },
        { stays: true },
      );
    },
  );
  let wasAway = false;
  chat.client.state.subscribe(({ kind }) => {
    // A server that was updated was restarted.
    if (kind === "open" && wasAway)
      void navigator.serviceWorker
        ?.getRegistration()
        .then((registration) => registration?.update())
        .catch(() => {});
    wasAway = kind === "away";
  });
}
