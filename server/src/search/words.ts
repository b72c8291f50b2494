// How a text is taken apart for searching. Messages and queries go through the same code, so that what people type is found
// whatever its case, accents or width are.

/** One piece of a text that can be looked for, and where in the text it is (UTF-16 code units). */
export type Word = {
  text: string;
  start: number;
  end: number;
  /** Part of a script that is written without spaces: two signs that follow each other, or the last sign of a run. */
  isDense: boolean;
};

/** A longer word, such as a checksum, is found by its beginning. */
const wordCharsMax = 128;

// Joiners and soft hyphens are inside of words.
// What only chooses how the sign before it is drawn is not part of a word.
const runs =
  /([[\p{L}\p{N}\p{M}\u00ad\u200c\u200d]--[\ufe00-\ufe0f\u20e3]]+)|\p{RI}{2}|\p{Extended_Pictographic}/gv;
const ascii = /^[\0-\x7f]*$/;
// Accents; the points of Hebrew and Arabic, and what stretches a line of it.
const points = /[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]/g;
const noLetters = /[^\p{L}\p{N}\p{M}]/gu;
const folds: Record<string, string> = {
  ...{ ß: "ss", ø: "o", ł: "l", æ: "ae", œ: "oe", đ: "d", ð: "d", þ: "th", ı: "i", ς: "σ" },
};
const foldable = /[ßøłæœđðþıς]/g;
/** A sign of a script that is written without spaces. */
export const denseSign =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]/u;
const pieces = new RegExp(`(?:${denseSign.source}\\p{M}*)+|(?:(?!${denseSign.source})[^])+`, "gu");

/** Returns the words of a text, in its order. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  for (const match of text.matchAll(runs)) {
    const [run, letters] = match;
    const start = match.index;
    if (letters === undefined) words.push(word(run, start, start + run.length));
    else if (ascii.test(run)) words.push(word(run.toLowerCase(), start, start + run.length));
    else addPieces(words, run, start);
  }
  return words;
}

/** The form of a run of letters in which it is compared. */
function fold(run: string): string {
  return run
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFD")
    .replace(points, "")
    .normalize("NFC")
    .replace(noLetters, "")
    .replace(foldable, (letter) => folds[letter]!);
}

function addPieces(words: Word[], run: string, start: number): void {
  const folded = fold(run);
  // Where folding may move letters, a part of the run cannot be pointed at, but the whole of it.
  const isAligned = folded.length === run.length && run.normalize("NFKC") === run;
  const at = (from: number, to: number) =>
    isAligned ? ([start + from, start + to] as const) : ([start, start + run.length] as const);
  for (const match of folded.matchAll(pieces)) {
    const [piece] = match;
    const from = match.index;
    if (!denseSign.test(piece)) words.push(word(piece, ...at(from, from + piece.length)));
    else addSigns(words, piece, (a, b) => at(from + a, from + b));
  }
}

/** Each sign with the one that follows it, and the last one alone. */
function addSigns(
  words: Word[],
  piece: string,
  at: (from: number, to: number) => readonly [number, number],
): void {
  const signs = [...piece];
  let from = 0;
  signs.forEach((sign, index) => {
    const text = sign + (signs[index + 1] ?? "");
    const [start, end] = at(from, from + text.length);
    words.push({ text, start, end, isDense: true });
    from += sign.length;
  });
}

function word(text: string, start: number, end: number): Word {
  return { text: text.slice(0, wordCharsMax), start, end, isDense: false };
}
