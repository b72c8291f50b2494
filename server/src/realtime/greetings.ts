import type { JoinedRoom } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import { filterLiveSessions } from "../auth/session-queries.ts";
import { Batcher } from "../lib/batcher.ts";
import { listBlockers, listProfiles } from "../people/queries.ts";
import { listRoomsOf } from "../rooms/queries.ts";
import type { NovaxConnection } from "./connection.ts";

export type Greeting = {
  /** Whether the session is still valid. */
  isLive: boolean;
  rooms: JoinedRoom[];
  profile: Awaited<ReturnType<typeof listProfiles>>[number] | undefined;
  blockers: ReadonlySet<AccountId>;
};

/** The lists of so many people are no more than a few megabytes. */
const batchMax = 200;

/** What connections are greeted with. When thousands come back at once, it is read for many of them together. */
export function createGreetings(
  app: Parameters<typeof filterLiveSessions>[0],
): Batcher<NovaxConnection, Greeting> {
  const { sql } = app.db;
  return new Batcher(
    async (connections) => {
      const accounts = [...new Set(connections.map(({ actor }) => actor.id))];
      const sessions = [...new Set(connections.map(({ actor }) => actor.sessionId))];
      const [live, rooms, profiles, blockers] = await Promise.all([
        filterLiveSessions(app, sessions),
        listRoomsOf(sql, accounts),
        listProfiles(sql, accounts),
        listBlockers(sql, accounts),
      ]);
      const profileOf = new Map(profiles.map((profile) => [profile.person.id, profile]));
      return ({ actor }) => ({
        isLive: live.has(actor.sessionId),
        rooms: rooms.get(actor.id) ?? [],
        profile: profileOf.get(actor.id),
        blockers: blockers.get(actor.id) ?? new Set(),
      });
    },
    { batchMax },
  );
}
