import type { AccountId, RoomId } from "@novax/protocol/ids";
import { type ReadonlySignal, signal } from "@preact/signals";

type DraftStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const saveAfterMs = 1500;

/**
 * What is being written in each room: kept by the server for all one's devices, and by this browser until the server
 * has it, so that it survives switching, reloading and a broken line.
 */
export class Drafts {
  readonly #storage: DraftStorage;
  readonly #account: AccountId;
  readonly #save: (room: RoomId, text: string) => Promise<boolean>;
  readonly #texts = signal<ReadonlyMap<string, string>>(new Map());
  /** Rooms whose text the server does not have yet from here. */
  readonly #unsaved = new Set<RoomId>();
  readonly #timers = new Map<RoomId, ReturnType<typeof setTimeout>>();

  /** `account`: whose they are, so that the next person at this browser does not find them. `save` hands a text to the server, and says whether that has it. */
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
    // Another tab may have written it, and the server may not know it yet. It is asked for while it is drawn: no reason to
    // draw anything anew.
    if (stored) (this.#texts.peek() as Map<string, string>).set(room, stored);
    return stored ?? this.#texts.peek().get(room) ?? "";
  }

  write(room: RoomId, text: string): void {
    this.#put(room, text);
    this.#store(room, text);
    this.#unsaved.add(room);
    clearTimeout(this.#timers.get(room));
    const save = () => {
      this.#timers.delete(room);
      void this.#save(room, text).then((isSaved) => {
        if (!isSaved) return;
        if (!this.#timers.has(room)) this.#unsaved.delete(room);
        if (this.#stored(room) === text) this.#store(room, null);
      });
    };
    // An emptied field was sent or given up: the other devices should not show it any longer.
    this.#timers.set(room, setTimeout(save, text === "" ? 0 : saveAfterMs));
  }

  /** Another device has written, or another tab; what is being written here stays. False then. */
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
    // The pencil in the list needs to know only whether there is one.
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
      // No storage, or no room in it: the draft lives as long as the page does.
    }
  }
}
