import type { Person } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { typingExpiresMs } from "@novax/protocol/limits";
import type { PresenceSignal, PresentPerson, TypingSignal } from "@novax/protocol/signals";
import { signal } from "@preact/signals";

export type Present = { count: number; people: ReadonlyMap<AccountId, PresentPerson> };
type Typing = { key: string; person: Person };

const nobody: Present = { count: 0, people: new Map() };

/** Who is online in the rooms whose presence this connection follows, and who is typing in them. */
export class PeopleStore {
  readonly #you: Person;
  readonly #present = signal<ReadonlyMap<RoomId, Present>>(new Map());
  readonly #typing = signal<readonly Typing[]>([]);
  readonly #typingUntil = new Map<string, ReturnType<typeof setTimeout>>();
  /** Everyone whose name this browser has received. */
  readonly known = new Map<AccountId, Person>();

  constructor(you: Person) {
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
    for (const person of joined) this.known.set(person.id, person);
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
