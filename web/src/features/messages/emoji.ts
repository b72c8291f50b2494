import type { Language } from "@novax/protocol/language";

export type EmojiEntry = { emoji: string; name: string; words: string; group: number; hasTones: boolean };

const recentKey = "emoji:recent";
const toneKey = "emoji:tone";
const recentMax = 24;
const usual = ["👍", "🎉", "😄", "❤️", "👀", "🙏", "✅", "🚀"];
const modifiers = ["", "🏻", "🏼", "🏽", "🏾", "🏿"];

/** A hand in every tone, to choose one by. */
export const tones = modifiers.map((modifier) => `✋${modifier}`);

let loading: Promise<readonly EmojiEntry[]> | null = null;

/** Every emoji with its name in the language in use. Loaded once, when first asked for. */
export function loadEmoji(): Promise<readonly EmojiEntry[]> {
  const isGerman = document.documentElement.lang === ("de" satisfies Language);
  loading ??= (isGerman ? import("novax:emoji-de") : import("novax:emoji-en")).then(({ lines }) =>
    read(lines),
  );
  return loading;
}

/** Of these the emoji whose name, or another word for them, begins so; the closest first. */
export function matchEmoji(all: readonly EmojiEntry[], typed: string, max: number): EmojiEntry[] {
  const wanted = typed.toLowerCase().replaceAll("_", " ");
  /** The whole name, its beginning, a word of it, another word; of the same kind short names first. */
  const distance = ({ name, words }: EmojiEntry) => {
    const own = name.toLowerCase();
    if (own === wanted) return 0;
    const isWord = ` ${own} `.includes(` ${wanted} `);
    const rank = own.startsWith(wanted) ? 1 : isWord ? 2 : words.includes(` ${wanted}`) ? 3 : null;
    return rank === null ? null : rank + (isWord ? 0 : 0.5) + own.length / 1000;
  };
  return all
    .flatMap((entry) => {
      const far = distance(entry);
      return far === null ? [] : [{ entry, far }];
    })
    .sort((a, b) => a.far - b.far)
    .slice(0, max)
    .map(({ entry }) => entry);
}

/** The emoji in a skin tone, where it has one. */
export function toneOf(entry: EmojiEntry, tone: number): string {
  const modifier = modifiers[tone] ?? "";
  if (!entry.hasTones || modifier === "") return entry.emoji;
  // The modifier stands after the first sign, and takes the place of the sign for colour.
  const [first = "", ...rest] = entry.emoji;
  return first + modifier + (rest[0] === "\ufe0f" ? rest.slice(1) : rest).join("");
}

export function readRecent(): string[] {
  try {
    const kept = JSON.parse(localStorage.getItem(recentKey) ?? "null") as unknown;
    if (Array.isArray(kept)) return kept.filter((entry) => typeof entry === "string");
  } catch {
    // Without a storage everybody begins with the usual ones.
  }
  return usual;
}

export function noteRecent(emoji: string): void {
  const recent = [emoji, ...readRecent().filter((entry) => entry !== emoji)].slice(0, recentMax);
  try {
    localStorage.setItem(recentKey, JSON.stringify(recent));
  } catch {
    // It is not remembered.
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
    // It is not remembered.
  }
}

/** One line an emoji: the sign, its group, whether it has tones, its name, and other words for it. */
function read(lines: string): EmojiEntry[] {
  return lines.split("\n").map((line) => {
    const [emoji = "", group = "", hasTones = "", name = "", others = ""] = line.split("\t");
    return {
      emoji,
      name,
      words: `${name} ${others}`.toLowerCase(),
      group: Number(group),
      hasTones: hasTones === "1",
    };
  });
}
