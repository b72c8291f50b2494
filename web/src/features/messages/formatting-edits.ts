// Formats the text of the composer. It is apart from the other edits, because it is lazy.
import { type FieldText, replace, type TextEdit } from "./text-edits.ts";

/** Puts marks around the selection, or removes them if it has them. The same text stays selected. */
export function toggleMarks(field: FieldText, opening: string, closing = opening): TextEdit {
  const { text, start, end } = trimSelection(field, opening);
  const words = text.slice(start, end);
  const from = start - opening.length;
  const to = end + closing.length;
  if (from >= 0 && text.startsWith(opening, from) && text.startsWith(closing, end))
    return replace(text, from, to, words, { start: from, end: from + words.length });
  const inner = words.slice(opening.length, -closing.length);
  if (words === opening + inner + closing && inner !== "" && !inner.includes(opening))
    return replace(text, start, end, inner, { start, end: start + inner.length });
  // At the end of marked text, the caret moves behind the closing mark, so that the next text is not marked.
  if (words === "" && text.startsWith(closing, end) && isOpen(text.slice(0, start), opening, closing))
    return replace(text, to, to, "", { start: to, end: to });
  const first = start + opening.length;
  return replace(text, start, end, opening + words + closing, { start: first, end: first + words.length });
}

/** Puts a prefix before every selected line, or removes it if every line has it. */
export function togglePrefix({ text, start, end }: FieldText, prefix: string): TextEdit {
  const from = start === 0 ? 0 : text.lastIndexOf("\n", start - 1) + 1;
  // If the selection ends at the beginning of a line, nothing of that line is selected.
  const last = end > start && text[end - 1] === "\n" ? end - 1 : end;
  const lineEnd = text.indexOf("\n", last);
  const to = lineEnd < 0 ? text.length : lineEnd;
  const lines = text.slice(from, to).split("\n");
  const isMarked = lines.every((line) => line.startsWith(prefix));
  const words = lines.map((line) => (isMarked ? line.slice(prefix.length) : prefix + line)).join("\n");
  const caret = Math.max(from, last + (isMarked ? -prefix.length : prefix.length));
  const selected =
    lines.length > 1 ? { start: from, end: from + words.length } : { start: caret, end: caret };
  return replace(text, from, to, words, selected);
}

/**
 * Shrinks a selection to its words. A double click also selects the space after a word, and marks with a space inside
 * them do not format.
 */
function trimSelection({ text, start, end }: FieldText, opening: string): FieldText {
  const words = text.slice(start, end);
  // The first line of a code block may be indented, so its space stays.
  if (opening.includes("\n") || !words.trim()) return { text, start, end };
  const first = start + words.search(/\S/);
  return { text, start: first, end: first + words.trim().length };
}

/** Whether the text before the caret opens a mark that is not closed. */
function isOpen(before: string, opening: string, closing: string): boolean {
  const opened = before.split(opening).length - 1;
  if (opening !== closing) return opened >= before.split(closing).length;
  // An underscore may be part of a name, so underscores are not paired.
  return opening === "_" ? opened > 0 : opened % 2 === 1;
}
