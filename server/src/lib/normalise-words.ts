/** Words in the form they are compared in: trimmed, lower case, without duplicates and empty ones. */
export function normaliseWords(words: readonly string[]): string[] {
  return [...new Set(words.map((word) => word.trim().toLowerCase()).filter((word) => word !== ""))];
}
