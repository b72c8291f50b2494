import type { AccountId, SessionId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";

/** Returns the banned IP addresses and ranges. */
export async function listBannedAddresses(sql: Sql): Promise<string[]> {
  const rows = await sql<{ address: string }>`select address from banned_addresses order by address`;
  return rows.map((row) => row.address);
}

export async function replaceBannedAddresses(
  tx: Sql,
  { addresses, by, at }: { addresses: readonly string[]; by: AccountId; at: number },
): Promise<void> {
  await tx`delete from banned_addresses`;
  await tx`
    insert into banned_addresses (address, banned_by, at)
    select unnest(${tx.array(addresses, "text")}), ${by}, ${at}`;
}

/** Returns all open sessions, except those of server owners, with the address each one started from. */
export async function listSessionAddresses(tx: Sql): Promise<{ id: SessionId; address: string }[]> {
  return tx<{ id: SessionId; address: string }>`
    select s.id, s.address from sessions s join accounts a on a.id = s.account_id
    where s.ended_at is null and a.server_role <> 'owner'`;
}

/** Returns the address a session started from, or null. */
export async function findSessionAddress(tx: Sql, id: SessionId): Promise<string | null> {
  const [row] = await tx<{ address: string }>`select address from sessions where id = ${id}`;
  return row?.address ?? null;
}

export async function endSessionsById(tx: Sql, ids: readonly SessionId[], now: number): Promise<void> {
  await tx`update sessions set ended_at = ${now} where id = any(${tx.array(ids, "uuid")}) and ended_at is null`;
}
