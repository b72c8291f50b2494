import type { Person } from "@novax/protocol/entities";
import { nameOf } from "@novax/protocol/person";

/** One line of the list under what is being typed. */
export type Suggestion = {
  /** What is put in the place of what was typed. */
  insert: string;
  label: string;
  hint: string;
  /** An emoji or a person before the label. */
  sign?: string;
  person?: Person;
};

/** What is being typed that a list can help with: a name, a room, an emoji, a command; and where it begins. */
export type Token = { kind: "person" | "room" | "emoji" | "command"; text: string; start: number };

const token = /(?:^|[\s(])([@#:])([\p{L}\p{N}_+.-]*)$/u;

/** The token that ends at the caret, or null. A name after one character, an emoji after two. */
export function findToken(text: string, caret: number): Token | null {
  const before = text.slice(0, caret);
  const command = /^\/([a-z]*)$/.exec(before);
  if (command) return { kind: "command", text: command[1]!, start: 0 };
  const match = token.exec(before);
  if (!match) return null;
  const [, sign, typed = ""] = match;
  const start = caret - typed.length - 1;
  if (sign === "@") return { kind: "person", text: typed, start };
  if (sign === "#") return { kind: "room", text: typed, start };
  return typed.length >= 2 ? { kind: "emoji", text: typed, start } : null;
}

/** People whose name begins with what was typed, in the order given. */
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
 * How well a name fits what was typed: every character in order, better at the beginning of words and close together.
 * Null: not at all.
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
