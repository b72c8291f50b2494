import { withoutMarks } from "@novax/protocol/markdown";
import type { Mark } from "./match.ts";
import { type Word, wordsOf } from "./words.ts";

/** How long an excerpt is, and how much of it is before the first mark. */
const excerptCharsMax = 240;
const leadChars = 60;
const marksMax = 50;

/** The part of a long message from which the excerpt is cut, and how much of it is before the first mark. */
const windowChars = 1200;
const windowLeadChars = 400;

/** A part of a message as plain text, and the ranges of it that were looked for (UTF-16 code units). */
export type Excerpt = { excerpt: string; marks: [number, number][] };

/** Returns a part of a message around the first of what was found, as plain text on one line. */
export function excerptAround(texts: readonly string[], marks: readonly Mark[]): Excerpt {
  const { whole, ranges } = join(texts, marks);
  const [first] = ranges;
  // Long messages are cut first, so that what follows costs the same for each.
  const from = first && whole.length > windowChars ? Math.max(0, first.start - windowLeadChars) : 0;
  const raw = whole.slice(from, from + windowChars);
  const here = ranges
    .map(({ start, end }) => ({ start: start - from, end: end - from }))
    .filter(({ start, end }) => start >= 0 && end <= raw.length)
    .slice(0, marksMax);
  // Without the marks of its formatting, where everything that was found is still there: not the address of a link.
  const plain = withoutMarks(raw);
  const plainMarks = findAgain(raw, plain, here);
  const shown = plainMarks
    ? { text: plain, marks: plainMarks }
    : { text: raw.replace(/\s/g, " "), marks: here };
  const isCut = { before: from > 0, after: from + raw.length < whole.length };
  return cut(shown.text, merge(shown.marks), isCut);
}

type Range = { start: number; end: number };

/** The texts of a message one after the other: what it says, then its files, or a question with its choices. */
function join(texts: readonly string[], marks: readonly Mark[]): { whole: string; ranges: Range[] } {
  const ranges: Range[] = [];
  let whole = "";
  for (const [field, text] of texts.entries()) {
    if (text === "") continue;
    if (whole !== "") whole += " · ";
    for (const { field: of, start, end } of marks)
      if (of === field) ranges.push({ start: whole.length + start, end: whole.length + end });
    whole += text;
  }
  return { whole, ranges };
}

/** The same places in the plain text; null if they are not all in it. */
function findAgain(raw: string, plain: string, marks: readonly Range[]): Range[] | null {
  if (marks.length === 0) return [];
  const before = wordsOf(raw);
  const after = wordsOf(plain);
  const places = (words: readonly Word[], text: string) => words.filter((word) => word.text === text);
  /** The word of the plain text that is the same one as a word of the raw text. */
  const again = (word: Word | undefined) => {
    if (!word) return null;
    const same = places(before, word.text);
    const shown = places(after, word.text);
    return same.length === shown.length ? shown[same.indexOf(word)]! : null;
  };
  const found: Range[] = [];
  for (const { start, end } of marks) {
    const first = before.find((word) => word.end > start);
    const last = before.find((word) => word.end >= end);
    const [begin, finish] = [again(first), again(last)];
    if (!begin || !finish) return null;
    found.push({ start: begin.start + (start - first!.start), end: finish.start + (end - last!.start) });
  }
  return found;
}

/** In order, and those that touch or overlap as one. */
function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}

function cut(text: string, marks: readonly Range[], isCut: { before: boolean; after: boolean }): Excerpt {
  const first = marks[0]?.start ?? 0;
  const isShort = text.length <= excerptCharsMax && !isCut.before;
  const wanted = isShort ? 0 : Math.max(0, Math.min(first - leadChars, text.length - excerptCharsMax));
  // At a space, so that no word and no emoji is cut.
  const space = text.indexOf(" ", wanted);
  const start = wanted === 0 && !isCut.before ? 0 : space >= 0 && space < first ? space + 1 : wanted;
  const end = Math.min(text.length, start + excerptCharsMax);
  const head = start > 0 || isCut.before ? "…" : "";
  const tail = end < text.length || isCut.after ? "…" : "";
  const body = text
    .slice(start, end)
    .replace(/^[\udc00-\udfff]/, "\ufffd")
    .replace(/[\ud800-\udbff]$/, "");
  const shift = head.length - start;
  const ranges = marks
    .filter((mark) => mark.start >= start && mark.end <= start + body.length)
    .map((mark): [number, number] => [mark.start + shift, mark.end + shift]);
  return { excerpt: `${head}${body}${tail}`, marks: ranges };
}
