import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import { searchCharsMax } from "@novax/protocol/limits";
import type { SearchHit } from "@novax/protocol/reads";
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import { type Api, ReadRefused } from "../client/api.ts";
import type { ChatStore } from "./chat-store.ts";

export type SearchOrder = "newest" | "relevant";

/** What the server answered to the words that are in the field, or to those before, while it is asked. */
export type SearchAnswer =
  | { kind: "none" }
  | {
      kind: "found";
      words: string;
      hits: readonly SearchHit[];
      next: string | null;
      indexed: number | null;
    }
  /** What it says of words that cannot be meant. */
  | { kind: "refused"; detail: string }
  /** It asks to wait a moment. */
  | { kind: "busy" }
  | { kind: "offline" };

const recentMax = 8;
/** Fewer hits than this leave room for another page. */
const shortPage = 10;
const morePagesMax = 5;
/** What somebody looked at for a while led somewhere, also if they opened nothing. */
const rememberAfterMs = 3000;
const rememberedCharsMin = 3;

/** What the viewer searches for. It outlasts the panel, so that Back leads to the same results at the same place. */
export class SearchStore {
  readonly #api: Api;
  readonly #recentKey: string;
  readonly #words = signal("");
  readonly #room = signal<RoomId | null>(null);
  readonly #order = signal<SearchOrder>("newest");
  readonly #answer = signal<SearchAnswer>({ kind: "none" });
  readonly #people = signal<readonly Person[]>([]);
  readonly #isAsking = signal(false);
  readonly #recent = signal<readonly string[]>([]);
  /** How often the field is to take the focus. */
  readonly focusRequests = signal(0);
  handledRequests = 0;
  /** How much is suggested for the filter that is being typed. */
  readonly suggested = signal(0);
  /** Where the list was scrolled to, in pixels. */
  scrollTop = 0;
  /** The hit that was opened last, which takes the focus again. */
  readonly focused = signal<string | null>(null);
  #stay: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** Something else is looked for than was asked last; and an answer is on its way. */
  #isStale = false;
  #isOnTheWay = false;

  constructor({ api, you }: Pick<ChatStore, "api" | "you">) {
    this.#api = api;
    this.#recentKey = `novax.searches.${you.id}`;
    this.#recent.value = this.#loadRecent();
  }

  get words(): ReadonlySignal<string> {
    return this.#words;
  }

  /** The only room that is searched; null: all rooms of the viewer. */
  get room(): ReadonlySignal<RoomId | null> {
    return this.#room;
  }

  get order(): ReadonlySignal<SearchOrder> {
    return this.#order;
  }

  get answer(): ReadonlySignal<SearchAnswer> {
    return this.#answer;
  }

  /** People whose names fit the words. */
  get people(): ReadonlySignal<readonly Person[]> {
    return this.#people;
  }

  get isAsking(): ReadonlySignal<boolean> {
    return this.#isAsking;
  }

  /** What was searched for last, on this device. */
  get recent(): ReadonlySignal<readonly string[]> {
    return this.#recent;
  }

  /** Searches for other words. */
  setWords(words: string): void {
    const next = words.slice(0, searchCharsMax);
    if (next === this.#words.peek()) return;
    this.#words.value = next;
    this.#askAgain();
  }

  setRoom(room: RoomId | null): void {
    if (this.#room.peek() === room) return;
    this.#room.value = room;
    this.#askAgain();
  }

  setOrder(order: SearchOrder): void {
    if (this.#order.peek() === order) return;
    this.#order.value = order;
    this.#askAgain();
  }

  /** Asks again, after what was in the way is gone. */
  retry(): void {
    this.#askAgain();
  }

  /** Keeps the words on this device, to search for them again: they led somewhere. */
  remember(): void {
    const words = this.#words.peek().trim();
    if (words === "") return;
    this.#keepRecent([words, ...this.#recent.peek().filter((other) => other !== words)].slice(0, recentMax));
  }

  clearRecent(): void {
    this.#keepRecent([]);
  }

  /** Shows another page. Resolves with whether it could be read; if not, what is shown stays. */
  async loadMore(): Promise<boolean> {
    const before = this.#answer.peek();
    if (before.kind !== "found" || before.next === null || this.#isAsking.peek()) return true;
    return this.#ask(before.next, before.hits);
  }

  /**
   * Asks for what is typed now. While an answer is on its way nothing else is asked, and then only for the newest words: so
   * nobody waits longer than the server needs, and a slow server is asked less often.
   */
  #askAgain(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#stay);
    this.#isStale = true;
    if (this.#words.peek().trim() === "") {
      batch(() => {
        this.#isAsking.value = false;
        this.#answer.value = { kind: "none" };
        this.#people.value = [];
      });
    } else this.#isAsking.value = true;
    if (!this.#isOnTheWay) void this.#askNewest();
  }

  async #askNewest(): Promise<void> {
    this.#isOnTheWay = true;
    while (this.#isStale && this.#words.peek().trim() !== "") {
      this.#isStale = false;
      await this.#ask(undefined, []);
      // What fits less well comes with another page, and where much was looked at in vain, the server says where to go on.
      for (let pages = 0; pages < morePagesMax && this.#isShortPage() && !this.#isStale; pages++)
        if (!(await this.loadMore())) break;
    }
    this.#isOnTheWay = false;
  }

  #isShortPage(): boolean {
    const answer = this.#answer.peek();
    return answer.kind === "found" && answer.hits.length < shortPage && answer.next !== null;
  }

  async #ask(after: string | undefined, known: readonly SearchHit[]): Promise<boolean> {
    const words = this.#words.peek().trim();
    const room = this.#room.peek();
    const order = this.#order.peek();
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    this.#isAsking.value = true;
    const input = { q: words, order, zone, ...(room === null ? {} : { room }), ...(after && { after }) };
    const messages = this.#api.read("search.messages", input);
    // Behind it: the server answers one person's questions one after the other.
    const people = after === undefined ? this.#askPeople(words) : null;
    const answer = await messages.then(
      ({ hits, next, indexed }): SearchAnswer => ({
        kind: "found",
        words,
        hits: [...known, ...hits],
        next,
        indexed,
      }),
      (error: unknown): SearchAnswer => this.#answerOf(error),
    );
    const isSame =
      words === this.#words.peek().trim() && room === this.#room.peek() && order === this.#order.peek();
    // What was typed meanwhile is asked next. Until then the answer to its beginning is better than an older one.
    if (this.#words.peek().trim() === "" || (after !== undefined && !isSame)) return true;
    if (after !== undefined && answer.kind !== "found") {
      clearTimeout(this.#retry);
      this.#isAsking.value = false;
      return false;
    }
    batch(() => {
      this.#isAsking.value = !isSame;
      if (answer.kind !== "busy") this.#answer.value = answer;
    });
    clearTimeout(this.#stay);
    if (answer.kind === "found" && answer.hits.length > 0 && words.length >= rememberedCharsMin)
      this.#stay = setTimeout(() => this.remember(), rememberAfterMs);
    if (after === undefined && isSame) {
      this.scrollTop = 0;
      this.focused.value = null;
    }
    const found = await people;
    if (found && this.#words.peek().trim() !== "") this.#people.value = found;
    return true;
  }

  /** A server that is asked too often is asked again when it says so. */
  #answerOf(error: unknown): SearchAnswer {
    if (!(error instanceof ReadRefused)) return { kind: "offline" };
    if (error.retryInMs === null) return { kind: "refused", detail: error.message };
    this.#retry = setTimeout(() => this.#askAgain(), error.retryInMs);
    return { kind: "busy" };
  }

  async #askPeople(words: string): Promise<readonly Person[]> {
    // Filters and phrases are about messages.
    const isName = /^[^:"]{1,60}$/.test(words) && this.#room.peek() === null;
    const found = isName ? await this.#api.read("people.search", { q: words }).catch(() => null) : null;
    return found?.people ?? [];
  }

  #loadRecent(): readonly string[] {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(this.#recentKey) ?? "[]");
      return Array.isArray(kept) ? kept.filter((words) => typeof words === "string").slice(0, recentMax) : [];
    } catch {
      return [];
    }
  }

  #keepRecent(recent: readonly string[]): void {
    this.#recent.value = recent;
    try {
      localStorage.setItem(this.#recentKey, JSON.stringify(recent));
    } catch {
      // It lasts as long as the page does.
    }
  }
}

const stores = new WeakMap<object, SearchStore>();

/** The search of a chat, made when it is first needed: it is loaded with the panel. */
export function searchOf(chat: ChatStore): SearchStore {
  let store = stores.get(chat);
  if (!store) {
    store = new SearchStore(chat);
    stores.set(chat, store);
  }
  return store;
}
