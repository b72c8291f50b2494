// Every word that the server says to people: on its pages, in mails and notices, and in what it refuses. A language is one
// file of the same shape as the English one; the compiler names what is missing. What is said to programs, operators and
// logs is English where it stands.
import type { Language } from "@novax/protocol/language";
import { de } from "./de.ts";
import { en, type Texts } from "./en.ts";

export type { Texts } from "./en.ts";

/** A sentence of the refusals' catalogue, with what it is about filled in. */
export type RefusalText = (t: Texts["refusals"]) => string;
/** A sentence that says what happened to an account. */
export type NoticeText = (t: Texts["notices"]) => string;

const catalogues: Record<Language, Texts> = { en, de };

export function textsIn(language: Language): Texts {
  return catalogues[language];
}
