import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { sha256 } from "../lib/sha256.ts";
import { type RequestOrigin, userAgentCharsMax } from "./sessions.ts";

/** A browser that has signed in to this account before. */
export type KnownDevice = { id: string; failuresInARow: number; trustedUntil: number | null };

/** How many browsers an account remembers. A new one takes the place of the one that was unused longest. */
export const knownDevicesMax = 50;

/** How long a trusted browser is not asked for the second factor (ASVS 7.1; at most 30 days). */
export const deviceTrustMs = 30 * 24 * 3_600_000;

/** Finds the browser that holds this token. Null if this account has never signed in from it. */
export async function findKnownDevice(
  sql: Sql,
  accountId: AccountId,
  token: string,
): Promise<KnownDevice | null> {
  const [row] = await sql<{ id: string; failures_in_a_row: number; trusted_until: number | null }>`
    select id, failures_in_a_row, trusted_until from known_devices
    where token_hash = ${sha256(token)} and account_id = ${accountId}`;
  if (!row) return null;
  const trustedUntil = row.trusted_until;
  return { id: row.id, failuresInARow: row.failures_in_a_row, trustedUntil };
}

/**
 * Remembers the browser after a sign-in, and trusts it if asked to. The account is locked. Returns the token for its cookie, or null if the
 * browser was known already.
 */
export async function rememberDevice(
  app: { clock: Clock; random: Random },
  tx: Sql,
  device: { accountId: AccountId; known: KnownDevice | null; origin: RequestOrigin; trusts: boolean },
): Promise<string | null> {
  const now = app.clock.now();
  const { accountId, known, origin } = device;
  const trustedUntil = device.trusts ? now + deviceTrustMs : null;
  const userAgent = origin.userAgent.slice(0, userAgentCharsMax);
  if (known) {
    await tx`
      update known_devices
      set last_seen_at = ${now}, failures_in_a_row = 0, user_agent = ${userAgent}, address = ${origin.address},
        trusted_until = coalesce(${trustedUntil}::bigint, trusted_until)
      where id = ${known.id}`;
    return null;
  }
  const token = app.random.token();
  await tx`
    delete from known_devices where id in (
      select id from known_devices where account_id = ${accountId}
      order by (coalesce(trusted_until, 0) > ${now}) desc, last_seen_at desc, id offset ${knownDevicesMax - 1}
    )`;
  await tx`
    insert into known_devices (id, account_id, token_hash, created_at, last_seen_at, user_agent, address, trusted_until)
    values (${app.random.uuid()}, ${accountId}, ${sha256(token)}, ${now}, ${now}, ${userAgent}, ${origin.address},
      ${trustedUntil})`;
  return token;
}

export async function hasKnownDevices(sql: Sql, accountId: AccountId): Promise<boolean> {
  const rows = await sql`select 1 from known_devices where account_id = ${accountId} limit 1`;
  return rows.length > 0;
}

/** A browser that is not asked for the second factor, as shown in the list. */
export type TrustedDevice = {
  id: string;
  userAgent: string;
  address: string;
  lastSeenAt: number;
  trustedUntil: number;
};

export async function listTrustedDevices(
  sql: Sql,
  accountId: AccountId,
  now: number,
): Promise<TrustedDevice[]> {
  const rows = await sql<{
    id: string;
    user_agent: string;
    address: string;
    last_seen_at: number;
    trusted_until: number;
  }>`
    select id, user_agent, address, last_seen_at, trusted_until from known_devices
    where account_id = ${accountId} and trusted_until > ${now}
    order by last_seen_at desc`;
  return rows.map((row) => ({
    id: row.id,
    userAgent: row.user_agent,
    address: row.address,
    lastSeenAt: row.last_seen_at,
    trustedUntil: row.trusted_until,
  }));
}

/** Ends the trust in one browser, or in all of them if `id` is null. Returns how many lost it. */
export async function distrustDevices(tx: Sql, accountId: AccountId, id: string | null): Promise<number> {
  const rows = await tx`
    update known_devices set trusted_until = null
    where account_id = ${accountId} and trusted_until is not null and (${id}::uuid is null or id = ${id}::uuid)
    returning 1`;
  return rows.length;
}

/** Takes back a failure that should not count. */
export async function uncountDeviceFailure(sql: Sql, id: string): Promise<void> {
  await sql`update known_devices set failures_in_a_row = greatest(0, failures_in_a_row - 1) where id = ${id}`;
}

export async function countDeviceFailure(sql: Sql, id: string): Promise<void> {
  await sql`update known_devices set failures_in_a_row = failures_in_a_row + 1 where id = ${id}`;
}
