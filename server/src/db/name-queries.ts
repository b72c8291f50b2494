import { searchForm } from "@novax/protocol/names";
import { nameKeys } from "../lib/name-keys.ts";
import type { Sql } from "./database.ts";

const rowsAtOnce = 1000;

/** Fills the columns that migration 0021 adds with what the names of all accounts and rooms are compared by. */
export async function fillNames(tx: Sql): Promise<void> {
  const accounts = await tx<{ id: string; username: string; display_name: string }>`
    select id, username, display_name from accounts where deleted_at is null`;
  for (const some of chunksOf(accounts))
    await tx`
      update accounts a set name_keys = string_to_array(n.keys, chr(10)), search_name = n.search_name
      from unnest(${tx.array(
        some.map((row) => row.id),
        "uuid",
      )}, ${tx.array(
        some.map((row) => nameKeys(row.username).join("\n")),
        "text",
      )}, ${tx.array(
        some.map((row) => searchForm(row.display_name)),
        "text",
      )}) as n (id, keys, search_name)
      where a.id = n.id`;
  const rooms = await tx<{ id: string; name: string }>`select id, name from rooms where name <> ''`;
  for (const some of chunksOf(rooms))
    await tx`
      update rooms r set name_keys = string_to_array(n.keys, chr(10)), search_name = n.search_name
      from unnest(${tx.array(
        some.map((row) => row.id),
        "text",
      )}, ${tx.array(
        some.map((row) => nameKeys(row.name).join("\n")),
        "text",
      )}, ${tx.array(
        some.map((row) => searchForm(row.name)),
        "text",
      )}) as n (id, keys, search_name)
      where r.id = n.id`;
  const reserved = await tx<{ username_key: string }>`select username_key from reserved_usernames`;
  for (const { username_key } of reserved)
    await tx`
      update reserved_usernames set name_keys = ${tx.array(nameKeys(username_key), "text")}
      where username_key = ${username_key}`;
}

function chunksOf<T>(rows: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(rows.length / rowsAtOnce) }, (_, index) =>
    rows.slice(index * rowsAtOnce, (index + 1) * rowsAtOnce),
  );
}
