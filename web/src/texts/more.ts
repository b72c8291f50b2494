// The texts of lazy code: dialogs and panels.

import type { Widen } from "@novax/protocol/language";
import { enMore } from "./en-more.ts";

export type MoreTexts = Widen<typeof enMore>;

/** As `t`, for dialogs and panels. */
export let more: MoreTexts = enMore;

export function speakMore(texts: MoreTexts): void {
  more = texts;
}
