import type { AccountId, RoomId } from "@novax/protocol/ids";
import { type ReadonlySignal, signal } from "@preact/signals";
import type { HeldCommands } from "./held-commands.ts";
import type { RoomStore } from "./room-store.ts";
import type { RoomsStore } from "./rooms-store.ts";
import { isFromOthers } from "./timeline-entries.ts";
import type { Timelines } from "./timelines.ts";

type PageStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** From this many unread messages on, a room opens at the first unread one and not at its end. */
const openAtFirstUnreadFrom = 40;

/** How far each room is read: the read marks, the "New" line, and the room that was marked unread by hand. */
export class ReadingStore {
  readonly #you: AccountId;
  readonly #rooms: RoomsStore;
  readonly #timelines: Timelines;
  readonly #held: Pick<HeldCommands, "run">;
  readonly #isAttended = signal(true);
  readonly #storage: PageStorage;
  readonly #heldKey: string;
  #heldUnread: RoomId | null;

  constructor(needs: {
    you: AccountId;
    rooms: RoomsStore;
    timelines: Timelines;
    held: Pick<HeldCommands, "run">;
    storage: PageStorage;
  }) {
    this.#storage = needs.storage;
    this.#heldKey = `held-unread:${needs.you}`;
    this.#heldUnread = this.#readHeld();
    this.#you = needs.you;
    this.#rooms = needs.rooms;
    this.#timelines = needs.timelines;
    this.#held = needs.held;
  }

  /**
   * The room that was marked unread by hand. It is not marked read while it is visible, until it is opened again. Loading
   * the page again does not open it.
   */
  get heldUnread(): RoomId | null {
    return this.#heldUnread;
  }

  set heldUnread(room: RoomId | null) {
    this.#heldUnread = room;
    try {
      if (room === null) this.#storage.removeItem(this.#heldKey);
      else this.#storage.setItem(this.#heldKey, room);
    } catch {
      // Without storage it lasts as long as the page.
    }
  }

  /** Opens a room so that it stays unread if it was held unread. */
  keepHeld(open: () => void): void {
    const held = this.#heldUnread;
    open();
    this.heldUnread = held;
  }

  #readHeld(): RoomId | null {
    try {
      return this.#storage.getItem(this.#heldKey) as RoomId | null;
    } catch {
      return null;
    }
  }

  /** Whether the window has focus and is visible. */
  get isAttended(): ReadonlySignal<boolean> {
    return this.#isAttended;
  }

  /**
   * `current` is the open room. Its "New" line is cleared when the viewer leaves the window with nothing unread, so
   * that they do not find an old line when they come back.
   */
  setAttended(isAttended: boolean, current: RoomId | null): void {
    this.#isAttended.value = isAttended;
    const room = this.#rooms.get(current);
    if (!isAttended && room?.unread === 0) this.#timelines.get(room.id)?.clearDivider();
  }

  /** Marks a room read up to `seq`, because every message up to it was on the screen. */
  markRead(id: RoomId, seq: number): void {
    const room = this.#rooms.get(id);
    const store = this.#timelines.get(id);
    if (!room || !store || seq <= room.readSeq) return;
    const countUnread = (after: number) =>
      store.entries.peek().filter((entry) => entry.seq > after && isFromOthers(entry, this.#you)).length;
    const isAll = store.isLive.peek() && countUnread(seq) === 0;
    // After the last message there are only events with nothing to read, so the whole log counts as read.
    const upTo = isAll ? room.headSeq : seq;
    const unread = store.isLive.peek() ? countUnread(upTo) : room.unread;
    this.#rooms.change(id, { readSeq: upTo, unread, ...(isAll ? { mentions: 0 } : {}) });
    this.#sendMark(id, upTo);
  }

  /** Marks everything in a room read without opening it. */
  markRoomRead(id: RoomId): void {
    const room = this.#rooms.get(id);
    if (!room) return;
    this.#rooms.change(id, { readSeq: room.headSeq, unread: 0, mentions: 0 });
    this.#timelines.get(id)?.clearDivider();
    this.#sendMark(id, room.headSeq);
  }

  #sendMark(room: RoomId, seq: number): void {
    void this.#held.run(`read ${room}`, "room.mark_read", { room, seq });
  }

  /** Shows the "New" line if the room has unread messages. */
  startDivider(store: RoomStore): void {
    const room = this.#rooms.get(store.id);
    if (room && room.unread > 0) store.startDivider(room.readSeq, this.#you);
  }

  /** The `seq` that a room opens at; undefined means its end. */
  whereToOpen(id: RoomId): number | undefined {
    const room = this.#rooms.get(id);
    return room && room.unread >= openAtFirstUnreadFrom ? room.readSeq + 1 : undefined;
  }
}
