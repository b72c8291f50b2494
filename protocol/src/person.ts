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
 * Returns a person's initials in upper case: of the first and the last word of their name. Each is a whole grapheme, as an
 * emoji may be many code units.
 */
export function initialsOf(person: Pick<Person, "username" | "displayName">): string {
  const words = (person.displayName ?? person.username)
    .split(/[\s._-]+/u)
    .map((word) => word.slice(Math.max(0, word.search(/[\p{L}\p{N}\p{Extended_Pictographic}]/u))))
    .filter((word) => word !== "");
  // A name of nothing but dashes.
  const [first = person.username] = words;
  const ends = words.length > 1 ? [first, words.at(-1)!] : [first];
  return ends
    .map((word) => [...new Intl.Segmenter().segment(word)][0]?.segment ?? "")
    .join("")
    .toUpperCase();
}

/** Returns the display name, or the username if there is none. */
export function nameOf(person: Person): string {
  return person.displayName ?? person.username;
}
