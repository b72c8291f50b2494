// What is stored of a message, and the expressions of SQLite's full-text search that find it.
import { denseSign } from "./words.ts";

/** Messages have numbers in the order of time: so many for each millisecond. */
export const idsPerMs = 1000;

/** Stands between the texts of a message, so that no phrase is found across it. No word contains it. */
const gap = "¦";
/** Stands before what is no word: the room, the sender, and what else can be asked of a message. */
const sign = "§";

/** The keys and the words of a message's texts as one text of words. */
export function storedForm(keys: readonly string[], texts: readonly string[]): string {
  return `${keys.map((key) => sign + key).join(" ")} ${gap} ${texts.join(` ${gap} `)}`;
}

/**
 * Whether what is stored of a message has these words next to each other, the last of them whole, or as the beginning of a word. A
 * single word may also be inside of another one.
 */
export function containsWords(
  stored: string,
  words: readonly string[],
  how: "whole" | "beginning" | "inside",
): boolean {
  const start = stored.indexOf(gap);
  if (how === "inside") return stored.indexOf(words[0]!, start) >= 0;
  const looked = ` ${words.join(" ")}`;
  for (let at = stored.indexOf(looked, start); at >= 0; at = stored.indexOf(looked, at + 1)) {
    const after = stored[at + looked.length];
    if (how === "beginning" || after === undefined || after === " ") return true;
  }
  return false;
}

/** Whether what is stored of a message has a key. */
export function containsKey(stored: string, key: string): boolean {
  const at = stored.indexOf(`${sign}${key} `);
  return at >= 0 && at < stored.indexOf(gap);
}

/** Finds every message. */
export const anything = phrase([gap], false);

/** Finds messages with one of these keys. */
export function anyOf(keys: readonly string[]): string {
  return `(${keys.map((key) => phrase([sign + key], false)).join(" OR ")})`;
}

/** Finds messages with one of these words. */
export function oneOf(words: readonly string[]): string {
  return `(${words.map((word) => phrase([word], false)).join(" OR ")})`;
}

/**
 * Finds messages with these words next to each other; an open phrase may go on after its last word. Words consist of letters,
 * digits and emoji only, so nothing in them ends the quotes.
 */
export function phrase(words: readonly string[], isOpen: boolean): string {
  return `"${words.join(" ")}"${isOpen ? " *" : ""}`;
}

/** Whether a word is one that others can begin with or contain: no key, no emoji, and none of a script without spaces. */
export function isListed(word: string): boolean {
  return /^[\p{L}\p{N}]/u.test(word) && !denseSign.test(word);
}
