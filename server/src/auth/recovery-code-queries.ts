import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";

export async function countRecoveryCodes(sql: Sql, accountId: AccountId): Promise<number> {
  const [row] = await sql<{ count: number }>`
    select count(*) as count from recovery_codes where account_id = ${accountId} and used_at is null`;
  return row!.count;
}

export async function deleteRecoveryCodes(tx: Sql, accountId: AccountId): Promise<void> {
  await tx`delete from recovery_codes where account_id = ${accountId}`;
}

export async function insertRecoveryCode(tx: Sql, accountId: AccountId, mac: Uint8Array): Promise<void> {
  await tx`insert into recovery_codes (account_id, code_mac) values (${accountId}, ${mac})`;
}

/** Uses a code up. Returns false if it is unknown or already used. */
export async function takeRecoveryCode(
  tx: Sql,
  { accountId, mac, at }: { accountId: AccountId; mac: Uint8Array; at: number },
): Promise<boolean> {
  const rows = await tx`
    update recovery_codes set used_at = ${at}
    where account_id = ${accountId} and code_mac = ${mac} and used_at is null
    returning 1`;
  return rows.length > 0;
}
