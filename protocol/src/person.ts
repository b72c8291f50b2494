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

/** The first sign of what somebody is called, whole: an emoji may be many code units. */
export function initialOf(person: Pick<Person, "username" | "displayName">): string {
  const name = person.displayName ?? person.username;
  const [first] = new Intl.Segmenter().segment(name);
  return (first?.segment ?? "").toUpperCase();
}

/** What a person is called. */
export function nameOf(person: Person): string {
  return person.displayName ?? person.username;
}
