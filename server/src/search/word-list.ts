import { mistakesBetween } from "../lib/mistakes-between.ts";

// The words of the index, in memory: SQLite finds words and their beginnings, but not what is inside of them.

/** New words are looked through one by one until there are this many. */
const freshMax = 4000;
/** A beginning or a part of more words than this says little, and any of them will do. */
const listedMax = 4000;
/** Longer words are rarely misspelt by hand. */
const similarCharsMax = 32;
/** How long similar words are looked for, in milliseconds; the clock is read once for so many candidates. */
const similarMsMax = 25;
const clockEvery = 256;
/** More words than any language has; the rest are identifiers, which are found as they are. Some 150 bytes each. */
const wordsMax = 1_000_000;
/** The same words are asked for again while somebody types, and turns pages. */
const keptLists = 100;

/** All words that occur, with how often, to find those that contain or resemble what was typed. */
export class WordList {
  readonly #counts = new Map<string, number>();
  /** What was listed since the last new word. */
  readonly #listed = new Map<string, readonly string[]>();
  /** The words by their first letter and their length. */
  readonly #byLength = new Map<string, string[]>();
  /** The words, each between two line breaks: `indexOf` goes through it at the speed of memory. */
  #text = "\n";
  /** Words that are not in the text yet. */
  #fresh: string[] = [];

  get size(): number {
    return this.#counts.size;
  }

  get isFull(): boolean {
    return this.#counts.size >= wordsMax;
  }

  /** Counts a word. */
  add(word: string, count = 1): void {
    const before = this.#counts.get(word);
    if (before === undefined && this.isFull) return;
    this.#counts.set(word, (before ?? 0) + count);
    if (before !== undefined) return;
    this.#listed.clear();
    this.#fresh.push(word);
    const key = `${word[0]}${word.length}`;
    const alike = this.#byLength.get(key);
    if (alike) alike.push(word);
    else this.#byLength.set(key, [word]);
  }

  /** Counts a word once less. It stays in the list: it finds nothing, and is never shown for itself. */
  remove(word: string): void {
    const before = this.#counts.get(word);
    if (before !== undefined && before > 0) this.#counts.set(word, before - 1);
  }

  /** How many messages have a word, roughly. */
  countOf(word: string): number {
    return this.#counts.get(word) ?? 0;
  }

  /** Returns the words that begin with `part`, or with `isInside` contain it, the most frequent first, at most {@link listedMax}. */
  listWith(part: string, isInside: boolean): readonly string[] {
    const key = `${isInside ? "*" : ""}${part}`;
    const known = this.#listed.get(key);
    if (known) return known;
    const list = this.#listWith(part, isInside);
    if (this.#listed.size >= keptLists) this.#listed.clear();
    this.#listed.set(key, list);
    return list;
  }

  #listWith(part: string, isInside: boolean): string[] {
    if (this.#fresh.length > freshMax) {
      this.#text += `${this.#fresh.join("\n")}\n`;
      this.#fresh = [];
    }
    const found = this.#fresh.filter((word) => (isInside ? word.includes(part) : word.startsWith(part)));
    const text = this.#text;
    const looked = isInside ? part : `\n${part}`;
    for (let at = text.indexOf(looked); at >= 0 && found.length < listedMax; ) {
      const start = isInside ? text.lastIndexOf("\n", at) + 1 : at + 1;
      const end = text.indexOf("\n", at + 1);
      found.push(text.slice(start, end));
      at = text.indexOf(looked, end);
    }
    if (found.length > 1) found.sort((a, b) => this.countOf(b) - this.countOf(a));
    return found;
  }

  /**
   * Returns words that somebody may have meant: with the same first letter, and one letter too many, missing, wrong or swapped
   * with the next, or two in a word of eight letters or more. The most alike first, at most `max`.
   */
  listSimilar(word: string, max: number): string[] {
    if (word.length > similarCharsMax) return [];
    const mistakesMax = word.length >= 8 ? 2 : 1;
    const found: { word: string; mistakes: number }[] = [];
    const deadline = performance.now() + similarMsMax;
    let looked = 0;
    for (let length = word.length - mistakesMax; length <= word.length + mistakesMax; length++)
      for (const other of this.#byLength.get(`${word[0]}${length}`) ?? []) {
        looked += 1;
        if (looked % clockEvery === 0 && performance.now() > deadline) break;
        if (other === word) continue;
        const mistakes = mistakesBetween(word, other, mistakesMax);
        if (mistakes <= mistakesMax) found.push({ word: other, mistakes });
      }
    return found
      .sort((a, b) => a.mistakes - b.mistakes || this.countOf(b.word) - this.countOf(a.word))
      .slice(0, max)
      .map((candidate) => candidate.word);
  }
}
