import type { Person } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import { nameOf } from "@novax/protocol/person";
import { signal } from "@preact/signals";

/** Who is shown under which name, and the names that more than one person has. */
const holders = new Map<string, Set<AccountId>>();
const names = new Map<AccountId, string>();
const shared = signal<ReadonlySet<string>>(new Set());

/** The name of a person. Beside a name that somebody else has as well stands the username, which nobody else has. */
export function PersonName({ person }: { person: Person }) {
  const name = nameOf(person);
  const key = name.toLowerCase();
  note(person.id, key);
  return (
    <>
      <bdi>{name}</bdi>
      {shared.value.has(key) && name !== person.username ? (
        <span className="person-username"> @{person.username}</span>
      ) : null}
    </>
  );
}

function note(id: AccountId, key: string): void {
  const before = names.get(id);
  if (before === key) return;
  if (before !== undefined) holders.get(before)?.delete(id);
  names.set(id, key);
  holders.set(key, (holders.get(key) ?? new Set()).add(id));
  // After this row is drawn, the others that it concerns are drawn again.
  queueMicrotask(() => {
    const now = [...holders].flatMap(([name, ids]) => (ids.size > 1 ? [name] : []));
    if (now.length !== shared.peek().size || now.some((name) => !shared.peek().has(name)))
      shared.value = new Set(now);
  });
}
