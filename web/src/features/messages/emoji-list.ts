import { outsideCode } from "../../lib/outside-code.ts";

export type EmojiEntry = {
  emoji: string;
  name: string;
  words: string;
  /** What it is called between colons, such as `tada`. */
  shortcodes: readonly string[];
  group: number;
  hasTones: boolean;
};

/** A whole shortcode that stands alone. */
const shortcode = /(?<![\p{L}\p{N}_:/\\]):([\w+-]{1,64}):(?![\p{L}\p{N}_:/])/gu;

/**
 * One emoji on each line: the character, its group, whether it has tones, its name, and other words for it. In `shortcodes`,
 * the character and what it is called between colons.
 */
export function readEmojiLines(lines: string, shortcodes: string): EmojiEntry[] {
  const codesOf = new Map(shortcodes.split("\n").map((line) => line.split("\t") as [string, string]));
  return lines.split("\n").map((line) => {
    const [emoji = "", group = "", hasTones = "", name = "", others = ""] = line.split("\t");
    const codes = codesOf.get(emoji) ?? "";
    return {
      emoji,
      name,
      words: `${name} ${others} ${codes.replaceAll("_", " ")}`.toLowerCase(),
      shortcodes: codes === "" ? [] : codes.split(" "),
      group: Number(group),
      hasTones: hasTones === "1",
    };
  });
}

/** The emoji whose name or other word begins with what was typed, best match first, at most `max`. */
export function matchEmoji(all: readonly EmojiEntry[], typed: string, max: number): EmojiEntry[] {
  const wanted = typed.toLowerCase().replaceAll("_", " ");
  /**
   * Best is the whole name, then its beginning, then a word of it, then another word. Equal matches are ordered by
   * length.
   */
  const distance = ({ name, words, shortcodes }: EmojiEntry) => {
    const own = name.toLowerCase();
    if (own === wanted || shortcodes.includes(typed.toLowerCase())) return 0;
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

/**
 * Returns a text with its shortcodes as emoji: `:tada:` is 🎉. Code, addresses, and names that are none stay as they are,
 * and so do the server's own emoji (`own`), which are written like that.
 */
export function expandShortcodes(
  text: string,
  all: readonly EmojiEntry[],
  own: ReadonlyMap<string, unknown>,
): string {
  const emojiOf = (code: string) => all.find(({ shortcodes }) => shortcodes.includes(code))?.emoji;
  return outsideCode(text, (part) =>
    part.replace(shortcode, (typed, code: string) =>
      own.has(code) ? typed : (emojiOf(code.toLowerCase()) ?? typed),
    ),
  );
}
