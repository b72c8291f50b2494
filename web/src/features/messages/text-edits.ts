/** A text field: its text, and the selection in UTF-16 units. A caret is an empty selection. */
export type FieldText = { text: string; start: number; end: number };

/**
 * The field after an edit, and the one replacement that leads to it. The browser can undo a replacement, but not a new
 * value.
 */
export type TextEdit = FieldText & { replaced: { from: number; to: number; words: string } };

/** Replaces the selection with text, and puts the caret after it. */
export function insertWords({ text, start, end }: FieldText, words: string): TextEdit {
  const caret = start + words.length;
  return replace(text, start, end, words, { start: caret, end: caret });
}

/** Replaces a typed token with the chosen suggestion, and puts the caret after the space that follows. */
export function completeToken(
  { text, start: caret }: FieldText,
  tokenStart: number,
  words: string,
): TextEdit {
  const hasSpace = text[caret] === " ";
  const end = tokenStart + words.length + 1;
  return replace(text, tokenStart, caret, hasSpace ? words : `${words} `, { start: end, end });
}

/** Replaces the part of a text from `from` to `to`. `selected` is the selection after it. */
export function replace(
  text: string,
  from: number,
  to: number,
  words: string,
  selected: { start: number; end: number },
): TextEdit {
  return { text: text.slice(0, from) + words + text.slice(to), ...selected, replaced: { from, to, words } };
}
