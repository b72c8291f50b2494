import { toPerson } from "@novax/protocol/person";
import type { ReadInput, ReadResult } from "@novax/protocol/reads";
import type { Actor } from "../auth/sessions.ts";
import { findMessages, type SearchNeeds } from "./find-messages.ts";
import { isEmptyQuery, parseQuery } from "./parse-query.ts";

const pageHits = 20;

/**
 * Returns messages of the rooms that the actor is in at this moment, newest or best first: first those that have the words,
 * then those that have them inside of other words, and if there are few, those that have similar words. Nothing else about
 * other rooms can be told from the answer.
 *
 * Refuses with `malformed` what cannot be meant, with `not_found` a room that the actor is not in, and with `unavailable`
 * while the index is being opened.
 */
export async function searchMessages(
  app: SearchNeeds,
  actor: Actor,
  { q, room, order = "newest", zone = "UTC", after, limit = pageHits }: ReadInput<"search.messages">,
): Promise<ReadResult<"search.messages">> {
  const query = parseQuery(q, { zone, now: app.clock.now() });
  const indexed = app.searchIndex.progress;
  if (isEmptyQuery(query) && room === undefined && after === undefined)
    return { hits: [], next: null, indexed };
  const { page, next } = await findMessages(app, actor, {
    query,
    room,
    order,
    after,
    limit,
    hasSimilar: true,
  });
  const hits = page.map(({ row, excerpt, marks, match }) => ({
    room: row.room,
    seq: row.seq,
    threadRoot: row.threadRoot,
    sender: toPerson(row.sender, row.username, row.displayName),
    sentAt: row.sentAt,
    isMessage: row.changes === null,
    excerpt,
    marks,
    // Another form of the only word is a similar word.
    match: match === "some" && query.terms.length === 1 ? ("similar" as const) : match,
  }));
  return { hits, next, indexed };
}
