import type { FileId } from "@novax/protocol/files";
import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";

export type StoredEmoji = { name: string; picture: FileId; by: AccountId };

export async function listEmoji(sql: Sql): Promise<StoredEmoji[]> {
  return sql<StoredEmoji>`select name, picture_id as picture, created_by as by from custom_emoji order by name`;
}

/** Adds an emoji. `taken` and `full` add nothing. Locked, so that many at once do not become more than `max`. */
export async function insertEmoji(
  tx: Sql,
  emoji: StoredEmoji,
  { at, max, maxPerPerson }: { at: number; max: number; maxPerPerson: number },
): Promise<"added" | "taken" | "full" | "full of theirs"> {
  await tx`lock table custom_emoji in share row exclusive mode`;
  const [count] = await tx<{ emoji: number; own: number }>`
    select count(*) as emoji, count(*) filter (where created_by = ${emoji.by}) as own from custom_emoji`;
  if (count!.emoji >= max) return "full";
  if (count!.own >= maxPerPerson) return "full of theirs";
  const rows = await tx`
    insert into custom_emoji (name, picture_id, created_by, created_at)
    values (${emoji.name}, ${emoji.picture}, ${emoji.by}, ${at}) on conflict do nothing returning 1`;
  return rows.length === 1 ? "added" : "taken";
}

export async function findEmoji(tx: Sql, name: string): Promise<StoredEmoji | null> {
  const [row] = await tx<StoredEmoji>`
    select name, picture_id as picture, created_by as by from custom_emoji where name = ${name}`;
  return row ?? null;
}
