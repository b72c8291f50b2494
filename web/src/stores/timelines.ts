import type { Person } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Api } from "../client/api.ts";
import { RoomStore } from "./room-store.ts";

/** How many rooms that were open keep their timelines in memory. */
const openRoomsMax = 20;
/** How many rooms that were loaded but never opened keep their timelines in memory. */
const prefetchedMax = 5;

/** The timelines in memory, one for each room. */
export class Timelines {
  readonly #stores = new Map<RoomId, RoomStore>();
  readonly #api: Api;
  readonly #people: Map<AccountId, Person>;

  /** `people`: everyone whose name is known. Pages add to it. */
  constructor(api: Api, people: Map<AccountId, Person>) {
    this.#api = api;
    this.#people = people;
  }

  /** The timeline of a room. A new one is empty until it is loaded. */
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

  /** The timeline of a room, if it is in memory. */
  get(id: RoomId): RoomStore | undefined {
    return this.#stores.get(id);
  }

  all(): IterableIterator<RoomStore> {
    return this.#stores.values();
  }

  delete(id: RoomId): void {
    this.#stores.delete(id);
  }

  /**
   * Drops the timelines of the rooms that have not been open for the longest time. `visited`: the rooms that were open,
   * newest first.
   */
  trim(visited: readonly RoomId[]): void {
    const kept = new Set(visited.slice(0, openRoomsMax));
    const rest = [...this.#stores.keys()].filter((room) => !kept.has(room));
    for (const old of rest.slice(0, Math.max(0, rest.length - prefetchedMax))) this.#stores.delete(old);
  }
}
