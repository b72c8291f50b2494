import type { ReadInput, ReadResult } from "@novax/protocol/reads";
import type { Actor } from "../auth/sessions.ts";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Presence } from "../presence/presence.ts";
import { findProfile, listBlockers, listProfiles, searchPeople } from "./queries.ts";
import { personNotFound } from "./require-person.ts";

const peopleMax = 20;

export async function readPeople(
  app: { db: Database },
  actor: Actor,
  { q = "", room }: ReadInput<"people.search">,
): Promise<ReadResult<"people.search">> {
  const query = { search: q, room: room ?? null, limit: peopleMax };
  return { people: await searchPeople(app.db.sql, actor, query) };
}

/** Somebody who blocked the actor looks offline. Refuses with `not_found` if the actor cannot know of the person. */
export async function readProfile(
  app: { db: Database; clock: Clock; presence: Pick<Presence, "stateOf"> },
  actor: Actor,
  { person: id }: ReadInput<"person.profile">,
): Promise<ReadResult<"person.profile">> {
  const profile = await findProfile(app.db.sql, actor, id);
  if (!profile) throw personNotFound();
  const [shown] = await listProfiles(app.db.sql, [id]);
  const { status } = shown!;
  const isHidden = (await listBlockers(app.db.sql, [actor.id])).get(actor.id)?.has(id) ?? false;
  const isOver = status.until !== null && status.until <= app.clock.now();
  return {
    ...profile,
    status: isOver || isHidden ? { emoji: "", text: "", until: null } : status,
    state: isHidden ? null : app.presence.stateOf(id),
  };
}
