/** A text field as it stands: its text and what is selected, in UTF-16 units. A caret is a selection of nothing. */
export type FieldText = { text: string; start: number; end: number };

/** The field after an edit, and the one replacement that leads there: the browser can undo a replacement, not a value. */
export type TextEdit = FieldText & { replaced: { from: number; to: number; words: string } };

/** Puts words in the place of what is selected, and goes on behind them. */
export function insertWords({ text, start, end }: FieldText, words: string): TextEdit {
  const caret = start + words.length;
  return replace(text, start, end, words, { start: caret, end: caret });
}

/** Puts what was chosen in the place of what was typed of it, and goes on behind the space that follows. */
export function completeToken(
  { text, start: caret }: FieldText,
  tokenStart: number,
  words: string,
): TextEdit {
  const hasSpace = text[caret] === " ";
  const end = tokenStart + words.length + 1;
  return replace(text, tokenStart, caret, hasSpace ? words : `${words} `, { start: end, end });
}

/** Replaces part of a text. `selected`: what is selected after it. */
export function replace(
  text: string,
  from: number,
  to: number,
  words: string,
  selected: { start: number; end: number },
): TextEdit {
  return { text: text.slice(0, from) + words + text.slice(to), ...selected, replaced: { from, to, words } };
}
