import type { Person } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Api } from "../client/api.ts";
import { RoomStore } from "./room-store.ts";

/** Rooms whose timelines stay in memory, of those that were open. */
const openRoomsMax = 20;
/** Rooms that were loaded before anybody opened them. */
const prefetchedMax = 5;

/** The timelines that are in memory, one for each room. */
export class Timelines {
  readonly #stores = new Map<RoomId, RoomStore>();
  readonly #api: Api;
  readonly #people: Map<AccountId, Person>;

  /** `people`: everybody whose name is known; pages add to it. */
  constructor(api: Api, people: Map<AccountId, Person>) {
    this.#api = api;
    this.#people = people;
  }

  /** The timeline of a room; empty until it is loaded. */
  of(id: RoomId): RoomStore {
    let store = this.#stores.get(id);
    if (!store) {
      store = new RoomStore(id, {
        fetchPage: (query) => this.#api.read("room.timeline", { room: id, ...query }),
        people: this.#people,
      });
      this.#stores.set(id, store);
    }
    return store;
  }

  /** The timeline of a room where it is in memory. */
  get(id: RoomId): RoomStore | undefined {
    return this.#stores.get(id);
  }

  all(): IterableIterator<RoomStore> {
    return this.#stores.values();
  }

  delete(id: RoomId): void {
    this.#stores.delete(id);
  }

  /** Drops what has not been open for longest. `visited`: the rooms that were open, the newest first. */
  trim(visited: readonly RoomId[]): void {
    const kept = new Set(visited.slice(0, openRoomsMax));
    const rest = [...this.#stores.keys()].filter((room) => !kept.has(room));
    for (const old of rest.slice(0, Math.max(0, rest.length - prefetchedMax))) this.#stores.delete(old);
  }
}
