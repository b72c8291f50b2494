import type { AccountId, RoomId } from "@novax/protocol/ids";
import { draftCharsMax } from "@novax/protocol/limits";
import { type ReadonlySignal, signal } from "@preact/signals";

type DraftStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const saveAfterMs = 1500;

/**
 * The draft of each room. The server keeps it for all devices of the viewer, and this browser keeps it until the server
 * has it. So it survives switching rooms, reloading and a broken connection.
 */
export class Drafts {
  readonly #storage: DraftStorage;
  readonly #account: AccountId;
  readonly #save: (room: RoomId, text: string) => Promise<boolean>;
  readonly #texts = signal<ReadonlyMap<string, string>>(new Map());
  /** Rooms whose newest text from here the server does not have yet. */
  readonly #unsaved = new Set<RoomId>();
  readonly #timers = new Map<RoomId, ReturnType<typeof setTimeout>>();

  /**
   * `account` is part of the storage key, so that the next person at this browser does not find these drafts. `save`
   * sends a text to the server and resolves with whether the server has stored it.
   */
  constructor(
    storage: DraftStorage,
    account: AccountId,
    known: Readonly<Record<string, string>>,
    save: (room: RoomId, text: string) => Promise<boolean>,
  ) {
    this.#storage = storage;
    this.#account = account;
    this.#save = save;
    this.#texts.value = new Map(Object.entries(known));
  }

  get texts(): ReadonlySignal<ReadonlyMap<string, string>> {
    return this.#texts;
  }

  read(room: RoomId): string {
    const stored = this.#stored(room);
    // Another tab may have written this draft before the server knows it. This runs while the page is drawn, so the map
    // is changed in place: setting the signal would draw again.
    if (stored) (this.#texts.peek() as Map<string, string>).set(room, stored);
    return stored ?? this.#texts.peek().get(room) ?? "";
  }

  write(room: RoomId, text: string): void {
    this.#put(room, text);
    this.#store(room, text);
    this.#unsaved.add(room);
    // An emptied field means that the text was sent or given up. The other devices should stop showing it, so it is
    // saved at once.
    this.#saveAfter(room, text, text === "" ? 0 : saveAfterMs);
  }

  /** Saves what could not be saved without a connection. To be called when there is one again. */
  saveAgain(): void {
    for (const room of this.#unsaved)
      if (!this.#timers.has(room)) this.#saveAfter(room, this.#texts.peek().get(room) ?? "", 0);
  }

  #saveAfter(room: RoomId, text: string, afterMs: number): void {
    clearTimeout(this.#timers.get(room));
    // The server would refuse it. Shortened, it is saved.
    if (text.length > draftCharsMax) {
      this.#timers.delete(room);
      return;
    }
    const save = () => {
      this.#timers.delete(room);
      void this.#save(room, text).then((isSaved) => {
        if (!isSaved) return;
        if (!this.#timers.has(room)) this.#unsaved.delete(room);
        if (this.#stored(room) === text) this.#store(room, null);
      });
    };
    this.#timers.set(room, setTimeout(save, afterMs));
  }

  /**
   * Takes a draft that another device or another tab has written. Returns false and changes nothing if the text is the
   * same, or if the text that is written here is not saved yet.
   */
  hear(room: RoomId, text: string): boolean {
    if (this.#unsaved.has(room) || (this.#texts.peek().get(room) ?? "") === text) return false;
    const texts = new Map(this.#texts.peek());
    if (text === "") texts.delete(room);
    else texts.set(room, text);
    this.#texts.value = texts;
    return true;
  }

  #put(room: RoomId, text: string): void {
    const texts = new Map(this.#texts.peek());
    if (text === "") texts.delete(room);
    else texts.set(room, text);
    // The pencil in the room list only shows whether there is a draft, so other changes need no drawing.
    if (texts.has(room) !== this.#texts.peek().has(room)) this.#texts.value = texts;
    else (this.#texts.peek() as Map<string, string>).set(room, text);
  }

  #key(room: RoomId): string {
    return `draft:${this.#account}:${room}`;
  }

  #stored(room: RoomId): string | null {
    try {
      return this.#storage.getItem(this.#key(room));
    } catch {
      return null;
    }
  }

  #store(room: RoomId, text: string | null): void {
    try {
      if (text === null) this.#storage.removeItem(this.#key(room));
      else this.#storage.setItem(this.#key(room), text);
    } catch {
      // There is no storage, or it is full. The draft then lasts as long as the page does.
    }
  }
}
