import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";

/** Whether somebody other than `owner` gave this name up a short while ago. */
export async function isNameReserved(
  sql: Sql,
  key: string,
  owner: AccountId | null,
  now: number,
): Promise<boolean> {
  const rows = await sql`
    select 1 from reserved_usernames
    where username_key = ${key} and until > ${now} and account_id is distinct from ${owner}::uuid`;
  return rows.length > 0;
}

/** How many names this account gave up since then. */
export async function countNamesGivenUp(sql: Sql, owner: AccountId, untilAfter: number): Promise<number> {
  const [row] = await sql<{ count: number }>`
    select count(*) as count from reserved_usernames where account_id = ${owner} and until > ${untilAfter}`;
  return row!.count;
}

/** Keeps a name that was given up from others for a while; its old owner may have it back. */
export async function reserveName(tx: Sql, key: string, owner: AccountId, until: number): Promise<void> {
  await tx`
    insert into reserved_usernames (username_key, account_id, until) values (${key}, ${owner}, ${until})
    on conflict (username_key) do update set account_id = excluded.account_id, until = excluded.until`;
}

/** Gives the account another name. */
export async function setUsername(tx: Sql, id: AccountId, username: string, key: string): Promise<void> {
  await tx`update accounts set username = ${username}, username_key = ${key} where id = ${id}`;
}
