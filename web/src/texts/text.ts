// All words that the client shows, in the viewer's language. Each language is one file of the same shape as the English
// one, so the compiler names what is missing.
import type { Widen } from "@novax/protocol/language";
import { en } from "./en.ts";

export type Texts = Widen<typeof en>;

/** The texts of the language in use. They are chosen once, before anything is drawn. */
export let t: Texts = en;

export function speak(texts: Texts): void {
  t = texts;
}
