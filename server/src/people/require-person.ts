import type { Person } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import { listKnownTo } from "./queries.ts";

/** Returns a person. Refuses with `not_found` if the viewer cannot know of them. */
export async function requirePerson(sql: Sql, viewer: { id: AccountId }, id: AccountId): Promise<Person> {
  const [person] = await listKnownTo(sql, viewer, [id]);
  if (!person) throw personNotFound();
  return person;
}

export function personNotFound(): Refusal {
  return new Refusal("not_found", (t) => t.nobody);
}
