import type { Person } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { namesAskedMax, typingExpiresMs, usernameCharsMax } from "@novax/protocol/limits";
import type { PresenceSignal, PresentPerson, TypingSignal } from "@novax/protocol/signals";
import { signal } from "@preact/signals";
import type { Api } from "../client/api.ts";
import { pictures } from "./pictures.ts";

/** Names that are drawn together are asked for together. */
const askAfterMs = 50;

export type Present = { count: number; people: ReadonlyMap<AccountId, PresentPerson> };
type Typing = { key: string; person: Person };

const nobody: Present = { count: 0, people: new Map() };

/** Who is online in the rooms whose presence this connection follows, and who is typing in them. */
export class PeopleStore {
  readonly #you: Person;
  readonly #api: Pick<Api, "read">;
  readonly #present = signal<ReadonlyMap<RoomId, Present>>(new Map());
  readonly #typing = signal<readonly Typing[]>([]);
  readonly #typingUntil = new Map<string, ReturnType<typeof setTimeout>>();
  /** Everyone whose name this browser has received. */
  readonly known = new Map<AccountId, Person>();

  /** Grows when a name was learned that a text mentions. What draws mentions reads it. */
  readonly learned = signal(0);
  /** The names that were asked for, and those still to ask for, by room. */
  readonly #asked = new Set<string>();
  readonly #wanted = new Map<RoomId, Set<string>>();

  constructor(you: Person, api: Pick<Api, "read">) {
    this.#api = api;
    this.#you = you;
    this.known.set(you.id, you);
  }

  presentIn(room: RoomId | null): Present {
    return (room === null ? undefined : this.#present.value.get(room)) ?? nobody;
  }

  /** The presence of a person as any followed room last said it; null if none has said it. */
  stateOf(account: AccountId): PresentPerson | null {
    for (const { people } of this.#present.value.values()) {
      const person = people.get(account);
      if (person) return person;
    }
    return null;
  }

  typingIn(room: RoomId, threadRoot: number | null): readonly Person[] {
    const conversation = typingKey(room, threadRoot);
    return this.#typing.value.flatMap(({ key, person }) =>
      key === `${conversation} ${person.id}` ? [person] : [],
    );
  }

  /** Learns who has this username, if they are a member of the room. Each name is asked for once, some at a time. */
  learn(room: RoomId, username: string): void {
    const key = `${room} ${username}`;
    // What cannot be a username would make the server refuse all that are asked for with it.
    if (username.length > usernameCharsMax || this.#asked.has(key)) return;
    this.#asked.add(key);
    if (this.#wanted.size === 0) setTimeout(() => this.#ask(), askAfterMs);
    const names = this.#wanted.get(room) ?? new Set();
    this.#wanted.set(room, names.add(username));
  }

  #ask(): void {
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    for (const [room, all] of wanted) {
      const names = [...all];
      for (let at = 0; at < names.length; at += namesAskedMax)
        this.#api.read("room.people", { room, names: names.slice(at, at + namesAskedMax).join() }).then(
          ({ people }) => {
            for (const person of people) this.known.set(person.id, person);
            if (people.length > 0) this.learned.value += 1;
          },
          // Asked for again when one of them is drawn again.
          () => {
            for (const name of names) this.#asked.delete(`${room} ${name}`);
          },
        );
    }
  }

  receivePresence({ room, full, count, joined, left }: PresenceSignal): void {
    const rooms = new Map(this.#present.value);
    rooms.set(room, { count, people: (!full && rooms.get(room)?.people) || nobody.people });
    // The server sends no presence for a room that is no longer open. What it says about a person in one room is also
    // true in every other room that lists them.
    for (const [id, present] of rooms) {
      const people = new Map(present.people);
      for (const person of joined) if (id === room || people.has(person.id)) people.set(person.id, person);
      for (const gone of left) people.delete(gone);
      rooms.set(id, { ...present, people });
    }
    for (const person of joined) {
      this.known.set(person.id, person);
      pictures.learn(person.id, person.picture ?? null);
    }
    this.#present.value = rooms;
  }

  receiveTyping({ room, person, threadRoot }: TypingSignal): void {
    if (person.id === this.#you.id) return;
    const key = `${typingKey(room, threadRoot ?? null)} ${person.id}`;
    clearTimeout(this.#typingUntil.get(key));
    this.#typingUntil.set(
      key,
      setTimeout(() => this.#stop(key), typingExpiresMs),
    );
    if (!this.#typing.value.some((entry) => entry.key === key))
      this.#typing.value = [...this.#typing.value, { key, person }];
  }

  /** Stops showing that a person is typing, because their message has arrived. */
  stopTyping(room: RoomId, threadRoot: number | null, id: AccountId): void {
    this.#stop(`${typingKey(room, threadRoot)} ${id}`);
  }

  #stop(key: string): void {
    clearTimeout(this.#typingUntil.get(key));
    if (!this.#typingUntil.delete(key)) return;
    this.#typing.value = this.#typing.value.filter((entry) => entry.key !== key);
  }
}

function typingKey(room: RoomId, threadRoot: number | null): string {
  return `${room} ${threadRoot ?? ""}`;
}
