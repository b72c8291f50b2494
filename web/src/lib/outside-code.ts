/** Code, links, addresses, and an escaped sign. */
const untouched = /(```[\s\S]*?```|`[^`]*`|\[(?:\\.|[^\]\\])*\]\([^)\s]*\)|https?:\/\/\S+|\\#)/;

/** Returns the markdown of a message with its plain parts changed. Code, links, addresses and escaped signs stay as they are. */
export function outsideCode(text: string, change: (part: string) => string): string {
  return text
    .split(untouched)
    .map((part, index) => (index % 2 ? part : change(part)))
    .join("");
}
