/**
 * Code in its fences, in backticks or indented, links, addresses, and an escaped sign. A fence without an end goes on to the
 * end of the text.
 */
const untouched =
  /^ {0,3}(`{3,}|~{3,})[^\n]*(?:\n[\s\S]*?(?:^ {0,3}\1[`~]*[ \t]*$|(?![\s\S]))|$)|^(?: {4}|\t)[^\n]*|(`+)(?!`)[\s\S]*?[^`]\2(?!`)|\[(?:\\.|[^\]\\])*\]\([^)\s]*\)|(?:https?:\/\/|www\.|mailto:)\S+|\\#/gm;

/** Returns the markdown of a message with its plain parts changed. Code, links, addresses and escaped signs stay as they are. */
export function outsideCode(text: string, change: (part: string) => string): string {
  let changed = "";
  let from = 0;
  for (const match of text.matchAll(untouched)) {
    changed += change(text.slice(from, match.index)) + match[0];
    from = match.index + match[0].length;
  }
  return changed + change(text.slice(from));
}
