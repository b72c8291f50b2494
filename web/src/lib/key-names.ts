import { more } from "../texts/more.ts";
import { isMac } from "./keys.ts";

const onMac: Record<string, string> = { Ctrl: "⌘", Alt: "⌥", Shift: "⇧" };

/** Keys as they are called on this machine, in the language of the page: "Ctrl K" is "Strg K" or "⌘ K". */
export function keyName(keys: string): string {
  const names: Record<string, string> = more.shortcuts.keys;
  return keys.replace(/[A-Z][a-z]+/g, (key) => (isMac ? onMac[key] : undefined) ?? names[key] ?? key);
}
