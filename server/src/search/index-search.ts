// How a query is answered from the index.
import type { MatchKind } from "@novax/protocol/reads";
import { idsPerMs, isListed } from "./index-expression.ts";
import type { IndexedRoom, IndexHit, IndexParts, IndexQuery, IndexResult } from "./index-parts.ts";
import {
  checksOf,
  checksOfSome,
  hasFew,
  type IndexScope,
  isInsideOfOthers,
  makePlan,
  type Plan,
  plansOfSome,
} from "./index-plan.ts";
import { type Similar, stemOf } from "./match.ts";
import type { WordList } from "./word-list.ts";

type Found = Omit<IndexResult, "ms" | "canBeInside">;

/** What is taken into the order of how well it fits. */
const rankedMax = 1000;
/**
 * The words that one stands for, the most frequent ones, where nothing else of the query can be looked up; and once more, with
 * more of them, if those found too little.
 */
const wideMax = 64;
const widestMax = 800;
/** How much a message of another room uses up of the limit of rows, where one of the person's own rooms uses up 1. */
const elsewhereCost = 1 / 50;
/** How much of the weight of all words a message must have that has only some of them. */
const someShare = 0.35;
/** More than anybody means, so that words of rooms that a person is not in do not take the place of others. */
const similarMax = 20;

/** Returns what fits, newest first or best first. With the best first it is all that can be looked at. */
export function searchIndex(index: IndexParts, query: IndexQuery): IndexResult {
  const began = performance.now();
  const limit = query.isRanked ? rankedMax : query.limit;
  const result = searchKind(index, { ...query, limit });
  const canBeInside =
    query.kind === "word" && query.terms.some((term) => isInsideOfOthers(index.words, term));
  return { ...result, canBeInside, ms: performance.now() - began };
}

function searchKind(index: IndexParts, query: IndexQuery): Found {
  const { kind, terms } = query;
  const similar: Similar = kind === "similar" ? similarTo(index.words, query) : new Map();
  const none: Found = { hits: [], end: null, similar: [] };
  // Without another word than those that were looked for before, there is nothing else to find.
  if (kind === "similar" && similar.size === 0) return none;
  if (kind === "inside" && !terms.some((term) => isInsideOfOthers(index.words, term))) return none;
  // Another form of a single word may be there.
  if (kind === "some" && terms.length < 2 && !terms.some(stemOf)) return none;
  const rooms = query.rooms.flatMap((room) => index.room(room) ?? []);
  const senders = query.from?.flatMap((sender) => index.senderNo(sender) ?? []) ?? null;
  if (rooms.length === 0 || senders?.length === 0) return none;
  const scope = { rooms, senders };
  const given = [...similar].map(([word, words]): [string, string[]] => [word, [...words]]);
  if (kind === "some") return { hits: selectSome(index, query, scope), end: null, similar: [] };
  // How rare a word is in all messages orders what fits best, and only the full-text search knows it.
  if (hasFew(scope) && !query.isRanked) {
    const hits = selectFew(index, query, scope, similar).slice(0, query.limit);
    return { hits: hits.map((row) => hitOf(index, row, kind)), end: null, similar: given };
  }
  const first = select(index, query, makePlan(index, query, { scope, similar, wordsMax: wideMax }));
  const isDone = !first.isCut || first.rows.length >= query.limit || first.end !== null;
  const { rows, end } = isDone
    ? first
    : select(index, query, makePlan(index, query, { scope, similar, wordsMax: widestMax }));
  return { hits: rows.map((row) => hitOf(index, row, kind)), end, similar: given };
}

function similarTo(list: WordList, { terms, similarCharsMin }: IndexQuery): Map<string, string[]> {
  const similar = new Map<string, string[]>();
  for (const { words } of terms) {
    const [word] = words;
    if (words.length !== 1 || word === undefined || word.length < similarCharsMin || !isListed(word))
      continue;
    const found = list.listSimilar(word, similarMax);
    if (found.length > 0) similar.set(word, found);
  }
  return similar;
}

/** The messages of a few rooms, newest first, as they were read last: most searches of one person are in the same rooms. */
let few: { key: string; rows: readonly Row[] } = { key: "", rows: [] };

/** Looks at each message of rooms that have few. */
function selectFew(
  index: IndexParts,
  query: IndexQuery,
  { rooms, senders }: IndexScope,
  similar: Similar,
): Row[] {
  const key = `${index.version} ${rooms.map(({ no }) => no).join()}`;
  if (few.key !== key) few = { key, rows: readFew(index, rooms) };
  const least = query.since * idsPerMs;
  const most = Math.min(query.before, query.until * idsPerMs);
  const among = query.among && new Set(query.among.map(([room, seq]) => `${room} ${seq}`));
  const checks = checksOf(index, query, senders, similar);
  return few.rows.filter(
    ({ id, room, seq, words }) =>
      id >= least &&
      id < most &&
      (!among || among.has(`${index.roomId(room)} ${seq}`)) &&
      checks.every((check) => check(words)),
  );
}

/**
 * The messages that have some of the words, and first those that have the rarest. How rare a word is, is told by those of
 * them that the person may read, so that nothing depends on what others write elsewhere. A message that has nothing but
 * words that many have is left out.
 */
function selectSome(index: IndexParts, query: IndexQuery, scope: IndexScope): IndexHit[] {
  const found = new Map<number, Row>();
  if (hasFew(scope)) for (const row of selectFew(index, query, scope, new Map())) found.set(row.id, row);
  else
    for (const plan of plansOfSome(index, query, scope))
      for (const row of select(index, { ...query, isRanked: false, limit: plan.rowsMax }, plan).rows)
        found.set(row.id, row);
  const rows = [...found.values()];
  const has = checksOfSome(query).map((check) => rows.map(({ words }) => check(words)));
  const weights = has.map((ofTerm) => {
    const count = ofTerm.filter(Boolean).length;
    return count === 0 ? 0 : Math.log(1 + rows.length / count);
  });
  const least = someShare * weights.reduce((sum, weight) => sum + weight, 0);
  return rows
    .map((row, at) => ({
      ...row,
      score: weights.reduce((sum, w, term) => sum + (has[term]![at] ? w : 0), 0),
    }))
    .filter(({ score }) => score > 0 && score >= least)
    .sort((a, b) => b.score - a.score || b.id - a.id)
    .slice(0, query.limit)
    .map((row) => hitOf(index, row, "some"));
}

function readFew(index: IndexParts, rooms: readonly IndexedRoom[]): Row[] {
  const values = { $rooms: JSON.stringify(rooms.map(({ no }) => no)) };
  return index.sqlite
    .query<Row, [typeof values]>(
      `select id, room, seq, words, 0 as score from docs
      where room in (select value from json_each($rooms)) order by id desc`,
    )
    .all(values);
}

function hitOf(index: IndexParts, { id, room, seq }: Row, kind: MatchKind): IndexHit {
  return { id, room: index.roomId(room), seq, kind };
}

type Row = { id: number; room: number; seq: number; words: string; score: number };

function select(
  index: IndexParts,
  query: IndexQuery,
  { match, rooms, checks, isCut, rowsMax }: Plan,
): Pick<IndexResult, "end"> & { rows: Row[]; isCut: boolean } {
  const values: Record<string, string | number> = {
    $least: query.since * idsPerMs,
    $most: Math.min(query.before, query.until * idsPerMs) - 1,
  };
  const conditions = ["d.id between $least and $most"];
  if (match !== null) {
    conditions.push("found match $match", "found.rowid between $least and $most");
    values.$match = match;
  }
  if (query.among !== null) {
    conditions.push(`d.id in (
      select x.id from json_each($among) j
        join docs x on x.room = json_extract(j.value, '$[0]') and x.seq = json_extract(j.value, '$[1]'))`);
    values.$among = JSON.stringify(query.among.flatMap(([room, seq]) => [[index.room(room)?.no ?? -1, seq]]));
  }
  const isRanked = query.isRanked && match !== null;
  // A cross join keeps the order: first what has the words, in the order of time, so that reading can end at any row. What
  // is compared is compared here, so that every row counts that was looked at.
  const source = match === null ? "docs d" : "found cross join docs d on d.id = found.rowid";
  const rows = index.sqlite
    .query<Row, [typeof values]>(
      `select d.id, d.room, d.seq, ${checks.length > 0 ? "d.words" : "'' as words"},
        ${isRanked ? "bm25(found)" : "0"} as score
      from ${source} where ${conditions.join(" and ")}
      order by ${match === null ? "d.id" : "found.rowid"} desc`,
    )
    .iterate(values);
  const allowed = rooms === null ? null : new Set(rooms);
  const found: Row[] = [];
  let looked = 0;
  let end: number | null = null;
  for (const row of rows) {
    const isAllowed = allowed?.has(row.room) !== false;
    // What others have elsewhere must not take the place of what the person may read.
    looked += isAllowed || query.kind !== "some" ? 1 : elsewhereCost;
    if (isAllowed && checks.every((check) => check(row.words))) found.push(row);
    if (found.length >= query.limit) break;
    if (looked < rowsMax) continue;
    end = row.id;
    break;
  }
  if (isRanked) found.sort((a, b) => a.score - b.score || b.id - a.id);
  // With the best first, what could not be looked at is left out.
  return { rows: found, end: end === null || query.isRanked ? null : [query.kind, end, 0], isCut };
}
