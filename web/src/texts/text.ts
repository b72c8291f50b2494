// Every word that the client shows, in the language of whoever looks. A language is one file of the same shape as the
// English one; the compiler names what is missing.
import { en } from "./en.ts";

/** The shape of a catalogue, whatever its words. */
export type Widen<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { [K in keyof T]: Widen<T[K]> };
export type Texts = Widen<typeof en>;

export const languages = {
  en: { name: "English", direction: "ltr" },
  de: { name: "Deutsch", direction: "ltr" },
} as const;
export type Language = keyof typeof languages;

/** The texts of the language in use; chosen once, before anything is drawn. */
export let t: Texts = en;

export function speak(texts: Texts, language: Language): void {
  t = texts;
  document.documentElement.lang = language;
  document.documentElement.dir = languages[language].direction;
}

export function isLanguage(text: string | undefined): text is Language {
  return text !== undefined && Object.hasOwn(languages, text);
}
