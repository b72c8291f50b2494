// Which words of a text a query means. The index finds candidates by the same rules, and what is shown is checked again by
// these: a message may have changed since it was indexed.
import type { MatchKind } from "@novax/protocol/reads";
import { keysOf, type Searchable, textsOf, wordsOfTexts } from "./document.ts";
import type { Query, Term } from "./parse-query.ts";
import { denseSign } from "./words.ts";

/** The words that stand for a misspelt one. */
export type Similar = ReadonlyMap<string, readonly string[]>;

const insideCharsMin = 3;
/** More of one term are not shown, and need not be found. */
const marksMax = 50;

/** Whether longer words that begin with this one are meant too. A single letter begins too many; a single sign of Chinese does not. */
export function hasBeginnings(word: string): boolean {
  return word.length > 1 || denseSign.test(word);
}

/** Whether words that contain this one are meant too, where it is typed by itself. */
export function canBeInside({ words, isOpen }: Term): boolean {
  return isOpen && words.length === 1 && words[0]!.length >= insideCharsMin && !denseSign.test(words[0]!);
}

const stemCharsMin = 4;
const endingCharsMax = 3;

/**
 * The beginning that a word shares with its other forms, in many languages: of "pruning" the one of "pruned", of "rolled" the
 * one of "rollback". Null for short words and phrases. It is used only where the words themselves found too little.
 */
export function stemOf({ words, isOpen }: Term): string | null {
  const [word = ""] = words;
  if (!isOpen || words.length > 1 || !/^\p{L}+$/u.test(word) || denseSign.test(word)) return null;
  const stem = word.slice(0, Math.max(stemCharsMin, word.length - endingCharsMax));
  return stem.length < word.length ? stem : null;
}

/** A place in one of the texts of a message, in UTF-16 code units. */
export type Mark = { field: number; start: number; end: number };

/** Returns what of a message a query means, in the order of its texts. Null if the message does not fit. */
export function matchMessage(
  query: Pick<Query, "terms" | "excluded" | "keys">,
  message: Searchable,
  kind: MatchKind,
  similar: Similar,
): Mark[] | null {
  const texts = textsOf(message);
  // Who asks for no words does not ask for changes of the room.
  if (!texts || (message.changes && query.terms.length === 0)) return null;
  if (query.keys.length > 0) {
    const keys = keysOf(message);
    if (query.keys.some((key) => !keys.has(key))) return null;
  }
  return matchTexts(query, texts, kind, similar);
}

/** As {@link matchMessage}, for texts alone. */
export function matchTexts(
  query: Pick<Query, "terms" | "excluded">,
  texts: readonly string[],
  kind: MatchKind,
  similar: Similar = new Map(),
): Mark[] | null {
  if (query.terms.length + query.excluded.length === 0) return [];
  const words = wordsOfTexts(texts);
  const find = (term: Term, asWhat: MatchKind) => findTerm(term, words, asWhat, similar);
  if (query.excluded.some((term) => find(term, "word").length > 0)) return null;
  const marks: Mark[] = [];
  // Which of them are enough was decided by all the messages that have some.
  let missing = kind === "some" ? query.terms.length - 1 : 0;
  for (const term of query.terms) {
    const found = find(term, kind);
    if (found.length === 0) missing -= 1;
    if (missing < 0) return null;
    for (const mark of found) marks.push(mark);
  }
  return marks.sort((a, b) => a.field - b.field || a.start - b.start);
}

function findTerm(
  term: Term,
  words: ReturnType<typeof wordsOfTexts>,
  kind: MatchKind,
  similar: Similar,
): Mark[] {
  const { words: wanted, isOpen } = term;
  const isInside = kind !== "word" && kind !== "some" && canBeInside(term);
  const stem = kind === "some" ? stemOf(term) : null;
  const isMatch = (index: number, text: string) => {
    const word = wanted[index]!;
    if (text === word) return true;
    if (index === wanted.length - 1 && isOpen && hasBeginnings(word) && text.startsWith(word)) return true;
    if (isInside && text.includes(word)) return true;
    if (stem !== null && text.startsWith(stem)) return true;
    return kind === "similar" && wanted.length === 1 && (similar.get(word)?.includes(text) ?? false);
  };
  const marks: Mark[] = [];
  for (let first = 0; first + wanted.length <= words.length; first++) {
    const { field } = words[first]!;
    let length = 0;
    while (length < wanted.length) {
      const word = words[first + length]!;
      if (word.field !== field || !isMatch(length, word.text)) break;
      length += 1;
    }
    if (length < wanted.length) continue;
    const begin = words[first]!;
    const end = words[first + length - 1]!;
    // Of a word that goes on, the part that was typed, where it can be told.
    const at = end.text.indexOf(wanted[length - 1]!);
    const isPart = at >= 0 && end.end - end.start === end.text.length;
    const partEnd = isPart ? end.start + at + wanted[length - 1]!.length : end.end;
    marks.push({ field, start: length === 1 && isPart ? begin.start + at : begin.start, end: partEnd });
    if (marks.length >= marksMax) break;
  }
  return marks;
}
