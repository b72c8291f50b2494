// Loaded only for German pages.
import { de } from "./de.ts";
import { deMore } from "./de-more.ts";
import { speakMore } from "./more.ts";
import { speak } from "./text.ts";

export function speakGerman(): void {
  speak(de);
  speakMore(deMore);
}
