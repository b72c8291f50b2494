// All texts the server shows to people: on its pages, in mails and notices, and in refusals. A language is one file of
// the same shape as the English one, and the compiler reports missing texts. Texts for programs, operators and logs are
// English and are written where they are used.
import type { Language } from "@novax/protocol/language";
import { de } from "./de.ts";
import { en, type Texts } from "./en.ts";

export type { Texts } from "./en.ts";

/** A text of the refusals' catalogue, with its values filled in. */
export type RefusalText = (t: Texts["refusals"]) => string;
/** A text that describes what happened to an account, with its values filled in. */
export type NoticeText = (t: Texts["notices"]) => string;

const catalogues: Record<Language, Texts> = { en, de };

export function textsIn(language: Language): Texts {
  return catalogues[language];
}
