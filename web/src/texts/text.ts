// Every word that the client shows, in the language of whoever looks. A language is one file of the same shape as the
// English one; the compiler names what is missing.
import type { Widen } from "@novax/protocol/language";
import { en } from "./en.ts";

export type Texts = Widen<typeof en>;

/** The texts of the language in use; chosen once, before anything is drawn. */
export let t: Texts = en;

export function speak(texts: Texts): void {
  t = texts;
}
