// How names and other short texts are tidied and compared. Without zod, so that the client can import it.

// Nobody sees these: the default-ignorable characters of Unicode, and the empty Braille pattern, which is a letter.
const unseen = /[\p{White_Space}\p{Control}\p{Default_Ignorable_Code_Point}\u2800]/gu;

// Letters of Thai, Hebrew or Vietnamese carry up to four marks. More pile up over the lines above.
const tooManyMarks = /\p{M}{5,}/u;
const emojiSequence = /\p{RGI_Emoji}/gv;
const unfitForNames =
  /[\p{Control}\p{Format}\p{Surrogate}\p{Private_Use}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800]/u;

/** Returns whether a text shows nothing: it has only spaces, and characters that nobody sees. */
export function isBlank(text: string): boolean {
  return text.replace(unseen, "") === "";
}

/** Returns a name in its one form: composed (NFC), without spaces around it, with single spaces inside. */
export function tidyName(text: string): string {
  return text.normalize("NFC").trim().replace(/\s+/gu, " ");
}

/**
 * Returns whether a name can be read as it is: it has no invisible characters, none that change the writing direction,
 * and no letter that carries a pile of marks. Inside an emoji, invisible characters join its parts.
 */
export function isLegibleName(name: string): boolean {
  return !unfitForNames.test(name.replace(emojiSequence, "")) && !tooManyMarks.test(name.normalize("NFD"));
}

// Letters whose accent is a part of them.
const folds: Readonly<Record<string, string>> = {
  ...{ ß: "ss", ø: "o", ł: "l", æ: "ae", œ: "oe", đ: "d", ð: "d", þ: "th", ı: "i", ς: "σ" },
};

/** Returns a name in the form in which people look for it: in lower case, without accents, its words apart by a space. */
export function searchForm(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/[\p{M}\p{Default_Ignorable_Code_Point}]/gu, "")
    .toLowerCase()
    .replace(/[ßøłæœđðþıς]/g, (letter) => folds[letter]!)
    .replace(/[\s\-_.,'’]+/gu, " ")
    .trim();
}
