import type { Person } from "@novax/protocol/entities";

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
