import type { Bootstrap } from "@novax/protocol/bootstrap";
import type { CommandType, FieldsOf, ResultOf } from "@novax/protocol/commands";
import type { JoinedRoom, Person } from "@novax/protocol/entities";
import type { RoomId, SendId } from "@novax/protocol/ids";
import { typingSendEveryMs } from "@novax/protocol/limits";
import {
  isDirect,
  mayInRoom,
  mayOnServer,
  type RoomAction,
  type ServerAction,
  type ServerRole,
} from "@novax/protocol/permissions";
import type { RoomJoined, RoomLeft } from "@novax/protocol/replies";
import { computed, signal } from "@preact/signals";
import { type Api, isSignedIn } from "../client/api.ts";
import { RealtimeClient } from "../client/realtime-client.ts";
import { t } from "../texts/text.ts";
import { Drafts, draftSaver } from "./drafts.ts";
import { HeldCommands, type HeldStorage } from "./held-commands.ts";
import { MeStore } from "./me-store.ts";
import { NavigationStore } from "./navigation-store.ts";
import { NoticeStore } from "./notice-store.ts";
import { Outbox, type OutboxDraft, type OutboxStorage } from "./outbox.ts";
import { PeopleStore } from "./people-store.ts";
import { ReadingStore } from "./reading-store.ts";
import { receiveSignal } from "./receive-signal.ts";
import type { RoomStore } from "./room-store.ts";
import { RoomsStore, roomNameOf } from "./rooms-store.ts";
import { layOutRows } from "./rows.ts";
import { Sync, type SyncNeeds } from "./sync.ts";
import { takeRefusal } from "./take-refusal.ts";
import { ThreadStore } from "./thread-store.ts";
import { Timelines } from "./timelines.ts";
import { Toasts } from "./toasts.ts";
import type { Uploads } from "./uploads.ts";

export type ChatOptions = Pick<SyncNeeds, "schedule" | "reload"> & {
  socketUrl: string;
  outboxStorage: OutboxStorage;
  heldStorage: HeldStorage;
  /** Ends with the tab. */
  pageStorage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  draftStorage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  api: Api;
  /** Opens the sign-in page, because the session has ended. */
  signIn: () => void;
  /** Deletes what this device keeps of the chat. */
  forget: () => Promise<void>;
  /** Remembers the open room for the next visit. */
  rememberRoom: (id: RoomId) => void;
};

/** Commands that bring the viewer into a room. */
const joiningCommands: ReadonlySet<CommandType> = new Set(["room.create", "room.join", "direct.open"]);
/**
 * Within this time after the viewer asked to join or leave a room, the frame that says that it is done is no news to
 * them.
 */
const joiningMs = 5000;

/**
 * The open chat. Each part has its own store. This class holds what needs several of them: commands, sending, names,
 * rights.
 */
export class ChatStore {
  readonly hasLinkPreviews: boolean;
  readonly you: Person & { serverRole: ServerRole };
  readonly api: Api;
  readonly client: RealtimeClient;
  readonly rooms: RoomsStore;
  readonly people: PeopleStore;
  readonly outbox: Outbox;
  readonly held: HeldCommands;
  readonly drafts: Drafts;
  readonly notices: NoticeStore;
  readonly toasts = new Toasts();
  /** Null until the code of uploads is here. */
  readonly uploads = signal<Uploads | null>(null);
  readonly me: MeStore;
  readonly thread: ThreadStore;
  readonly reading: ReadingStore;
  readonly navigation: NavigationStore;
  readonly timelines: Timelines;
  readonly #sync: Sync;
  readonly #ways: Pick<ChatOptions, "signIn" | "forget">;
  /** Rooms that the viewer leaves by their own choice. They need no toast that says so. */
  readonly #leaving = new Set<RoomId>();
  /** How far the server's clock is ahead of this device's, in ms. */
  aheadMs = 0;
  #typingSentAt = 0;
  #isSigningOut = false;
  /** When the viewer last asked to join or open another room, in ms since 1970. */
  joiningAt = 0;

  constructor(bootstrap: Bootstrap, options: ChatOptions) {
    const { you } = bootstrap;
    const { api } = options;
    this.you = you;
    this.hasLinkPreviews = bootstrap.hasLinkPreviews;
    this.api = api;
    this.#ways = options;
    this.me = new MeStore(bootstrap.me, api);
    this.rooms = new RoomsStore(you, bootstrap.rooms, (id) => this.me.isBlocked(id));
    this.people = new PeopleStore(you, api);
    for (const room of bootstrap.rooms) this.#knowPeopleOf(room);
    this.notices = new NoticeStore(bootstrap.unseenNotices);
    this.client = new RealtimeClient(
      options.socketUrl,
      {
        onHello: (hello) => {
          this.aheadMs = hello.serverTime - Date.now();
          this.#sync.receiveHello(hello);
          this.drafts.saveAgain();
        },
        onEvents: (frame) => this.#sync.receiveEvents(frame),
        onResync: (frame) => void this.#sync.receiveResync(frame),
        onRoomLeft: (frame) => this.#left(frame),
        onRoomJoined: (frame) => this.#joined(frame),
        onSignal: (signal) => receiveSignal(this, signal),
      },
      isSignedIn,
    );
    const { request } = this.client;
    this.outbox = new Outbox(options.outboxStorage, this.client);
    const { heldStorage } = options;
    this.held = new HeldCommands(heldStorage, request, (...refusal) => takeRefusal(this, ...refusal));
    this.drafts = new Drafts(options.draftStorage, you.id, bootstrap.drafts, draftSaver(request));
    this.timelines = new Timelines(api, this.people.known);
    const { rooms, people, timelines, held, outbox, client, toasts, me } = this;
    const reading = new ReadingStore({ you: you.id, rooms, timelines, held, storage: options.pageStorage });
    const isAttended = () => reading.isAttended.peek();
    const thread = new ThreadStore({ api, request, people, you: you.id, isAttended });
    const stores = { rooms, timelines, held, reading, thread, outbox, client };
    const { schedule, reload, rememberRoom } = options;
    const navigation = new NavigationStore({ ...stores, toasts, you: you.id, rememberRoom });
    const { epoch } = bootstrap;
    this.#sync = new Sync({ ...stores, epoch, you, api, schedule, reload, people, me, navigation });
    this.reading = reading;
    this.thread = thread;
    this.navigation = navigation;
    this.me.onBlocksChanged = () => this.#sync.rereadRooms();
    if (bootstrap.open) {
      this.timelines.of(bootstrap.open.room).fill(bootstrap.open.page);
      // Loading the page again isn't reading.
      reading.keepHeld(() => this.navigation.setCurrent(bootstrap.open!.room));
    }
  }

  /** The open room, as its member sees it. */
  readonly room = computed((): JoinedRoom | null => this.rooms.get(this.navigation.current.value));

  /** How many unread messages mention the viewer, in rooms and in threads. */
  readonly mentions = computed(() => this.rooms.mentions.value + this.me.lists.value.threadMentions);

  /** How many messages ask for the viewer's attention. This is the number on the badge. */
  readonly attentionCount = computed(
    () => this.rooms.attentionCount.value + this.me.lists.value.threadMentions,
  );

  readonly rows = computed(() => this.rowsOf(this.navigation.timeline.value));
  readonly threadRows = computed(() => this.rowsOf(this.thread.timeline.value));

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
      blocked: new Set(this.me.lists.value.blocked.map((person) => person.id)),
      highlighted: this.navigation.highlighted.value,
      editing: store.editing.value?.seq ?? null,
      threadRoot: store.threadRoot,
    });
  }

  start(): void {
    this.client.state.subscribe((state) => {
      if (state.kind !== "open") for (const queue of [this.outbox, this.held]) queue.interrupted();
      if (state.kind !== "ended" || state.reason !== "signed_out" || this.#isSigningOut) return;
      void this.#ways.forget().finally(() => this.#ways.signIn());
    });
    this.rooms.isStale.subscribe((isStale) => {
      if (isStale) this.#sync.rereadSoon();
    });
    this.client.connect();
    void this.outbox.restore();
    void this.held.restore();
    void this.me.reread();
    void this.me.rereadSaved();
  }

  /** The form that signs out was sent. Leaving now would cancel the response, which clears what this browser keeps. */
  signingOut(): void {
    this.#isSigningOut = true;
    void this.#ways.forget();
  }

  /** Whether the viewer may do this in a room. False without a room. The server checks the same rights again. */
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
   * Runs a command. A refusal or a broken connection is shown as a toast. Resolves with the result, or with null if the
   * command was not done.
   */
  async command<T extends CommandType>(type: T, fields: FieldsOf<T>): Promise<ResultOf<T> | null> {
    if (joiningCommands.has(type)) this.joiningAt = Date.now();
    const reply = await this.client.request(type, fields);
    if (reply?.ok) return reply.result as ResultOf<T>;
    this.toasts.show(reply ? reply.detail : t.errors.offline);
    return null;
  }

  /** Opens a thread beside the open room; null closes it. A thread that cannot be loaded is reported with a toast. */
  async openThread(root: number | null): Promise<void> {
    const room = this.navigation.current.peek();
    if (root === null || room === null) this.thread.close();
    else await this.thread.open(room, root).catch(() => this.toasts.show(t.errors.notLoaded));
  }

  /** Leaves a room. Resolves with whether the server has done it. */
  async leave(id: RoomId): Promise<boolean> {
    this.#leaving.add(id);
    const isDone = (await this.command("room.leave", { room: id })) !== null;
    // The frame that says that the viewer has left arrives after the reply.
    setTimeout(() => this.#leaving.delete(id), joiningMs);
    return isDone;
  }

  /** Turns the rooms that a text names into links. It changes nothing until the lazy code replaces it. */
  linkRooms: (text: string) => string = (text) => text;

  /** Sends a message into the room or the thread of `store`. */
  send(draft: Omit<OutboxDraft, "room">, store: RoomStore, sendId?: SendId): void {
    store.clearDivider();
    this.#typingSentAt = 0;
    const more = store.threadRoot === null ? {} : { threadRoot: store.threadRoot };
    this.outbox.add({ ...draft, ...more, room: store.id }, Date.now(), sendId);
  }

  /** Sends the signal that the viewer is typing, at most every few seconds. */
  typed(store: RoomStore): void {
    const now = Date.now();
    if (now - this.#typingSentAt < typingSendEveryMs) return;
    this.#typingSentAt = now;
    const more = store.threadRoot === null ? {} : { threadRoot: store.threadRoot };
    void this.client.request("typing.start", { room: store.id, ...more });
  }

  /** The timelines of a room that are in memory: its own, and that of the open thread if it is of this room. */
  timelinesOf(room: RoomId): RoomStore[] {
    return [this.timelines.get(room), this.thread.timeline.peek()].flatMap((store) =>
      store?.id === room ? [store] : [],
    );
  }

  /** Takes whether the window has focus and is visible. */
  setAttended(isAttended: boolean): void {
    this.reading.setAttended(isAttended, this.navigation.current.peek());
    if (isAttended) this.thread.markRead();
  }

  #knowPeopleOf(room: JoinedRoom): void {
    for (const person of room.people) this.people.known.set(person.id, person);
  }

  #joined({ room }: RoomJoined): void {
    // A viewer who has just asked to join knows it. Only one whom another member added needs a toast.
    if (Date.now() - this.joiningAt >= joiningMs && !isDirect(room.kind) && !this.rooms.get(room.id))
      this.toasts.show(t.rooms.youEntered(this.nameOf(room)), {
        label: t.reminder.look,
        run: () => void this.navigation.openRoom(room.id),
      });
    this.#knowPeopleOf(room);
    this.rooms.put(room);
    this.me.changed("inbox");
  }

  #left({ room: id }: RoomLeft): void {
    const room = this.rooms.get(id);
    if (room && !this.#leaving.has(id)) this.toasts.show(t.rooms.youLeft(this.nameOf(room)));
    this.#sync.forgetRoom(id);
  }
}
