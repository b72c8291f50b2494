import { hueDistance, hueOf, hueSteps } from "@novax/protocol/hue";
import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import type { Random } from "../lib/random.ts";
import { listNewestAccountIds } from "./queries.ts";

const triesMax = 64;

/**
 * Returns an id for a new account. Its colour, which everyone derives from it, is as far as possible from those of the newest
 * accounts, so that people of a small team are told apart.
 */
export async function newAccountId(sql: Sql, random: Random): Promise<AccountId> {
  const taken = (await listNewestAccountIds(sql, hueSteps - 1)).map(hueOf);
  const distanceOf = (id: string) => Math.min(...taken.map((hue) => hueDistance(hue, hueOf(id))));
  const ids = Array.from({ length: triesMax }, () => random.uuid() as AccountId);
  return ids.reduce((best, id) => (distanceOf(id) > distanceOf(best) ? id : best));
}
