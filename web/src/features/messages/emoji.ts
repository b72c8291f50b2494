import type { Language } from "@novax/protocol/language";
import { customEmojiName } from "@novax/protocol/text";
import { customEmoji } from "../../stores/custom-emoji.ts";
import { type EmojiEntry, expandShortcodes, readEmojiLines } from "./emoji-list.ts";

const recentKey = "emoji:recent";
const toneKey = "emoji:tone";
const recentMax = 24;
export const usualEmoji = ["👍", "🎉", "😄", "❤️", "👀", "🙏", "✅", "🚀"];
const modifiers = ["", "🏻", "🏼", "🏽", "🏾", "🏿"];

/** A hand in every skin tone, to choose a tone by. */
export const tones = modifiers.map((modifier) => `✋${modifier}`);

let loading: Promise<readonly EmojiEntry[]> | null = null;
let loaded: readonly EmojiEntry[] | null = null;

/** Resolves with all emoji and their names in the language of the page. They are loaded once, when first needed. Rejects if that fails. */
export function loadEmoji(): Promise<readonly EmojiEntry[]> {
  const isGerman = document.documentElement.lang === ("de" satisfies Language);
  loading ??= Promise.all([
    isGerman ? import("novax:emoji-de") : import("novax:emoji-en"),
    import("novax:emoji-shortcodes"),
  ]).then(
    ([names, shortcodes]) => {
      loaded = readEmojiLines(names.lines, shortcodes.lines);
      return loaded;
    },
    (error: Error) => {
      // The next one tries again.
      loading = null;
      throw error;
    },
  );
  return loading;
}

/** Returns a text with its shortcodes as emoji. Before the list of emoji is loaded, which this begins, as it is. */
export function withEmoji(text: string): string {
  if (!/:[\w+-]+:/.test(text)) return text;
  if (loaded) return expandShortcodes(text, loaded, customEmoji.list.peek());
  void loadEmoji().catch(() => {});
  return text;
}

/** The emoji in a skin tone, if it has tones. */
export function toneOf(entry: EmojiEntry, tone: number): string {
  const modifier = modifiers[tone] ?? "";
  if (!entry.hasTones || modifier === "") return entry.emoji;
  // The modifier goes after the first character, and replaces the character that asks for a coloured emoji.
  const [first = "", ...rest] = entry.emoji;
  return first + modifier + (rest[0] === "\ufe0f" ? rest.slice(1) : rest).join("");
}

/** Whether an emoji can be used: the server may have removed one of its own. */
export function isThere(emoji: string): boolean {
  const name = customEmojiName(emoji);
  return name === null || customEmoji.list.peek().has(name);
}

export function readRecent(): string[] {
  try {
    const kept = JSON.parse(localStorage.getItem(recentKey) ?? "null") as unknown;
    if (Array.isArray(kept)) return kept.filter((entry) => typeof entry === "string");
  } catch {
    // Without storage the usual emoji are offered.
  }
  return usualEmoji;
}

export function noteRecent(emoji: string): void {
  const recent = [emoji, ...readRecent().filter((entry) => entry !== emoji)].slice(0, recentMax);
  try {
    localStorage.setItem(recentKey, JSON.stringify(recent));
  } catch {
    // Without storage it is not remembered.
  }
}

export function readTone(): number {
  try {
    return Number(localStorage.getItem(toneKey) ?? 0);
  } catch {
    return 0;
  }
}

export function writeTone(tone: number): void {
  try {
    localStorage.setItem(toneKey, String(tone));
  } catch {
    // Without storage it is not remembered.
  }
}
