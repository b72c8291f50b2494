import type { AccountId, RoomId } from "@novax/protocol/ids";
import { draftCharsMax } from "@novax/protocol/limits";
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Request } from "../client/realtime-client.ts";

type DraftStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const saveAfterMs = 1500;
const echoesMax = 5;

/**
 * The draft of each room and thread, by `draftKey`. The server keeps it for all devices of the viewer, and this browser keeps it until the server
 * has it. So it survives switching rooms, reloading and a broken connection.
 */
export class Drafts {
  readonly #storage: DraftStorage;
  readonly #account: AccountId;
  readonly #save: (key: string, text: string) => Promise<boolean>;
  readonly #texts = signal<ReadonlyMap<string, string>>(new Map());
  /** Keys whose newest text from here the server does not have yet. */
  readonly #unsaved = new Set<string>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** What this page has saved and the server has not told it yet, as it tells all pages of the viewer. */
  readonly #echoes = new Map<string, string[]>();

  /**
   * `account` is part of the storage key, so that the next person at this browser does not find these drafts. `save`
   * sends a text to the server and resolves with whether the server has stored it.
   */
  constructor(
    storage: DraftStorage,
    account: AccountId,
    known: Readonly<Record<string, string>>,
    save: (key: string, text: string) => Promise<boolean>,
  ) {
    this.#storage = storage;
    this.#account = account;
    this.#save = save;
    this.#texts.value = new Map(Object.entries(known));
  }

  get texts(): ReadonlySignal<ReadonlyMap<string, string>> {
    return this.#texts;
  }

  read(key: string): string {
    const stored = this.#stored(key);
    // Another tab may have written this draft before the server knows it. This runs while the page is drawn, so the map
    // is changed in place: setting the signal would draw again.
    if (stored) (this.#texts.peek() as Map<string, string>).set(key, stored);
    return stored ?? this.#texts.peek().get(key) ?? "";
  }

  write(key: string, text: string): void {
    this.#put(key, text);
    this.#store(key, text);
    this.#unsaved.add(key);
    // An emptied field means that the text was sent or given up. The other devices should stop showing it, so it is
    // saved at once.
    this.#saveAfter(key, text, text === "" ? 0 : saveAfterMs);
  }

  /** Saves what could not be saved without a connection. To be called when there is one again. */
  saveAgain(): void {
    for (const key of this.#unsaved)
      if (!this.#timers.has(key)) this.#saveAfter(key, this.#texts.peek().get(key) ?? "", 0);
  }

  #saveAfter(key: string, text: string, afterMs: number): void {
    clearTimeout(this.#timers.get(key));
    // The server would refuse it. Shortened, it is saved.
    if (text.length > draftCharsMax) {
      this.#timers.delete(key);
      return;
    }
    const save = () => {
      this.#timers.delete(key);
      this.#echoes.set(key, [...(this.#echoes.get(key) ?? []), text].slice(-echoesMax));
      void this.#save(key, text).then((isSaved) => {
        if (!isSaved) return;
        // A newer text may be on its way: one that was sent in the moment in which it was saved as a draft.
        const isNewest = (this.#texts.peek().get(key) ?? "") === text && !this.#timers.has(key);
        if (isNewest) this.#unsaved.delete(key);
        if (this.#stored(key) === text) this.#store(key, null);
      });
    };
    this.#timers.set(key, setTimeout(save, afterMs));
  }

  /**
   * Takes a draft that another device or another tab has written. Returns false and changes nothing if the text is the
   * same, if this page has saved it itself, or if the text that is written here is not saved yet.
   */
  hear(key: string, text: string): boolean {
    const echoes = this.#echoes.get(key) ?? [];
    const echo = echoes.indexOf(text);
    if (echo >= 0) {
      // They come in order, so those before it come no more.
      this.#echoes.set(key, echoes.slice(echo + 1));
      return false;
    }
    if (this.#unsaved.has(key) || (this.#texts.peek().get(key) ?? "") === text) return false;
    const texts = new Map(this.#texts.peek());
    if (text === "") texts.delete(key);
    else texts.set(key, text);
    this.#texts.value = texts;
    return true;
  }

  #put(key: string, text: string): void {
    const texts = new Map(this.#texts.peek());
    if (text === "") texts.delete(key);
    else texts.set(key, text);
    // The pencil in the room list only shows whether there is a draft, so other changes need no drawing.
    if (texts.has(key) !== this.#texts.peek().has(key)) this.#texts.value = texts;
    else (this.#texts.peek() as Map<string, string>).set(key, text);
  }

  #key(key: string): string {
    return `draft:${this.#account}:${key}`;
  }

  #stored(key: string): string | null {
    try {
      return this.#storage.getItem(this.#key(key));
    } catch {
      return null;
    }
  }

  #store(key: string, text: string | null): void {
    try {
      if (text === null) this.#storage.removeItem(this.#key(key));
      else this.#storage.setItem(this.#key(key), text);
    } catch {
      // There is no storage, or it is full. The draft then lasts as long as the page does.
    }
  }
}

/** Returns what saves a draft on the server, by its `draftKey`. */
export function draftSaver(request: Request): (key: string, text: string) => Promise<boolean> {
  return async (key, text) => {
    const [room, root] = key.split("/");
    const thread = root === undefined ? {} : { threadRoot: Number(root) };
    const reply = await request("draft.save", { room: room as RoomId, ...thread, text });
    return reply?.ok ?? false;
  };
}
