import { type FieldText, insertWords, replace, type TextEdit } from "./text-edits.ts";

const listMark = /^([ \t]*(?:[-*]|(\d{1,9})\.)[ \t]+(?:\[[ xX]\][ \t]+)?|[ \t]*>[ \t]?)/;

/**
 * A new line after an item of a list, or of a quote, that begins the next one. After an empty item the list ends. Null
 * where there is no list.
 */
export function continueList({ text, start, end }: FieldText): TextEdit | null {
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const match = listMark.exec(text.slice(lineStart, start));
  if (!match || start !== end) return null;
  const [mark, , number] = match;
  if (start === lineStart + mark.length && (text[start] ?? "\n") === "\n")
    return replace(text, lineStart, start, "", { start: lineStart, end: lineStart });
  const next = `\n${number === undefined ? mark.replace(/\[[xX]\]/, "[ ]") : mark.replace(number, String(Number(number) + 1))}`;
  return insertWords({ text, start, end }, next);
}

/** The selection as a link to the address that was pasted over it. Null if there is none, or no address. */
export function linkSelection({ text, start, end }: FieldText, pasted: string): TextEdit | null {
  const words = text.slice(start, end);
  const address = pasted.trim();
  if (start === end || /[\n\]]|https?:/.test(words) || !/^https?:\/\/[^\s()<>]+$/.test(address)) return null;
  // Not inside of code, where it would stay as it is.
  if ((text.slice(0, start).match(/`/g) ?? []).length % 2 === 1) return null;
  return insertWords({ text, start, end }, `[${words}](${address})`);
}
