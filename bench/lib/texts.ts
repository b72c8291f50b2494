// Invented messages in six languages, with the frequencies of words that real ones have, and what people look for in them.
// The same seed gives the same messages.

export type Random = () => number;

/** Numbers from 0 to 1 (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
/** An index below `size` by Zipf's law: the first ones are by far the most frequent. */
const zipf = (random: Random, size: number) => Math.floor(size ** random()) - 1;

/** Syllables of three letters or four, so that as many words begin alike as in a language. */
function syllables(consonants: string, vowels: string): string[] {
  const made: string[] = [];
  for (const first of consonants)
    for (const vowel of vowels)
      for (const last of ["", ...consonants].slice(0, 8)) made.push(first + vowel + last);
  return made;
}

const latin = syllables("tsrnldmcpbgfvhk", "eaiou");
const french = syllables("lrntdsmpvcç", "eéaièouê");
const cyrillic = syllables("нтсрвлкмдпзбгщ", "оеаиуыё");
const stems = syllables("nstrdkblgmfhz", "eiaüoä").map((syllable) => `${syllable}en`);
const kana = [
  ..."あいうえおかきくけこさしすせそたちつてとなにのはひふへほまみむめもやゆよらりるれろわをんアイウエオカキクケコサシスセソタチツテトナニノハヒフヘホマミムメモラリルレロン",
];

/** The vocabularies, the most frequent words first. */
export type Words = Record<"english" | "german" | "french" | "russian" | "han" | "kanji", readonly string[]>;

export function makeWords(random: Random): Words {
  const words = (syllables: readonly string[], size: number) => {
    const made = new Set<string>();
    while (made.size < size) {
      const count = 1 + Math.floor(random() * 3);
      made.add(Array.from({ length: count }, () => pick(random, syllables)).join(""));
    }
    return [...made];
  };
  const signs = (from: number, size: number) =>
    Array.from({ length: size }, (_, index) => String.fromCodePoint(from + index * 7));
  return {
    english: words(latin, 30_000),
    german: words(stems, 30_000),
    french: words(french, 8000),
    russian: words(cyrillic, 12_000),
    han: signs(0x4e00, 2500),
    kanji: signs(0x5000, 1200),
  };
}

const many = (random: Random, least: number, most: number) => least + Math.floor(random() * (most - least));
const phrase = (random: Random, words: readonly string[], length: number, between = " ") =>
  Array.from({ length }, () => words[zipf(random, words.length)]!).join(between);

/** One message. */
export function makeText(random: Random, words: Words): string {
  const kind = random();
  if (kind < 0.48) return `${phrase(random, words.english, many(random, 3, 18))}.`;
  if (kind < 0.63) return phrase(random, words.german, many(random, 3, 12));
  if (kind < 0.71) return phrase(random, words.french, many(random, 3, 14));
  if (kind < 0.78) return phrase(random, words.russian, many(random, 3, 12));
  if (kind < 0.85)
    return `${phrase(random, words.han, many(random, 4, 12), "")}，${phrase(random, words.han, many(random, 4, 12), "")}`;
  if (kind < 0.93) {
    const run = () => phrase(random, words.kanji, 2, "") + phrase(random, kana, many(random, 2, 6), "");
    return Array.from({ length: many(random, 1, 4) }, run).join("");
  }
  const word = () => words.english[zipf(random, words.english.length)]!;
  if (kind < 0.97) return `see https://${word()}.example.org/${word()}/${many(random, 1, 100_000)} ${word()}`;
  return `${word()}.${word()}_${word()} failed in ${word()}/${word()}.ts:${many(random, 1, 2000)} (NX-${many(random, 1, 50_000)})`;
}

/** Twenty kinds of queries, each made of what can occur. */
export const queryKinds: Record<string, (random: Random, words: Words) => string> = {
  "very common word": (random, { english }) => english[many(random, 10, 40)]!,
  "common word": (random, { english }) => english[many(random, 200, 1000)]!,
  "rare word": (random, { english }) => english[many(random, 20_000, 30_000)]!,
  "absent word": (random) => `xq${many(random, 1e6, 9e6).toString(36)}`,
  "two words": (random, { english }) => `${english[many(random, 5, 100)]} ${english[many(random, 5, 300)]}`,
  "three words": (random, { english }) => phrase(random, english.slice(5, 400), 3),
  "phrase of two": (random, { english }) =>
    `"${english[many(random, 3, 60)]} ${english[many(random, 3, 60)]}"`,
  "beginning, 2 letters": (random) => pick(random, latin).slice(0, 2),
  "beginning, 3 letters": (random, { english }) => english[many(random, 500, 5000)]!.slice(0, 3),
  "beginning, 5 letters": (random, { english }) => english[many(random, 500, 5000)]!.slice(0, 5),
  "part of a compound": (random) => pick(random, stems).slice(0, 5),
  "rare compound": (random, { german }) => german[many(random, 20_000, 30_000)]!,
  "accents left out": (random, { french }) =>
    french[many(random, 100, 4000)]!.normalize("NFD").replace(/\p{M}/gu, ""),
  "Russian, beginning": (random, { russian }) => russian[many(random, 100, 6000)]!.slice(0, 4),
  "Han, 1 sign": (random, { han }) => han[many(random, 0, 600)]!,
  "Han, 2 signs": (random, { han }) => phrase(random, han.slice(0, 400), 2, ""),
  "Han, 4 signs": (random, { han }) => phrase(random, han.slice(0, 100), 4, ""),
  "kana, 2 signs": (random) => phrase(random, kana, 2, ""),
  "address or identifier": (random, { english }) =>
    random() < 0.5 ? `${english[many(random, 10, 500)]}.example.org` : `NX-${many(random, 1, 50_000)}`,
  "typing mistake": (random, { english }) => {
    const word = english
      .slice(2000)
      .find((candidate, index) => candidate.length > 7 && random() < 0.01 && index > 50)!;
    const at = many(random, 2, word.length - 2);
    return word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2);
  },
};
