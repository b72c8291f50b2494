// Apart from the schemas, so that the client can use it without their weight.
import type { Person } from "./entities.ts";

/** A person without the empty display name of whoever has none. */
export function toPerson(id: Person["id"], username: string, displayName: string): Person {
  return displayName === "" ? { id, username } : { id, username, displayName };
}

/** Of somebody of whom more is known, what others may see. */
export function asPerson({ id, username, displayName }: Person): Person {
  return toPerson(id, username, displayName ?? "");
}

/** What a person is called. */
export function nameOf(person: Person): string {
  return person.displayName ?? person.username;
}
