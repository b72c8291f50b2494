import type { Person } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import { typingExpiresMs } from "@novax/protocol/limits";
import type { PresenceSignal, TypingSignal } from "@novax/protocol/signals";
import { type ReadonlySignal, signal } from "@preact/signals";

/** Who is in the room at the moment, and who of them is typing. */
export class PeopleStore {
  readonly #you: Person;
  readonly #present = signal<{ count: number; people: ReadonlyMap<AccountId, Person> }>({
    count: 0,
    people: new Map(),
  });
  readonly #typing = signal<readonly Person[]>([]);
  readonly #typingUntil = new Map<AccountId, ReturnType<typeof setTimeout>>();

  constructor(you: Person) {
    this.#you = you;
  }

  get present(): ReadonlySignal<{ count: number; people: ReadonlyMap<AccountId, Person> }> {
    return this.#present;
  }

  get typing(): ReadonlySignal<readonly Person[]> {
    return this.#typing;
  }

  hearPresence(signal: PresenceSignal): void {
    const people = new Map(signal.full ? [] : this.#present.value.people);
    for (const person of signal.joined) people.set(person.id, person);
    for (const id of signal.left) people.delete(id);
    this.#present.value = { count: signal.count, people };
    for (const id of signal.left) this.stopTyping(id);
  }

  hearTyping(signal: TypingSignal): void {
    const { who } = signal;
    if (who.id === this.#you.id) return;
    clearTimeout(this.#typingUntil.get(who.id));
    this.#typingUntil.set(
      who.id,
      setTimeout(() => this.stopTyping(who.id), typingExpiresMs),
    );
    if (!this.#typing.value.some((person) => person.id === who.id))
      this.#typing.value = [...this.#typing.value, who];
  }

  /** Somebody's message came, or they left, or nothing was heard for a while. */
  stopTyping(id: AccountId): void {
    clearTimeout(this.#typingUntil.get(id));
    if (!this.#typingUntil.delete(id)) return;
    this.#typing.value = this.#typing.value.filter((person) => person.id !== id);
  }
}
