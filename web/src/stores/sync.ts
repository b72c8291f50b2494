import type { EventOf, EventsFrame, RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Hello, Resync } from "@novax/protocol/replies";
import { filesOf, mentionsIn, textOf } from "@novax/protocol/text";
import { batch } from "@preact/signals";
import type { Api } from "../client/api.ts";
import type { RealtimeClient } from "../client/realtime-client.ts";
import type { HeldCommands } from "./held-commands.ts";
import type { MeStore } from "./me-store.ts";
import type { NavigationStore } from "./navigation-store.ts";
import type { Outbox } from "./outbox.ts";
import type { PeopleStore } from "./people-store.ts";
import type { ReadingStore } from "./reading-store.ts";
import type { RoomStore } from "./room-store.ts";
import type { RoomsStore } from "./rooms-store.ts";
import type { ThreadStore } from "./thread-store.ts";
import type { Timelines } from "./timelines.ts";

/**
 * A deleted message that thousands have not read makes all of them read their counts again. A random delay up to this
 * spreads their requests.
 */
const rereadWithinMs = 4000;
const ownRereadWithinMs = 300;
const retryAfterMs = 2000;

export type SyncNeeds = {
  epoch: string;
  you: { id: AccountId; username: string };
  api: Pick<Api, "read">;
  client: Pick<RealtimeClient, "request" | "reconnect">;
  rooms: RoomsStore;
  timelines: Timelines;
  people: PeopleStore;
  outbox: Outbox;
  held: Pick<HeldCommands, "ready">;
  thread: ThreadStore;
  me: MeStore;
  reading: ReadingStore;
  navigation: NavigationStore;
  /** Runs a job before the next frame is drawn, so that everything that arrives until then is drawn together. */
  schedule: (job: () => void) => void;
  /** Loads the page again, because nothing in memory is valid any more. */
  reload: () => void;
};

/** The lists of the open room that an event changes. */
const listsOf: Partial<Record<RoomEvent["type"], "members" | "pins">> = {
  "member.joined": "members",
  "member.removed": "members",
  "member.role_changed": "members",
  "message.pinned": "pins",
  "message.unpinned": "pins",
  "message.edited": "pins",
  "message.deleted": "pins",
};

/**
 * Keeps memory in step with the server's logs. It attaches after every greeting with the positions it has, applies
 * events in order, and reads again what it has missed (PROTOCOL.md, Q1 and Q5).
 */
export class Sync {
  readonly #needs: SyncNeeds;
  #arrived: EventsFrame[] = [];
  #rereadTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(needs: SyncNeeds) {
    this.#needs = needs;
  }

  receiveHello(hello: Hello): void {
    // Another epoch means another history, in which the positions in memory have no meaning.
    if (hello.epoch !== this.#needs.epoch) {
      this.#needs.reload();
      return;
    }
    this.#arrived = [];
    this.#needs.rooms.replaceAll(hello.rooms);
    void this.#attach();
  }

  receiveEvents(frame: EventsFrame): void {
    if (this.#arrived.length === 0) this.#needs.schedule(() => this.#applyArrived());
    this.#arrived.push(frame);
  }

  /** Loads a room again from its end, because too many events were missed to send them. */
  async receiveResync({ room, headSeq }: Resync): Promise<void> {
    this.#arrived = this.#arrived.filter((frame) => frame.room !== room);
    this.#needs.rooms.change(room, { headSeq });
    this.rereadRooms();
    const store = this.#needs.timelines.get(room);
    if (!store?.hasLoaded.peek()) return;
    try {
      await store.load();
      // The event that was to acknowledge a message may be in the page.
      this.#needs.outbox.resend();
    } catch {
      setTimeout(() => this.#needs.client.reconnect(), retryAfterMs);
    }
  }

  /**
   * Removes a room that the viewer is not in any more, with its timeline. If it was open, another room opens; without
   * another one the page is loaded again.
   */
  forgetRoom(id: RoomId): void {
    const { rooms, timelines, navigation, me, reload } = this.#needs;
    rooms.remove(id);
    me.changed("inbox");
    timelines.delete(id);
    if (navigation.current.peek() === id && !navigation.openAnother()) reload();
  }

  /** As {@link rereadRooms}, for what concerns the viewer alone. */
  readonly rereadSoon = (): void => this.rereadRooms(ownRereadWithinMs);

  /**
   * Reads the unread counts of all rooms again, at a random moment within a few seconds, because everybody may do it at
   * once.
   */
  rereadRooms(withinMs = rereadWithinMs): void {
    const { api, rooms } = this.#needs;
    clearTimeout(this.#rereadTimer);
    this.#rereadTimer = setTimeout(() => {
      const before = new Set(rooms.all.peek().keys());
      void api.read("rooms.list", {}).then(
        (list) => {
          // What happened while the list was being read is newer than the list: events, joining and leaving.
          const isOlder = list.rooms.some((room) => room.headSeq < (rooms.get(room.id)?.headSeq ?? 0));
          const now = rooms.all.peek();
          const isOther = now.size !== before.size || [...now.keys()].some((id) => !before.has(id));
          if (isOlder || isOther) this.rereadRooms();
          else rooms.replaceAll(list.rooms);
        },
        () => rooms.countAnew(),
      );
    }, Math.random() * withinMs);
  }

  async #attach(): Promise<void> {
    const { epoch, client, rooms, timelines, outbox, held, navigation, thread } = this.#needs;
    const positions = [...timelines.all()].flatMap((store) =>
      store.hasLoaded.peek() && rooms.get(store.id) ? [{ room: store.id, ...store.position }] : [],
    );
    const reply = await client.request("rooms.attach", { epoch, positions });
    if (!reply) return;
    if (!reply.ok) {
      setTimeout(() => client.reconnect(), reply.retryInMs ?? retryAfterMs);
      return;
    }
    outbox.ready();
    held.ready();
    const room = navigation.current.peek();
    if (room !== null) {
      if (!rooms.get(room)) this.forgetRoom(room);
      // A room that could not be loaded without a connection is loaded now.
      else if (timelines.get(room)?.hasLoaded.peek() === false) void navigation.openRoom(room);
      else void client.request("room.view", { room });
    }
    void thread.reload();
  }

  #applyArrived(): void {
    const frames = this.#arrived;
    this.#arrived = [];
    batch(() => {
      for (const { room, events } of frames) this.#applyEvents(room, events);
    });
  }

  #applyEvents(id: RoomId, events: readonly RoomEvent[]): void {
    const { rooms, timelines, thread, people, outbox, me, you, navigation, reading, client } = this.#needs;
    const store = timelines.get(id);
    const hadUnread = (rooms.get(id)?.unread ?? 0) > 0;
    for (const event of events) if (event.type === "message.deleted") this.#uncount(id, event, store);
    const isWhole = rooms.apply(id, events) && (store?.apply(events) ?? true);
    if (!isWhole) {
      // Events are missing in between. A new connection resumes from the position here.
      client.reconnect();
      return;
    }
    thread.apply(id, events);
    for (const event of events) {
      people.known.set(event.actor.id, event.actor);
      if (event.type === "message.sent") people.stopTyping(id, event.threadRoot ?? null, event.actor.id);
    }
    const own = events.flatMap((event) =>
      event.type === "message.sent" && event.actor.id === you.id ? [event.sendId] : [],
    );
    if (own.length > 0) outbox.acknowledge(new Set(own));
    if (!store) return;
    if (id !== navigation.current.peek()) {
      store.trim();
      return;
    }
    for (const event of events) {
      const list = listsOf[event.type];
      if (list) me.changed(list);
      if (changesFiles(event)) me.changed("files");
    }
    if (!reading.isAttended.peek()) {
      // The "New" line belongs before the messages that arrived while the viewer was away, not where an earlier line
      // was.
      if (!hadUnread) store.clearDivider();
      reading.startDivider(store);
    }
    if (navigation.isFollowing) store.trim();
  }

  /** Corrects the counts after a message was deleted that the viewer may not have read. */
  #uncount(id: RoomId, event: EventOf<"message.deleted">, store: RoomStore | undefined): void {
    const { rooms, you } = this.#needs;
    const room = rooms.get(id);
    if (!room || event.seq <= room.headSeq || event.target <= room.readSeq || event.threadRoot !== undefined)
      return;
    const entry = store?.find(event.target);
    if (entry && entry.sender.id === you.id) return;
    const mentions = entry ? mentionsIn(textOf(entry.body)) : null;
    const isMention =
      !entry ||
      entry.mentionsEveryone ||
      mentions!.here ||
      mentions!.names.includes(you.username.toLowerCase());
    rooms.uncount(id, isMention || (room.mentions > 0 && !entry));
  }
}

function changesFiles(event: RoomEvent): boolean {
  if (event.type === "message.sent") return filesOf(event.body).length > 0;
  return event.type === "message.edited" || event.type === "message.deleted";
}
