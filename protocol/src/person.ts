// Separate from the schemas, so that the client can import it without bundling zod.
import type { Person } from "./entities.ts";

/** Creates a person, leaving out an empty display name. */
export function toPerson(id: Person["id"], username: string, displayName: string): Person {
  return displayName === "" ? { id, username } : { id, username, displayName };
}

/** Strips everything from a person but what others can see. */
export function asPerson({ id, username, displayName }: Person): Person {
  return toPerson(id, username, displayName ?? "");
}

/**
 * Returns the first letter of a person's name in upper case. It is a whole grapheme, as an emoji may be many code
 * units.
 */
export function initialOf(person: Pick<Person, "username" | "displayName">): string {
  const name = person.displayName ?? person.username;
  const [first] = new Intl.Segmenter().segment(name);
  return (first?.segment ?? "").toUpperCase();
}

/** Returns the display name, or the username if there is none. */
export function nameOf(person: Person): string {
  return person.displayName ?? person.username;
}
