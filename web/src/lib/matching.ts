import type { JoinedRoom, Person } from "@novax/protocol/entities";
import { searchForm } from "@novax/protocol/names";
import { nameOf } from "@novax/protocol/person";

/**
 * The people whose name has a word that begins with what was typed, or whose username does, in the given order, at most
 * `max`.
 */
export function matchPeople(people: Iterable<Person>, typed: string, max: number): Person[] {
  const key = searchForm(typed);
  const found = new Map<string, Person>();
  for (const person of people) {
    const isMatch =
      person.username.toLowerCase().startsWith(key) ||
      searchForm(nameOf(person))
        .split(/\s+/)
        .some((word) => word.startsWith(key));
    if (isMatch && !found.has(person.id)) found.set(person.id, person);
    if (found.size >= max) break;
  }
  return [...found.values()];
}

/**
 * The rooms whose name has words that begin with each word that was typed, then those whose name, topic or description
 * has them anywhere, at most `max`.
 */
export function matchRooms(
  named: readonly { room: JoinedRoom; name: string }[],
  typed: string,
  max: number,
): JoinedRoom[] {
  const wanted = searchForm(typed)
    .split(/[\s#@]+/)
    .filter((word) => word !== "");
  const rankOf = ({ room, name }: { room: JoinedRoom; name: string }) => {
    const words = searchForm(name).split(/[\s_.,-]+/);
    const all = searchForm(`${name} ${room.topic} ${room.description}`);
    if (wanted.every((word) => words.some((own) => own.startsWith(word)))) return room.isArchived ? 1 : 2;
    return wanted.every((word) => all.includes(word)) ? 0 : -1;
  };
  return named
    .map((entry) => ({ ...entry, rank: rankOf(entry) }))
    .filter(({ rank }) => rank >= 0)
    .sort((a, b) => b.rank - a.rank || b.room.lastAt - a.room.lastAt)
    .slice(0, max)
    .map(({ room }) => room);
}

/**
 * How well a name fits what was typed. Every character must occur in order. Characters at the beginning of words and
 * close together score higher. Null if it does not fit.
 */
export function fuzzyScore(name: string, typed: string): number | null {
  const text = searchForm(name);
  const wanted = searchForm(typed).replace(/\s+/g, "");
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
