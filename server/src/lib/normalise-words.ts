/** Words as they are compared: trimmed, in lower case, each once, without empty ones. */
export function normaliseWords(words: readonly string[]): string[] {
  return [...new Set(words.map((word) => word.trim().toLowerCase()).filter((word) => word !== ""))];
}
