import type { AccountId, RoomId } from "@novax/protocol/ids";
import { searchHitsMax } from "@novax/protocol/limits";
import { type MatchKind, matchKinds } from "@novax/protocol/reads";
import { z } from "zod";
import type { Actor } from "../auth/sessions.ts";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { encodeCursor, parseCursor } from "../lib/cursor.ts";
import { requireMembership } from "../rooms/require-membership.ts";
import type { Excerpt } from "./excerpt.ts";
import type { Query } from "./parse-query.ts";
import { type HitRow, readHits } from "./queries.ts";
import { resolveNames } from "./resolve-names.ts";
import type { SearchIndex } from "./search-index.ts";

export type SearchNeeds = {
  db: Database;
  clock: Clock;
  searchIndex: Pick<SearchIndex, "search" | "match" | "progress">;
  budgets: { chargeAnswer(person: AccountId, chars: number): void };
};

/** A message that fits, as it is now, and the part of it that was looked for. */
export type Hit = Excerpt & { row: HitRow; match: MatchKind };

/** A millisecond of the index weighs as much as this many characters that were read: ten of them cost as much as a message. */
const charsPerMs = 2500;
/** How often more is fetched for a page because of what the person may not see. */
const fetchesMax = 3;
/** With fewer hits than this, what fits less well is looked for in the same answer. */
const fewHits = 5;
/** Many short words differ by one letter, and mean something else: those are tried only if there is nothing at all. */
const similarCharsMinAlone = 4;
const similarCharsMinWithHits = 6;

/** Where a page ends: how well the last hit fits, its number in the index, and with the best first, how many came before it. */
const cursorSchema = z.tuple([z.enum(matchKinds), z.int(), z.int().nonnegative()]);
type Place = z.infer<typeof cursorSchema>;

/**
 * Returns a page of the messages that fit, of the rooms that the actor is in at this moment, or of one of them. Refuses with
 * `not_found` a room that they are not in, and as `resolveNames` does.
 */
export async function findMessages(
  app: SearchNeeds,
  actor: Actor,
  {
    query,
    room,
    order,
    after,
    limit: wished,
    hasSimilar = false,
  }: {
    query: Query;
    room: RoomId | undefined;
    order: "newest" | "relevant";
    after: string | undefined;
    limit: number;
    /** Whether words that resemble those of the query are tried where there is little else. */
    hasSimilar?: boolean;
  },
): Promise<{ page: Hit[]; next: string | null }> {
  const { sql } = app.db;
  const limit = Math.min(wished, searchHitsMax);
  const cursor = parseCursor(after, cursorSchema);
  if (room !== undefined) await requireMembership(sql, actor, room);
  const scope = await resolveNames(app, actor, query, room);
  // With the best first, what is written later changes none of the next pages.
  const start = order === "relevant" ? (cursor?.[1] ?? app.clock.now() * 1000) : Number.MAX_SAFE_INTEGER;
  const found: (Hit & { place: Place })[] = [];
  let place: Place = cursor ?? ["word", start, 0];
  let next: Place | null = null;
  const read = async (similarCharsMin: number) => {
    for (let fetches = 0; fetches < fetchesMax && found.length <= limit; fetches++) {
      const wanted = limit + 1 - found.length;
      const [kind, before, skipped] = place;
      const isRanked = order === "relevant" || kind === "some";
      const asked = { ...scope, kind, before, similarCharsMin, isRanked, limit: wanted };
      const fetched = await app.searchIndex.search(asked);
      app.budgets.chargeAnswer(actor.id, charsPerMs * fetched.ms);
      const hits = isRanked ? fetched.hits.slice(skipped, skipped + wanted) : fetched.hits;
      const rows = hits.length === 0 ? [] : await readHits(sql, actor.id, hits);
      const byPlace = new Map(rows.map((row) => [`${row.room} ${row.seq}`, row]));
      const readable = hits.flatMap((hit) => {
        place = isRanked ? [kind, before, place[2] + 1] : [hit.kind, hit.id, 0];
        const row = byPlace.get(`${hit.room} ${hit.seq}`);
        return row && isInTime(row, query) ? [{ row, match: hit.kind, place }] : [];
      });
      if (readable.length > 0) {
        // They may have changed since they were indexed.
        const messages = readable.map(({ row, match }) => ({ message: row, match }));
        const { excerpts, ms } = await app.searchIndex.match({ query, messages, similar: fetched.similar });
        app.budgets.chargeAnswer(actor.id, charsPerMs * ms);
        for (const [index, one] of readable.entries()) {
          const excerpt = excerpts[index];
          if (excerpt) found.push({ ...one, ...excerpt });
        }
      }
      if (fetched.end !== null) place = fetched.end;
      const isAll = hits.length < wanted && fetched.end === null;
      // Behind what has the words comes what has them inside of others.
      if (isAll && fetched.canBeInside) place = ["inside", start, 0];
      next = isAll && !fetched.canBeInside ? null : place;
      // That takes longer, and is the next page if there is something to show meanwhile.
      if (next === null || (isAll && found.length >= fewHits)) return;
    }
  };
  await read(0);
  if (hasSimilar && cursor === null && next === null && found.length < fewHits) {
    place = ["similar", start, 0];
    await read(found.length === 0 ? similarCharsMinAlone : similarCharsMinWithHits);
    if (found.length === 0) {
      place = ["some", app.clock.now() * 1000, 0];
      await read(0);
    }
    // What resembles the words, or has some of them, is an offer at the end of the hits, and no list of its own.
    next = null;
  }
  const page = found.slice(0, limit);
  const end = found.length > limit && next !== null ? page.at(-1)!.place : next;
  return { page, next: end && encodeCursor(end) };
}

function isInTime({ sentAt, isSaved }: HitRow, query: Query): boolean {
  return sentAt >= query.since && sentAt < query.until && (isSaved || !query.isSaved);
}
