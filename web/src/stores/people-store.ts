import type { Person } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { typingExpiresMs } from "@novax/protocol/limits";
import type { PresenceSignal, PresentPerson, TypingSignal } from "@novax/protocol/signals";
import { signal } from "@preact/signals";

export type Present = { count: number; people: ReadonlyMap<AccountId, PresentPerson> };
type Typing = { key: string; person: Person };

const nobody: Present = { count: 0, people: new Map() };

/** Who is in the rooms that are looked at, how they are, and who of them is typing. */
export class PeopleStore {
  readonly #you: Person;
  readonly #present = signal<ReadonlyMap<RoomId, Present>>(new Map());
  readonly #typing = signal<readonly Typing[]>([]);
  readonly #typingUntil = new Map<string, ReturnType<typeof setTimeout>>();
  /** Everybody whose name this browser has seen. */
  readonly known = new Map<AccountId, Person>();

  constructor(you: Person) {
    this.#you = you;
    this.known.set(you.id, you);
  }

  presentIn(room: RoomId | null): Present {
    return (room === null ? undefined : this.#present.value.get(room)) ?? nobody;
  }

  /** How somebody is, as far as any room that is looked at tells. */
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
    // Of a room that is no longer looked at nothing is told: what is heard of somebody holds wherever they are known.
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

  /** Somebody's message came. */
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
