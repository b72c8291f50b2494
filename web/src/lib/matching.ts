import type { Person } from "@novax/protocol/entities";
import { nameOf } from "@novax/protocol/person";

/**
 * The people whose name has a word that begins with what was typed, or whose username does, in the given order, at most
 * `max`.
 */
export function matchPeople(people: Iterable<Person>, typed: string, max: number): Person[] {
  const key = typed.toLowerCase();
  const found = new Map<string, Person>();
  for (const person of people) {
    const isMatch =
      person.username.toLowerCase().startsWith(key) ||
      nameOf(person)
        .toLowerCase()
        .split(/\s+/)
        .some((word) => word.startsWith(key));
    if (isMatch && !found.has(person.id)) found.set(person.id, person);
    if (found.size >= max) break;
  }
  return [...found.values()];
}

/**
 * How well a name fits what was typed. Every character must occur in order. Characters at the beginning of words and
 * close together score higher. Null if it does not fit.
 */
export function fuzzyScore(name: string, typed: string): number | null {
  const text = name.toLowerCase();
  const wanted = typed.toLowerCase().replace(/\s+/g, "");
  let score = 0;
  let last = -1;
  for (const character of wanted) {
    const at = text.indexOf(character, last + 1);
    if (at < 0) return null;
    if (at === last + 1) score += 3;
    if (at === 0 || /[\s_.-]/.test(text[at - 1]!)) score += 4;
    score -= Math.min(3, at - last - 1) * 0.5;
    last = at;
  }
  return score - text.length * 0.01;
}
