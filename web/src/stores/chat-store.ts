import type { MessageEntry } from "@novax/protocol/apply-event";
import type { Bootstrap } from "@novax/protocol/bootstrap";
import type { CommandType, FieldsOf, ResultOf } from "@novax/protocol/commands";
import type { JoinedRoom, Person } from "@novax/protocol/entities";
import type { EventOf, EventsFrame, RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { typingSendEveryMs } from "@novax/protocol/limits";
import {
  isDirect,
  mayInRoom,
  mayOnServer,
  type RoomAction,
  type ServerAction,
  type ServerRole,
} from "@novax/protocol/permissions";
import type { MyLists, TimelinePage } from "@novax/protocol/reads";

import type { MyPart, Signal as PassingSignal } from "@novax/protocol/signals";
import { mentionsIn, textOf } from "@novax/protocol/text";
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import { type Api, isSignedIn } from "../client/api.ts";
import { RealtimeClient, type RealtimeListener } from "../client/realtime-client.ts";
import { t } from "../texts/text.ts";
import { Drafts } from "./drafts.ts";
import { NoticeStore } from "./notice-store.ts";
import { Outbox, type OutboxDraft } from "./outbox.ts";
import type { OutboxStorage } from "./outbox-storage.ts";
import { PeopleStore } from "./people-store.ts";
import { isFromOthers, RoomStore } from "./room-store.ts";
import { RoomsStore, roomNameOf } from "./rooms-store.ts";
import { layOutRows } from "./rows.ts";
import { Toasts } from "./toasts.ts";

export type ChatOptions = {
  socketUrl: string;
  outboxStorage: OutboxStorage;
  draftStorage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  api: Api;
  /** Runs a job before the next frame is drawn: whatever arrives until then is drawn in one go. */
  schedule: (job: () => void) => void;
};

/** Rooms whose timelines stay in memory. */
const openRoomsMax = 20;
const prefetchedMax = 5;
/** When something is deleted that thousands have not read, they do not all ask at the same moment. */
const rereadWithinMs = 4000;
/** A busy thread says with every answer that it has something new; it is looked at twice a second at most. */
const listsChangeEveryMs = 500;
/** Being in a room is told within it. */
const enteringMs = 5000;
/** By then a reaction's event has come, if it was stored. */
const reactionShownMs = 1000;

/** What is one's own, and of the room that is looked at its pins and its members. */
export type MyList = MyPart | "pins" | "members";

/** Lists that are counted in what is one's own. */
const countedLists: readonly MyList[] = ["profile", "reports", "threads", "mentions", "reminders"];

/** The open chat: the connection, the rooms, what is on its way, and who is here. */
export class ChatStore {
  readonly you: Person & { serverRole: ServerRole };
  readonly rooms: RoomsStore;
  readonly people: PeopleStore;
  readonly outbox: Outbox;
  readonly drafts: Drafts;
  readonly notices: NoticeStore;
  readonly toasts = new Toasts();
  readonly client: RealtimeClient;
  readonly api: Api;
  /** Whether somebody is looking: the window has focus and is visible. */
  readonly isAttended = signal(true);
  /** How often each of one's own lists has changed: they are read again where they are shown. */
  readonly listVersions = signal<Partial<Record<MyList, number>>>({});
  readonly me: ReturnType<typeof signal<MyLists>>;
  readonly saved = signal<ReadonlySet<string>>(new Set());
  readonly #schedule: ChatOptions["schedule"];
  readonly #stores = new Map<RoomId, RoomStore>();
  readonly #current = signal<RoomId | null>(null);
  readonly #thread = signal<RoomStore | null>(null);
  /** Rooms that one leaves of one's own will. */
  readonly #leaving = new Set<RoomId>();
  /** What is being written in threads, by room and place: here, as long as the page lives. */
  readonly threadDrafts = new Map<string, string>();
  /** Whether one hears of the answers in the open thread. */
  readonly isThreadFollowed = signal(false);
  readonly #visited = signal<readonly RoomId[]>([]);
  /** A message that was jumped to, and is shown for a moment. */
  readonly highlighted = signal<number | null>(null);
  /** Whether the end of the list is in view; then the oldest may go. */
  isFollowing = true;
  /** How far the open thread was said to be read. */
  #threadReadSeq = 0;
  #typingSentAt = 0;
  #isSigningOut = false;
  /** When one asked to be in another room. */
  #enteredAt = 0;
  #epoch: string;
  #arrived: EventsFrame[] = [];
  #rereadTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #changedLists = new Set<MyList>();
  #listsTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(bootstrap: Bootstrap, options: ChatOptions) {
    this.#schedule = options.schedule;
    this.#epoch = bootstrap.epoch;
    this.you = bootstrap.you;
    this.api = options.api;
    this.me = signal({
      ...bootstrap.me,
      reports: 0,
      unreadThreads: 0,
      threadMentions: 0,
      dueReminders: 0,
      approvals: 0,
    });
    this.rooms = new RoomsStore(bootstrap.you, bootstrap.rooms, (id) => this.#isBlocked(id));
    this.people = new PeopleStore(bootstrap.you);
    for (const room of bootstrap.rooms)
      for (const person of room.people) this.people.known.set(person.id, person);
    this.notices = new NoticeStore(bootstrap.unseenNotices);
    this.client = new RealtimeClient(options.socketUrl, this.#listen(), isSignedIn);
    this.outbox = new Outbox(options.outboxStorage, this.client);
    this.drafts = new Drafts(options.draftStorage, bootstrap.you.id, bootstrap.drafts, async (room, text) => {
      const reply = await this.client.request("draft.save", { room, text });
      return reply?.ok ?? false;
    });
    if (bootstrap.open) {
      this.#storeOf(bootstrap.open.room).fill(bootstrap.open.page);
      this.#setCurrent(bootstrap.open.room);
    }
  }

  get current(): ReadonlySignal<RoomId | null> {
    return this.#current;
  }

  /** The thread that is open beside the room. */
  get thread(): ReadonlySignal<RoomStore | null> {
    return this.#thread;
  }

  /** The rooms in the order in which they were last looked at, the newest first. */
  get visited(): ReadonlySignal<readonly RoomId[]> {
    return this.#visited;
  }

  /** The room that is looked at, as its member has it. */
  readonly room = computed((): JoinedRoom | null => this.rooms.get(this.#current.value));

  /** How many messages call one by name and were not read. */
  readonly mentions = computed(() => this.rooms.mentions.value + this.me.value!.threadMentions);

  /** What wants to be looked at. */
  readonly attentionCount = computed(() => this.rooms.attentionCount.value + this.me.value!.threadMentions);

  /** The part of it that is shown. */
  readonly timeline = computed((): RoomStore | null => {
    const id = this.#current.value;
    return id === null ? null : this.#storeOf(id);
  });

  readonly rows = computed(() => this.rowsOf(this.timeline.value));
  readonly threadRows = computed(() => this.rowsOf(this.#thread.value));

  rowsOf(store: RoomStore | null) {
    if (!store) return [];
    return layOutRows({
      timeline: store.entries.value,
      pending: store.isLive.value
        ? this.outbox.items.value.filter(
            (item) => item.room === store.id && (item.threadRoot ?? null) === store.threadRoot,
          )
        : [],
      you: this.you,
      dividerSeq: store.dividerSeq.value,
      isAtStart: store.threadRoot === null && store.hasLoaded.value && store.older.value === "none",
      blocked: new Set(this.me.value!.blocked.map((person) => person.id)),
      highlighted: this.highlighted.value,
      editing: store.editing.value?.seq ?? null,
      threadRoot: store.threadRoot,
    });
  }

  start(): void {
    this.client.state.subscribe((state) => {
      if (state.kind !== "open") this.outbox.interrupted();
      if (state.kind === "ended" && state.reason === "signed_out" && !this.#isSigningOut)
        location.assign("/");
    });
    this.rooms.isStale.subscribe((isStale) => {
      if (isStale) this.#rereadRooms();
    });
    this.client.connect();
    void this.outbox.restore();
    void this.rereadMe();
    void this.#rereadSaved();
  }

  /**
   * The form that signs out is on its way. Its session ends before its answer is here; whoever went elsewhere then would
   * break the answer off, and with it the order to forget what this browser kept.
   */
  signingOut(): void {
    this.#isSigningOut = true;
  }

  /** Whether one may do this in a room: what the server will say, before it is asked. */
  may(action: RoomAction, room: JoinedRoom | null = this.room.value): boolean {
    return room !== null && mayInRoom(room.role, action, room.kind);
  }

  mayOnServer(action: ServerAction): boolean {
    return mayOnServer(this.you.serverRole, action);
  }

  nameOf(room: JoinedRoom): string {
    return roomNameOf(room, this.you, t.rooms.ownNotes);
  }

  /**
   * Orders something. A refusal is told in a line at the edge of the window, and so is a line that is broken. Resolves
   * with the reply where it was done, else with null.
   */
  async command<T extends CommandType>(type: T, fields: FieldsOf<T>): Promise<ResultOf<T> | null> {
    const isEntering = /join|create|open/.test(type);
    if (isEntering) this.#enteredAt = Date.now();
    const reply = await this.client.request(type, fields);
    if (reply?.ok) return reply.result as ResultOf<T>;
    this.toasts.show(reply ? reply.detail : t.errors.offline);
    return null;
  }

  /** Goes to a room, or to a message in it. What was loaded before is shown at once. */
  async openRoom(id: RoomId, seq?: number): Promise<void> {
    if (!this.rooms.get(id)) return;
    const before = this.timeline.peek();
    if (before && before.id !== id) before.clearDivider();
    const store = this.#storeOf(id);
    batch(() => {
      this.#setCurrent(id);
      if (this.#thread.peek()?.id !== id) this.#thread.value = null;
    });
    if (this.client.state.peek().kind === "open") void this.client.request("room.view", { room: id });
    const { unread = 0, readSeq = 0 } = this.rooms.get(id) ?? {};
    const isHere =
      seq === undefined
        ? store.isLive.peek() || (unread > 0 && store.coversAfter(readSeq))
        : store.find(seq) !== null;
    try {
      if (!store.hasLoaded.peek() || !isHere) await this.#load(store, seq);
    } catch {
      this.toasts.show(t.errors.notLoaded);
    }
    if (seq === undefined) this.#startDivider(store);
    else this.highlight(seq);
  }

  /** Has a room ready before it is opened. */
  prefetch(id: RoomId): void {
    const store = this.#storeOf(id);
    if (store.hasLoaded.peek() || this.client.state.peek().kind !== "open") return;
    void store.load(this.#whereToOpen(id)).catch(() => {});
  }

  async #load(store: RoomStore, seq: number | undefined): Promise<void> {
    const room = this.rooms.get(store.id);
    if (seq !== undefined || !room || room.unread === 0) return store.load(seq);
    const where = this.#whereToOpen(store.id);
    await store.load(where, { readSeq: room.readSeq, you: this.you.id });
    // Whoever has written meanwhile wants to see that.
    const hasWritten = this.outbox.items
      .peek()
      .some((item) => item.room === store.id && item.threadRoot === undefined);
    if (hasWritten && where !== undefined) await store.load();
  }

  highlight(seq: number): void {
    this.highlighted.value = null;
    this.highlighted.value = seq;
    setTimeout(() => {
      if (this.highlighted.peek() === seq) this.highlighted.value = null;
    }, 2500);
  }

  /** Goes to the end of what is shown, also out of the past. */
  async goToEnd(): Promise<void> {
    this.heldUnread = null;
    const store = this.timeline.peek();
    if (store && !store.isLive.peek()) await store.load().catch(() => this.toasts.show(t.errors.notLoaded));
  }

  /** Opens the thread of a message beside the room; null: closes it. */
  async openThread(root: number | null): Promise<void> {
    const room = this.#current.peek();
    if (root === null || room === null) {
      this.#thread.value = null;
      return;
    }
    if (this.#thread.peek()?.threadRoot === root && this.#thread.peek()?.id === room) {
      this.#markThreadRead();
      return;
    }
    const fetchPage = async (query: { before?: number; limit: number }): Promise<TimelinePage> => {
      const page = await this.api.read("room.thread", { room, seq: root, ...query });
      this.isThreadFollowed.value = page.isFollowed;
      // The message that the thread hangs on stands at its beginning.
      return page.hasBefore
        ? page
        : { ...page, entries: [{ kind: "message", ...page.root }, ...page.entries] };
    };
    const store = new RoomStore(room, { fetchPage, people: this.people.known, threadRoot: root });
    this.#thread.value = store;
    this.#threadReadSeq = 0;
    try {
      await store.load();
      this.#markThreadRead();
    } catch {
      this.toasts.show(t.errors.notLoaded);
      if (this.#thread.peek() === store) this.#thread.value = null;
    }
  }

  /** Leaves a room; true when that is done. */
  async leave(id: RoomId): Promise<boolean> {
    this.#leaving.add(id);
    const isDone = (await this.command("room.leave", { room: id })) !== null;
    // Being out is told by itself, a moment later.
    setTimeout(() => this.#leaving.delete(id), 5000);
    return isDone;
  }

  /** Makes links of the rooms that a text names; loaded later, and never waited for. */
  linkRooms: (text: string) => string = (text) => text;

  send(draft: Omit<OutboxDraft, "room">, store: RoomStore): void {
    store.clearDivider();
    this.#typingSentAt = 0;
    const more = store.threadRoot === null ? {} : { threadRoot: store.threadRoot };
    this.outbox.add({ ...draft, ...more, room: store.id }, Date.now());
  }

  /** Says that something is being typed, at most every few seconds. */
  typed(store: RoomStore): void {
    const now = Date.now();
    if (now - this.#typingSentAt < typingSendEveryMs) return;
    this.#typingSentAt = now;
    const more = store.threadRoot === null ? {} : { threadRoot: store.threadRoot };
    void this.client.request("typing.start", { room: store.id, ...more });
  }

  /** Somebody has seen everything up to here. */
  markRead(seq: number): void {
    const room = this.room.peek();
    const store = this.timeline.peek();
    if (!room || !store || seq <= room.readSeq) return;
    const isAll =
      store.isLive.peek() &&
      !store.entries.peek().some((entry) => entry.seq > seq && isFromOthers(entry, this.you.id));
    // What stands behind the last message shown is nothing to be read.
    const upTo = isAll ? room.headSeq : seq;
    const unread = store.isLive.peek()
      ? store.entries.peek().filter((entry) => entry.seq > upTo && isFromOthers(entry, this.you.id)).length
      : room.unread;
    this.rooms.change(room.id, { readSeq: upTo, unread, ...(isAll ? { mentions: 0 } : {}) });
    void this.client.request("room.mark_read", { room: room.id, seq: upTo });
  }

  /** All that was said in a room counts as read, without anybody going there. */
  markRoomRead(id: RoomId): void {
    const room = this.rooms.get(id);
    if (!room) return;
    this.rooms.change(id, { readSeq: room.headSeq, unread: 0, mentions: 0 });
    this.#stores.get(id)?.clearDivider();
    void this.client.request("room.mark_read", { room: id, seq: room.headSeq });
  }

  /** What was marked unread by hand is not read again by being in view. */
  heldUnread: RoomId | null = null;

  toggleReaction(entry: MessageEntry, room: RoomId, emoji: string): void {
    const { seq } = entry;
    const stores = [this.#stores.get(room), this.#thread.peek()].flatMap((store) =>
      store?.id === room ? [store] : [],
    );
    // What is shown by now, not what was when a menu was opened.
    const shown = stores.map((store) => store.find(seq)).find((found) => found !== null) ?? entry;
    const isOwn = shown.reactions.some(
      (reaction) => reaction.emoji === emoji && reaction.by.includes(this.you.id),
    );
    // It is there at once, and goes again where the server refuses it.
    const drops = stores.map((store) => store.react(seq, { emoji, by: this.you.id, isAdded: !isOwn }));
    const drop = () => {
      for (const dropOne of drops) dropOne();
    };
    void this.command(isOwn ? "reaction.remove" : "reaction.add", { room, seq, emoji }).then((done) => {
      if (done) setTimeout(drop, reactionShownMs);
      else drop();
    });
  }

  toggleSaved(room: RoomId, seq: number): void {
    const key = `${room} ${seq}`;
    const saved = new Set(this.saved.peek());
    const isSaved = saved.has(key);
    if (isSaved) saved.delete(key);
    else saved.add(key);
    this.saved.value = saved;
    void this.command(isSaved ? "message.unsave" : "message.save", { room, seq }).then((done) => {
      if (!done) void this.#rereadSaved();
    });
  }

  /** Somebody looks, or no longer does. Whoever leaves with nothing unread finds no old line when they come back. */
  setAttended(isAttended: boolean): void {
    this.isAttended.value = isAttended;
    if (isAttended) this.#markThreadRead();
    else if (this.room.peek()?.unread === 0) this.timeline.peek()?.clearDivider();
  }

  async rereadMe(): Promise<void> {
    const { blocked } = this.me.peek()!;
    try {
      this.me.value = await this.api.read("me.read", {});
      // Of somebody who is blocked nothing waits.
      if (this.me.peek()!.blocked.length !== blocked.length) this.#rereadRooms();
    } catch {
      // It is read again with the next change of it.
    }
  }

  /** A list has changed: it is read again at once, or with all that change until then a moment later. */
  listChanged(list: MyList): void {
    this.#changedLists.add(list);
    if (this.#listsTimer === undefined) this.#sayChanges();
  }

  #sayChanges(): void {
    const versions = { ...this.listVersions.peek() };
    for (const list of this.#changedLists) versions[list] = (versions[list] ?? 0) + 1;
    this.listVersions.value = versions;
    if (this.#changedLists.has("saved")) void this.#rereadSaved();
    if (countedLists.some((list) => this.#changedLists.has(list))) void this.rereadMe();
    this.#changedLists.clear();
    this.#listsTimer = setTimeout(() => {
      this.#listsTimer = undefined;
      if (this.#changedLists.size > 0) this.#sayChanges();
    }, listsChangeEveryMs);
  }

  #isBlocked(id: AccountId): boolean {
    return this.me.peek()!.blocked.some((person) => person.id === id);
  }

  async #rereadSaved(): Promise<void> {
    try {
      const { messages } = await this.api.read("me.saved", { limit: 200 });
      this.saved.value = new Set(messages.map(({ room, seq }) => `${room} ${seq}`));
    } catch {
      // As above.
    }
  }

  #rereadRooms(): void {
    clearTimeout(this.#rereadTimer);
    this.#rereadTimer = setTimeout(() => {
      void this.api.read("rooms.list", {}).then(
        ({ rooms }) => {
          // What came while the list was on its way is newer than it.
          const isOlder = rooms.some((room) => room.headSeq < (this.rooms.get(room.id)?.headSeq ?? 0));
          if (isOlder) this.#rereadRooms();
          else this.rooms.replaceAll(rooms);
        },
        () => this.rooms.rereadFailed(),
      );
    }, Math.random() * rereadWithinMs);
  }

  #setCurrent(id: RoomId): void {
    this.#current.value = id;
    this.rooms.keep(id);
    this.isFollowing = true;
    this.heldUnread = null;
    this.#visited.value = [id, ...this.#visited.peek().filter((room) => room !== id)];
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet
    document.cookie = `novax_room=${id}; path=/; max-age=31536000; samesite=lax`;
    const kept = new Set(this.#visited.peek().slice(0, openRoomsMax));
    // What was fetched before it was opened goes with the oldest.
    const rest = [...this.#stores.keys()].filter((room) => !kept.has(room));
    for (const old of rest.slice(0, Math.max(0, rest.length - prefetchedMax))) this.#stores.delete(old);
    const store = this.#stores.get(id);
    if (store?.hasLoaded.peek()) this.#startDivider(store);
  }

  #startDivider(store: RoomStore): void {
    const room = this.rooms.get(store.id);
    if (room && room.unread > 0) store.startDivider(room.readSeq, this.you.id);
  }

  /** With much that is unread a room opens at the first of it, with little at its end. */
  #whereToOpen(id: RoomId): number | undefined {
    const room = this.rooms.get(id);
    if (!room || room.unread < 40) return undefined;
    return room.readSeq + 1;
  }

  #storeOf(id: RoomId): RoomStore {
    let store = this.#stores.get(id);
    if (!store) {
      store = new RoomStore(id, {
        fetchPage: (query) => this.api.read("room.timeline", { room: id, ...query }),
        people: this.people.known,
      });
      this.#stores.set(id, store);
    }
    return store;
  }

  /** Whoever looks at a thread has read it. */
  #markThreadRead(): void {
    const store = this.#thread.peek();
    const upTo = store?.entries.peek().at(-1)?.seq ?? 0;
    if (!store || store.threadRoot === null || !this.isAttended.peek() || upTo <= this.#threadReadSeq) return;
    this.#threadReadSeq = upTo;
    const mark = { room: store.id, seq: store.threadRoot, upTo };
    void this.client.request("thread.mark_read", mark).then((reply) => {
      if (!reply?.ok && this.#threadReadSeq === upTo) this.#threadReadSeq = 0;
    });
  }

  #listen(): RealtimeListener {
    return {
      onHello: (hello) => {
        // Another epoch is another history: nothing that is here may be kept.
        if (hello.epoch !== this.#epoch) {
          location.reload();
          return;
        }
        this.#arrived = [];
        this.rooms.replaceAll(hello.rooms);
        void this.#attach();
      },
      onEvents: (frame) => {
        if (this.#arrived.length === 0) this.#schedule(() => this.#applyArrived());
        this.#arrived.push(frame);
      },
      onResync: ({ room, headSeq }) => void this.#resync(room, headSeq),
      onRoomLeft: ({ room }) => this.#left(room),
      onRoomJoined: ({ room }) => {
        // Brought in by somebody else, one has not asked for it.
        const isOwnDoing = Date.now() - this.#enteredAt < enteringMs;
        if (!isOwnDoing && !isDirect(room.kind) && !this.rooms.get(room.id))
          this.toasts.show(t.rooms.youEntered(this.nameOf(room)), {
            label: t.reminder.look,
            run: () => void this.openRoom(room.id),
          });
        for (const person of room.people) this.people.known.set(person.id, person);
        this.rooms.put(room);
      },
      onSignal: (passing) => this.#hear(passing),
    };
  }

  #hear(passing: PassingSignal): void {
    switch (passing.type) {
      case "presence":
        this.people.receivePresence(passing);
        return;
      case "typing":
        if (!this.#isBlocked(passing.person.id)) this.people.receiveTyping(passing);
        return;
      case "read":
        this.rooms.change(passing.room, {
          readSeq: passing.seq,
          unread: passing.unread,
          mentions: passing.mentions,
        });
        return;
      case "mention":
        // What calls in a thread is counted there.
        if (passing.threadRoot === undefined) this.rooms.receiveMention(passing.room, passing.seq);
        this.listChanged("mentions");
        return;
      case "preferences": {
        const { isStarred, isMuted, notify } = passing;
        this.rooms.change(passing.room, { isStarred, isMuted, notify });
        return;
      }
      case "draft":
        this.drafts.hear(passing.room, passing.text);
        return;
      case "notice":
        this.notices.hear(passing);
        return;
      case "reminder":
        this.listChanged("reminders");
        this.toasts.show(t.reminder.due(passing.note), {
          label: t.reminder.look,
          run: () => void this.openRoom(passing.room, passing.seq ?? undefined),
        });
        return;
      case "me.changed":
        this.listChanged(passing.part);
        return;
    }
  }

  async #attach(): Promise<void> {
    const positions = [...this.#stores.values()].flatMap((store) =>
      store.hasLoaded.peek() && this.rooms.get(store.id)
        ? [{ room: store.id, afterSeq: store.position.afterSeq }]
        : [],
    );
    const reply = await this.client.request("rooms.attach", { epoch: this.#epoch, positions });
    if (reply?.ok) {
      this.outbox.ready();
      const room = this.#current.peek();
      // What could not be loaded while there was no line is loaded now.
      if (room !== null && this.#stores.get(room)?.hasLoaded.peek() === false) void this.openRoom(room);
      else if (room !== null && this.rooms.get(room)) void this.client.request("room.view", { room });
      else if (room !== null) this.#left(room);
      // What was missed of the thread is read again.
      const thread = this.#thread.peek();
      if (thread?.hasLoaded.peek()) void this.#reloadThread(thread);
    } else if (reply) setTimeout(() => this.client.reconnect(), reply.retryInMs ?? 2000);
  }

  async #reloadThread(thread: RoomStore): Promise<void> {
    try {
      await thread.load();
      this.#markThreadRead();
    } catch {
      // With the next connection, or answer, it is tried again.
    }
  }

  #applyArrived(): void {
    const frames = this.#arrived;
    this.#arrived = [];
    batch(() => {
      for (const { room, events } of frames) this.#applyEvents(room, events);
    });
  }

  #applyEvents(id: RoomId, events: readonly RoomEvent[]): void {
    const store = this.#stores.get(id);
    const thread = this.#thread.peek();
    const hadUnread = (this.rooms.get(id)?.unread ?? 0) > 0;
    for (const event of events) if (event.type === "message.deleted") this.#uncount(id, event, store);
    const isWhole = this.rooms.apply(id, events) && (store?.apply(events) ?? true);
    if (!isWhole) {
      // Something is missing: a new connection resumes from what is here.
      this.client.reconnect();
      return;
    }
    if (thread?.id === id) {
      // It has no place of its own in the room's log: what it has not seen is in no other frame.
      if (!thread.apply(events)) void this.#reloadThread(thread);
      else this.#markThreadRead();
    }
    const sent = events.filter((event) => event.type === "message.sent");
    for (const event of sent) {
      this.people.known.set(event.actor.id, event.actor);
      this.people.stopTyping(id, event.threadRoot ?? null, event.actor.id);
    }
    for (const event of events) this.people.known.set(event.actor.id, event.actor);
    const own = sent.filter((event) => event.actor.id === this.you.id);
    // Whoever answers follows.
    if (thread?.id === id && own.some((event) => event.threadRoot === thread.threadRoot))
      this.isThreadFollowed.value = true;
    if (own.length > 0) this.outbox.acknowledge(new Set(own.map((event) => event.sendId)));
    if (!store) return;
    if (id === this.#current.peek())
      for (const { type } of events) {
        if (type.startsWith("member")) this.listChanged("members");
        else if (/pinned|edited|deleted/.test(type)) this.listChanged("pins");
      }
    if (id !== this.#current.peek()) {
      store.trim();
      return;
    }
    if (!this.isAttended.peek()) {
      // The line belongs before what nobody has seen, not where this morning's was.
      if (!hadUnread) store.clearDivider();
      this.#startDivider(store);
    }
    if (this.isFollowing) store.trim();
  }

  /** Something is deleted that one may not have read. */
  #uncount(id: RoomId, event: EventOf<"message.deleted">, store: RoomStore | undefined): void {
    const room = this.rooms.get(id);
    if (!room || event.seq <= room.headSeq || event.target <= room.readSeq || event.threadRoot !== undefined)
      return;
    const entry = store?.find(event.target);
    if (entry && entry.sender.id === this.you.id) return;
    const mentions = entry ? mentionsIn(textOf(entry.body)) : null;
    const isMention =
      !entry ||
      entry.mentionsEveryone ||
      mentions!.here ||
      mentions!.names.includes(this.you.username.toLowerCase());
    this.rooms.uncount(id, isMention || (room.mentions > 0 && !entry));
  }

  async #resync(id: RoomId, headSeq: number): Promise<void> {
    this.#arrived = this.#arrived.filter((frame) => frame.room !== id);
    this.rooms.change(id, { headSeq });
    this.#rereadRooms();
    const store = this.#stores.get(id);
    if (!store?.hasLoaded.peek()) return;
    try {
      await store.load();
    } catch {
      setTimeout(() => this.client.reconnect(), 2000);
    }
  }

  #left(id: RoomId): void {
    const room = this.rooms.get(id);
    this.rooms.remove(id);
    this.#stores.delete(id);
    if (room && !this.#leaving.has(id)) this.toasts.show(t.rooms.youLeft(this.nameOf(room)));
    if (this.#current.peek() !== id) return;
    const next =
      this.#visited.peek().find((candidate) => this.rooms.get(candidate)) ??
      [...this.rooms.all.peek().keys()][0];
    if (next === undefined) location.reload();
    else void this.openRoom(next);
  }
}
