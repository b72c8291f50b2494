import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";

export async function readTotp(
  sql: Sql,
  id: AccountId,
): Promise<{ sealedSeed: Uint8Array; lastStep: number } | null> {
  const [row] = await sql<{ totp_secret: Uint8Array | null; totp_last_step: number }>`
    select totp_secret, totp_last_step from accounts where id = ${id}`;
  return row?.totp_secret ? { sealedSeed: row.totp_secret, lastStep: row.totp_last_step } : null;
}

/** Marks a time step as used. Returns false if it, or a later one, has been used already. */
export async function useTotpStep(tx: Sql, id: AccountId, step: number): Promise<boolean> {
  const rows = await tx`
    update accounts set totp_last_step = ${step} where id = ${id} and totp_last_step < ${step} returning 1`;
  return rows.length > 0;
}

/**
 * Turns the second factor on, so that a password alone no longer opens the account. `totp` is null if passkeys are the
 * factor.
 */
export async function turnFactorOn(
  tx: Sql,
  id: AccountId,
  at: number,
  totp: { sealedSeed: Uint8Array; lastStep: number } | null,
): Promise<void> {
  await tx`
    update accounts
    set factor_on_at = coalesce(factor_on_at, ${at}), totp_secret = coalesce(${totp?.sealedSeed ?? null}::bytea, totp_secret),
      totp_last_step = greatest(totp_last_step, ${totp?.lastStep ?? 0}), credentials_version = credentials_version + 1
    where id = ${id}`;
}

export async function turnFactorOff(tx: Sql, id: AccountId): Promise<void> {
  await tx`
    update accounts
    set factor_on_at = null, totp_secret = null, credentials_version = credentials_version + 1
    where id = ${id}`;
}
