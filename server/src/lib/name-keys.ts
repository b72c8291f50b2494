import unhomoglyph from "unhomoglyph";

/**
 * Returns the keys by which two names are compared: names that have one in common look alike. They are skeletons as in
 * Unicode TR 39, section 4. There are two because case does not count: "ALICE" has a key of its small letters in common
 * with "alice", and "AIice", with a capital i, one of the letters as they are.
 */
export function nameKeys(name: string): string[] {
  return [...new Set([skeleton(name.toLowerCase()), skeleton(name)])];
}

function skeleton(text: string): string {
  // NFKD instead of NFD: full-width and circled letters are the same letters to those who read them.
  const plain = text
    .normalize("NFKD")
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
    .trim()
    .replace(/\s+/gu, " ");
  return unhomoglyph(plain).normalize("NFD").toLowerCase();
}
