import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { sha256 } from "../lib/sha256.ts";

export type KnownDevice = { id: string; failuresInARow: number };

/** The browser that holds this token, if this account signed in from it before. */
export async function findKnownDevice(
  sql: Sql,
  accountId: AccountId,
  token: string,
): Promise<KnownDevice | null> {
  const [row] = await sql<{ id: string; failures_in_a_row: number }>`
    select id, failures_in_a_row from known_devices
    where token_hash = ${sha256(token)} and account_id = ${accountId}`;
  return row ? { id: row.id, failuresInARow: row.failures_in_a_row } : null;
}

/** Remembers the browser after a sign-in. Returns the token for its cookie. */
export async function rememberDevice(
  app: { clock: Clock; random: Random },
  tx: Sql,
  accountId: AccountId,
  known: KnownDevice | null,
): Promise<string | null> {
  const now = app.clock.now();
  if (known) {
    await tx`update known_devices set last_seen_at = ${now}, failures_in_a_row = 0 where id = ${known.id}`;
    return null;
  }
  const token = app.random.token();
  await tx`
    insert into known_devices (id, account_id, token_hash, created_at, last_seen_at)
    values (${app.random.uuid()}, ${accountId}, ${sha256(token)}, ${now}, ${now})`;
  return token;
}

/** Takes one failure back that turned out to be none. */
export async function uncountDeviceFailure(sql: Sql, id: string): Promise<void> {
  await sql`update known_devices set failures_in_a_row = greatest(0, failures_in_a_row - 1) where id = ${id}`;
}

export async function countDeviceFailure(sql: Sql, id: string): Promise<void> {
  await sql`update known_devices set failures_in_a_row = failures_in_a_row + 1 where id = ${id}`;
}
