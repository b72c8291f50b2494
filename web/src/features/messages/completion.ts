import type { Person } from "@novax/protocol/entities";

/** One entry of the suggestion list at the composer. */
export type Suggestion = {
  /** What replaces the typed token. */
  insert: string;
  label: string;
  hint: string;
  /** An emoji or a person, shown before the label. */
  sign?: string;
  person?: Person;
};

/**
 * The token that is being typed and that suggestions can complete: a name, a room, an emoji or a command. `start` is
 * where it begins in the text.
 */
export type Token = { kind: "person" | "room" | "emoji" | "command"; text: string; start: number };

const token = /(?:^|[\s(])([@#:])([\p{L}\p{N}_+.-]*)$/u;

/**
 * The token that ends at the caret, or null. A name, a room or a command counts from its sign on, an emoji from two
 * characters on.
 */
export function findToken(text: string, caret: number): Token | null {
  const before = text.slice(0, caret);
  const command = /^\/([a-z]*)$/i.exec(before);
  if (command) return { kind: "command", text: command[1]!.toLowerCase(), start: 0 };
  const match = token.exec(before);
  if (!match) return null;
  const [, sign, typed = ""] = match;
  const start = caret - typed.length - 1;
  if (sign === "@") return { kind: "person", text: typed, start };
  if (sign === "#") return { kind: "room", text: typed, start };
  return typed.length >= 2 ? { kind: "emoji", text: typed, start } : null;
}

/**
 * Whether Enter takes the first suggestion without anybody having gone to it: the beginning of a person's name or of a
 * command is no text that somebody wants to send. "#12", ":so" and a whole name are.
 */
export function isMeant({ kind, text }: Token, suggestions: readonly Suggestion[]): boolean {
  if (kind === "room" || kind === "emoji") return false;
  return (
    text !== "" && !suggestions.some(({ insert }) => insert.slice(1).toLowerCase() === text.toLowerCase())
  );
}
