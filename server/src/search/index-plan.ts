// How a query is looked up: by SQLite's full-text search for words that stand for a few others, and for those that stand for many by
// looking at each message that the rest of the query leaves.
import type { MatchKind } from "@novax/protocol/reads";
import { anyOf, anything, containsKey, containsWords, isListed, oneOf, phrase } from "./index-expression.ts";
import type { IndexedRoom, IndexParts, IndexQuery } from "./index-parts.ts";
import { canBeInside, hasBeginnings, type Similar, stemOf } from "./match.ts";
import type { Term } from "./parse-query.ts";
import type { WordList } from "./word-list.ts";

/** How many messages one search looks at. */
const rowsMax = 20_000;
/** Of those that may have only some of the words, which are many: for all words together. */
const someRowsMax = 4000;
/** A word that stands for more than this is compared with each message instead. */
const narrowMax = 24;
/** A word in every so many-th message is not looked up: the newest are found soon. */
const frequentShare = 1 / 40;
/** So few messages are compared one by one. */
const fewMessages = 4000;
/** Looking up all that begins with a word costs for so many of its messages as much as comparing one. */
const lookedUpPerCompared = 15;
/** Up to this many rooms and people are looked up; what is beyond that is compared with each message. */
const keyedRoomsMax = 200;
const keyedPeopleMax = 32;
/** Rooms that have more than this part of all messages are compared too: looking them up takes longer than it saves. */
const largeShare = 1 / 8;

/** Tells of what is stored of a message whether it fits. */
export type Check = (stored: string) => boolean;
export type Plan = {
  /** The expression of the full-text search; null if every message is compared. */
  match: string | null;
  /** The numbers of the rooms, if they are not part of the expression. */
  rooms: readonly number[] | null;
  /** What each message is asked that was found so. */
  checks: readonly Check[];
  /** Whether words were left out for which a term stands. */
  isCut: boolean;
  /** How many messages are looked at. */
  rowsMax: number;
};

/** Where is looked: in these rooms, and what these people wrote; null: what anyone wrote. */
export type IndexScope = { rooms: readonly IndexedRoom[]; senders: readonly number[] | null };

/** Whether the rooms have so few messages that each of them is compared. */
export function hasFew({ rooms }: IndexScope): boolean {
  return rooms.length <= keyedRoomsMax && rooms.reduce((sum, room) => sum + room.messages, 0) <= fewMessages;
}

/** A word stands for at most `wordsMax` others, where nothing else of the query can be looked up. */
export function makePlan(
  index: IndexParts,
  query: IndexQuery,
  { scope, similar, wordsMax }: { scope: IndexScope; similar: Similar; wordsMax: number },
): Plan {
  const { isKeyed, fixed } = placesOf(index, query, scope);
  const rooms = isKeyed ? null : scope.rooms.map(({ no }) => no);
  const terms = query.terms.map((term) => expand(index.words, term, query.kind, similar));
  const narrow = terms.flatMap(({ expression }) => expression ?? []);
  const wide = terms.filter(({ expression }) => expression === null);
  if (narrow.length > 0 && !query.isRanked)
    for (const beginning of beginningsToLookUp(index, query, terms, scope)) narrow.push(beginning);
  const [rarest] = [...wide].sort((a, b) => a.messages - b.messages);
  const isRare = rarest !== undefined && rarest.messages < index.messages * frequentShare;
  const lookedUp = query.isRanked ? wide : isRare && narrow.length === 0 ? [rarest] : [];
  for (const { words } of lookedUp) narrow.push(oneOf(words.slice(0, wordsMax)));
  const checks = wide.map(({ check }) => check);
  // What fits better was listed before.
  if (query.kind !== "word") checks.push(isWorse(query, similar));
  const needed = [...fixed, ...narrow];
  const unwanted = unwantedBy(index, query);
  if (needed.length === 0 && unwanted.length > 0) needed.push(anything);
  const match = needed.length === 0 ? null : withoutAny(needed, unwanted);
  const isCut = lookedUp.some(({ words }) => words.length > wordsMax);
  return { match, rooms: match === null ? scope.rooms.map(({ no }) => no) : rooms, checks, isCut, rowsMax };
}

/**
 * The words that stand for many others, and are looked up all the same: because comparing would take longer, where few of the
 * messages that have the other words have them too.
 */
function beginningsToLookUp(
  index: IndexParts,
  query: IndexQuery,
  terms: readonly Expanded[],
  { rooms }: IndexScope,
): string[] {
  if (query.kind !== "word") return [];
  const compared = Math.min(
    rowsMax,
    ...terms.flatMap(({ expression, words, messages }) => (expression && words.length > 0 ? messages : [])),
  );
  const shareOf = (messages: number) => messages / Math.max(1, index.messages);
  const inRooms = shareOf(rooms.reduce((sum, room) => sum + room.messages, 0));
  const hits =
    compared *
    terms.reduce((part, { expression, messages }) => (expression ? part : part * shareOf(messages)), inRooms);
  // Comparing ends when the page is full.
  const untilFull = hits <= query.limit ? compared : (compared * query.limit) / hits;
  return terms.flatMap(({ expression, words, messages }) =>
    expression === null && messages < untilFull * lookedUpPerCompared ? phrase(words.slice(0, 1), true) : [],
  );
}

/** All that a query asks, of a message in its rooms. */
export function checksOf(
  index: IndexParts,
  query: IndexQuery,
  senders: IndexScope["senders"],
  similar: Similar,
): Check[] {
  const { terms, excluded, keys, kind } = query;
  const from = senders?.map((no) => `s${no}`);
  const notFrom = query.notFrom.flatMap((sender) => index.senderNo(sender) ?? []).map((no) => `s${no}`);
  const has = terms.map((term) => checkOf(term, kind, similar));
  const words: Check[] =
    kind === "some"
      ? [(stored) => has.some((check) => check(stored))]
      : [...has, ...(kind === "word" ? [] : [isWorse(query, similar)])];
  return [
    ...words,
    (stored) => keys.every((key) => containsKey(stored, key)),
    (stored) => !from || from.some((key) => containsKey(stored, key)),
    (stored) => !notFrom.some((key) => containsKey(stored, key)),
    (stored) => terms.length > 0 || !containsKey(stored, "change"),
    (stored) => !excluded.some((term) => checkOf(term, "word", similar)(stored)),
  ];
}

/** For each word of a query, whether a message has it or another form of it. */
export function checksOfSome({ terms }: Pick<IndexQuery, "terms">): Check[] {
  return terms.map((term) => checkOf(term, "some", new Map()));
}

/** Whether there are words that contain this one and do not begin with it. */
export function isInsideOfOthers(list: WordList, term: Term): boolean {
  const [word = ""] = term.words;
  return canBeInside(term) && list.listWith(word, true).some((other) => !other.startsWith(word));
}

/** One plan for each word, of messages that have it or another form of it. */
export function plansOfSome(index: IndexParts, query: IndexQuery, scope: IndexScope): Plan[] {
  const { isKeyed, fixed } = placesOf(index, query, scope);
  const rooms = isKeyed ? null : scope.rooms.map(({ no }) => no);
  const unwanted = unwantedBy(index, query);
  const rowsMax = Math.ceil(someRowsMax / query.terms.length);
  return query.terms.map((term) => {
    const { expression, words } = expand(index.words, term, "word", new Map());
    const stem = stemOf(term);
    const forms = stem === null ? [] : index.words.listWith(stem, false).slice(0, narrowMax);
    const parts = [
      expression ?? oneOf(words.slice(0, narrowMax)),
      ...(forms.length > 0 ? [oneOf(forms)] : []),
    ];
    const match = withoutAny([...fixed, `(${parts.join(" OR ")})`], unwanted);
    return { match, rooms, checks: [() => true], isCut: false, rowsMax };
  });
}

/** What of the rooms, the people and what else is asked can be looked up. */
function placesOf(
  index: IndexParts,
  query: IndexQuery,
  { rooms, senders }: IndexScope,
): { isKeyed: boolean; fixed: string[] } {
  const messages = rooms.reduce((sum, room) => sum + room.messages, 0);
  const isSmall = rooms.length <= keyedRoomsMax && messages < index.messages * largeShare;
  // The order of what fits best is by the words alone.
  const isKeyed = isSmall && (!query.isRanked || query.kind === "some");
  return {
    isKeyed,
    fixed: [
      ...(isKeyed ? [anyOf(rooms.map(({ no }) => `r${no}`))] : []),
      ...(senders ? [anyOf(senders.slice(0, keyedPeopleMax).map((no) => `s${no}`))] : []),
      ...query.keys.map((key) => anyOf([key])),
    ],
  };
}

/** Messages of more blocked people than can be looked up are left out when they are read from the database. */
function unwantedBy(index: IndexParts, { excluded, notFrom, terms }: IndexQuery): string[] {
  const senders = notFrom.flatMap((sender) => index.senderNo(sender) ?? []).slice(0, keyedPeopleMax);
  return [
    ...excluded.map(({ words, isOpen }) => phrase(words, isOpen)),
    // Who asks for no words does not ask for changes of rooms.
    ...(terms.length === 0 ? [anyOf(["change"])] : []),
    ...(senders.length > 0 ? [anyOf(senders.map((no) => `s${no}`))] : []),
  ];
}

function withoutAny(needed: readonly string[], unwanted: readonly string[]): string {
  return [`(${needed.join(" AND ")})`, ...unwanted.map((part) => `(${part})`)].join(" NOT ");
}

type Expanded = {
  /** Null if it stands for too many words to look all of them up. */
  expression: string | null;
  check: Check;
  /** The words that it stands for, the most frequent first, and in how many messages they are, roughly. */
  words: readonly string[];
  messages: number;
};

function expand(list: WordList, term: Term, kind: MatchKind, similar: Similar): Expanded {
  const { words, isOpen } = term;
  const last = words.at(-1)!;
  const isBeginning = isOpen && hasBeginnings(last);
  const check = checkOf(term, kind, similar);
  if (words.length > 1 || !isListed(last))
    return { expression: phrase(words, isBeginning), check, words: [], messages: 0 };
  const isInside = kind !== "word" && canBeInside(term);
  const found = new Set([last]);
  if (isBeginning || isInside) for (const word of list.listWith(last, isInside)) found.add(word);
  if (kind === "similar") for (const word of similar.get(last) ?? []) found.add(word);
  const all = [...found];
  const messages = all.reduce((sum, word) => sum + list.countOf(word), 0);
  return { expression: all.length <= narrowMax ? oneOf(all) : null, check, words: all, messages };
}

function checkOf(term: Term, kind: MatchKind, similar: Similar): Check {
  const { words, isOpen } = term;
  const last = words.at(-1)!;
  const isInside = kind !== "word" && kind !== "some" && canBeInside(term);
  const stem = kind === "some" ? stemOf(term) : null;
  const how = isInside ? "inside" : isOpen && hasBeginnings(last) ? "beginning" : "whole";
  const others = kind === "similar" && words.length === 1 ? (similar.get(last) ?? []) : [];
  return (stored) =>
    containsWords(stored, words, how) ||
    (stem !== null && containsWords(stored, [stem], "beginning")) ||
    others.some((other) => containsWords(stored, [other], "whole"));
}

/** Whether a message lacks one of the words in the form that was looked for before. */
function isWorse({ terms, kind }: IndexQuery, similar: Similar): Check {
  const better = terms.map((term) => checkOf(term, kind === "inside" ? "word" : "inside", similar));
  return (stored) => !better.every((check) => check(stored));
}
