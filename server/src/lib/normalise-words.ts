import { wordForm } from "@novax/protocol/text";

/** Words in the form they are compared in, without duplicates and empty ones. */
export function normaliseWords(words: readonly string[]): string[] {
  return [...new Set(words.map((word) => wordForm(word).trim()).filter((word) => word !== ""))];
}
