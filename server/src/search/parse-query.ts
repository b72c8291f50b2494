import { Refusal } from "../lib/refusal.ts";
import { dayIn } from "./day.ts";
import { type MessageKey, messageKeys } from "./document.ts";
import { type Word, wordsOf } from "./words.ts";

/**
 * What a message must contain: these words in this order, next to each other. An open one may go on after its last word,
 * and one that is a single word may also be the inside of a longer one.
 */
export type Term = { words: readonly string[]; isOpen: boolean };

export type Query = {
  terms: readonly Term[];
  /** What it must not contain. */
  excluded: readonly Term[];
  /** All of these. */
  keys: readonly MessageKey[];
  isSaved: boolean;
  /** By one of these, by username in lower case; "me" is the viewer. Empty: by anyone. */
  from: readonly string[];
  /** In one of these rooms, by their names as they were typed. Empty: in any. */
  in: readonly string[];
  /** Sent from this time on, and before that one, in milliseconds since 1970. */
  since: number;
  until: number;
};

const termsMax = 20;
/** Of all terms: a phrase of many words is compared with every place of a text. */
const wordsMax = 100;

type Filter = "from" | "in" | "has" | "is" | "before" | "after" | "on";
const has: readonly MessageKey[] = ["link", "file", "image", "poll"];
const is: readonly MessageKey[] = ["thread", "pinned"];
// Quotes of all languages are one, as phones type them. A filter and its value, or words, in quotes or up to the next space. A quote that does not end goes to the end of the text.
const part = /(-)?(?:(from|in|has|is|before|after|on):\s*(?:"([^"]*)(?:"|$)|(\S*))|"([^"]*)(?:"|$)|(\S+))/giu;

/**
 * Takes apart what a person typed: words, "phrases", -words, and filters such as `from:alice`. Days begin and end as in the
 * time zone. Refuses with `malformed`, in the viewer's language, what cannot be meant.
 */
export function parseQuery(text: string, { zone, now }: { zone: string; now: number }): Query {
  const terms: Term[] = [];
  const excluded: Term[] = [];
  const keys = new Set<MessageKey>();
  const from: string[] = [];
  const rooms: string[] = [];
  const query = { isSaved: false, since: 0, until: Number.MAX_SAFE_INTEGER };
  const filter = (name: Filter, value: string) => {
    if (name === "from") from.push(value.replace(/^@/, "").toLowerCase());
    else if (name === "in") rooms.push(value);
    else if (name === "has") keys.add(requireKey(has, value, "has"));
    else if (name === "is") {
      if (value.toLowerCase() === "saved") query.isSaved = true;
      else if (value.toLowerCase() === "mine") from.push("me");
      else keys.add(requireKey(is, value, "is"));
    } else {
      const day = dayIn(zone, value, now);
      if (!day) throw new Refusal("malformed", (t) => t.searchDate(name));
      if (name !== "before") query.since = Math.max(query.since, name === "on" ? day.start : day.end);
      if (name !== "after") query.until = Math.min(query.until, name === "on" ? day.end : day.start);
    }
  };
  for (const [whole, minus, name, quotedValue, plainValue, quoted] of text
    .replace(/[„“”«»]/g, '"')
    .matchAll(part)) {
    const key = name?.toLowerCase() as Filter;
    if (name !== undefined) {
      if (minus) throw new Refusal("malformed", (t) => t.searchMinus);
      const value = quotedValue ?? plainValue ?? "";
      // Otherwise it is still to be typed.
      if (value !== "") filter(key, value);
      continue;
    }
    // What must not occur are whole words: "-error" leaves "errors".
    const isWhole = quoted !== undefined || minus !== undefined;
    const term = termOf(wordsOf(quoted ?? whole), isWhole);
    if (term) (minus ? excluded : terms).push(term);
  }
  const all = [...terms, ...excluded];
  const words = all.reduce((sum, term) => sum + term.words.length, 0);
  if (all.length > termsMax || words > wordsMax)
    throw new Refusal("malformed", (t) => t.searchTooLong(termsMax));
  return { terms, excluded, keys: [...keys], from, in: rooms, ...query };
}

/** Whether nothing is looked for at all. */
export function isEmptyQuery(query: Query): boolean {
  const { terms, excluded, keys, isSaved, from, in: rooms, since, until } = query;
  const lists = [terms, excluded, keys, from, rooms];
  return (
    lists.every((list) => list.length === 0) && !isSaved && since === 0 && until === Number.MAX_SAFE_INTEGER
  );
}

function requireKey(allowed: readonly MessageKey[], value: string, filter: "has" | "is"): MessageKey {
  const key = messageKeys.find((known) => known === value.toLowerCase().replace(/s$/, ""));
  if (key && allowed.includes(key)) return key;
  throw new Refusal("malformed", (t) => (filter === "has" ? t.searchHas : t.searchIs));
}

/**
 * What was typed without a space is one term: `sess.opts` are two words next to each other. The last sign of a script without
 * spaces may have another one behind it, so only the pairs before it count.
 */
function termOf(words: readonly Word[], isWhole: boolean): Term | null {
  const last = words.at(-1);
  if (!last) return null;
  const isPair = last.isDense && words.length > 1 && words.at(-2)!.isDense && words.at(-2)!.end === last.end;
  const kept = isPair ? words.slice(0, -1) : words;
  const isOpen = isPair ? false : last.isDense || !isWhole;
  return { words: kept.map(({ text }) => text), isOpen };
}
