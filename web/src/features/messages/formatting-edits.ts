// Formatting the text of the composer. Apart from the other edits, because it is loaded later.
import { type FieldText, replace, type TextEdit } from "./text-edits.ts";

/** Puts marks around the selection, or takes them away, and keeps it selected. */
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
  // At the end of what is marked, one goes on without the mark.
  if (words === "" && text.startsWith(closing, end) && isOpen(text.slice(0, start), opening, closing))
    return replace(text, to, to, "", { start: to, end: to });
  const first = start + opening.length;
  return replace(text, start, end, opening + words + closing, { start: first, end: first + words.length });
}

/** Begins every line of the selection with a mark, or takes it away where every line has it. */
export function togglePrefix({ text, start, end }: FieldText, prefix: string): TextEdit {
  const from = start === 0 ? 0 : text.lastIndexOf("\n", start - 1) + 1;
  // Of a line at whose beginning the selection ends, nothing is selected.
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

/** A double click selects the space after the word too; marks with a space inside them are none. */
function trimSelection({ text, start, end }: FieldText, opening: string): FieldText {
  const words = text.slice(start, end);
  // The first line of a code block may be indented.
  if (opening.includes("\n") || !words.trim()) return { text, start, end };
  const first = start + words.search(/\S/);
  return { text, start: first, end: first + words.trim().length };
}

/** Whether what stands before the caret opens a mark that nothing has closed. */
function isOpen(before: string, opening: string, closing: string): boolean {
  const opened = before.split(opening).length - 1;
  if (opening !== closing) return opened >= before.split(closing).length;
  // An underscore may be part of a name, so they are not counted.
  return opening === "_" ? opened > 0 : opened % 2 === 1;
}
