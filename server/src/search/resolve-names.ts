import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Actor } from "../auth/sessions.ts";
import type { Database } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import type { IndexQuery } from "./index-parts.ts";
import type { Query } from "./parse-query.ts";
import { findAuthors, listRoomNames, listSavedIds, readScope } from "./queries.ts";
import { wordsOf } from "./words.ts";

const savedMax = 5000;

/** A query with ids in place of names, in the rooms that the person is in. */
export type Scope = Omit<IndexQuery, "before" | "start" | "isRanked" | "limit" | "kind" | "similarCharsMin">;

/** Returns what a query means to the actor. Refuses with `malformed` the name of a room or a person that they do not know. */
export async function resolveNames(
  { db: { sql } }: { db: Database },
  actor: Actor,
  query: Query,
  room: RoomId | undefined,
): Promise<Scope> {
  const { rooms, blocked } = await readScope(sql, actor.id);
  const { terms, excluded, keys, since, until } = query;
  const named = query.in.length > 0 ? await requireRooms({ sql, actor }, query.in) : null;
  const allowed = named ? rooms.filter((id) => named.has(id)) : rooms;
  return {
    ...{ terms, excluded, keys, since, until },
    rooms: room === undefined ? allowed : allowed.filter((id) => id === room),
    from: query.from.length > 0 ? await requireAuthors({ sql, actor }, query.from) : null,
    notFrom: blocked,
    among: query.isSaved ? await listSavedIds(sql, actor.id, savedMax) : null,
  };
}

type Asking = { sql: Database["sql"]; actor: Actor };

/** Refuses with `malformed` a name that none of the actor's rooms has. */
async function requireRooms({ sql, actor }: Asking, names: readonly string[]): Promise<Set<RoomId>> {
  const mine = await listRoomNames(sql, actor.id);
  const found = new Set<RoomId>();
  for (const name of names) {
    const isOfPeople = name.startsWith("@");
    const people = (isOfPeople ? name : "")
      .toLowerCase()
      .split(",")
      .map((part) => part.trim().replace(/^@/, ""));
    const others = new Set(people.filter((username) => username !== actor.username.toLowerCase()));
    const key = keyOf(name);
    const fitting = mine.filter((room) =>
      isOfPeople
        ? room.others !== null &&
          room.others.length === others.size &&
          room.others.every((username) => others.has(username))
        : room.name !== "" && keyOf(room.name) === key,
    );
    if (fitting.length === 0 && !isOfPeople)
      fitting.push(...mine.filter((room) => room.name !== "" && keyOf(room.name).startsWith(key)));
    if (fitting.length === 0) throw new Refusal("malformed", (t) => t.searchRoom(name));
    for (const { room } of fitting) found.add(room);
  }
  return found;
}

/** A room's name as it is compared: its words. */
function keyOf(name: string): string {
  const words = wordsOf(name).map(({ text }) => text);
  return words.length > 0 ? words.join(" ") : name.trim();
}

/** Refuses with `malformed` a username of nobody that the actor can know of. */
async function requireAuthors({ sql, actor }: Asking, names: readonly string[]): Promise<AccountId[]> {
  const known = await findAuthors(sql, actor, names);
  return names.map((name) => {
    const id = name === "me" ? actor.id : known.get(name);
    if (id === undefined) throw new Refusal("malformed", (t) => t.searchPerson(name));
    return id;
  });
}
