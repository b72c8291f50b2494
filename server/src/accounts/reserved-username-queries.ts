import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { nameKeys } from "../lib/name-keys.ts";

/** Whether a username that shares one of these keys is reserved for an account other than `owner`. */
export async function isNameReserved(
  sql: Sql,
  keys: readonly string[],
  owner: AccountId | null,
  { now }: { now: number },
): Promise<boolean> {
  const rows = await sql`
    select 1 from reserved_usernames
    where name_keys && ${sql.array(keys, "text")} and until > ${now} and account_id is distinct from ${owner}::uuid`;
  return rows.length > 0;
}

/** How many reservations this account has that last beyond `untilAfter`. */
export async function countNamesGivenUp(sql: Sql, owner: AccountId, untilAfter: number): Promise<number> {
  const [row] = await sql<{ count: number }>`
    select count(*) as count from reserved_usernames where account_id = ${owner} and until > ${untilAfter}`;
  return row!.count;
}

/** Reserves a username that was given up. Its old owner may take it back. */
export async function reserveName(
  tx: Sql,
  key: string,
  owner: AccountId,
  { until }: { until: number },
): Promise<void> {
  await tx`
    insert into reserved_usernames (username_key, name_keys, account_id, until)
    values (${key}, ${tx.array(nameKeys(key), "text")}, ${owner}, ${until})
    on conflict (username_key) do update set account_id = excluded.account_id, until = excluded.until`;
}

export async function setUsername(
  tx: Sql,
  id: AccountId,
  username: string,
  { key }: { key: string },
): Promise<void> {
  await tx`
    update accounts set username = ${username}, username_key = ${key}, name_keys = ${tx.array(nameKeys(username), "text")}
    where id = ${id}`;
}
