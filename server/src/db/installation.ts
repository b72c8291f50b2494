import { timingSafeEqual } from "node:crypto";
import type { Epoch } from "@novax/protocol/ids";
import { ConfigError } from "../config/read-config.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import type { Sql } from "./database.ts";

/** Positions from one epoch mean nothing in another; see `ids.ts` in the protocol. */
export async function readEpoch(sql: Sql): Promise<Epoch> {
  const [row] = await sql<{ epoch: Epoch }>`select epoch from installation`;
  return row!.epoch;
}

/** Whether a process has set this database up with a secret. */
export async function hasSecret(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ has: boolean }>`select secret_check is not null as has from installation`;
  return row!.has;
}

/** Whether a database was set up with this secret. */
export async function isSameSecret(sql: Sql, secret: ServerSecret): Promise<boolean> {
  const [row] = await sql<{ secret_check: Uint8Array | null }>`select secret_check from installation`;
  return (
    row!.secret_check !== null && timingSafeEqual(secret.mac("check", "installation"), row!.secret_check)
  );
}

/**
 * Asserts that this process has the secret that the database was set up with; the first process stores a check value
 * of it. Throws {@link ConfigError}: with another secret no stored code would match and no queued mail could be
 * opened.
 */
export async function assertSameSecret(sql: Sql, secret: ServerSecret): Promise<void> {
  const check = secret.mac("check", "installation");
  await sql`update installation set secret_check = ${check} where secret_check is null`;
  if (!(await isSameSecret(sql, secret))) {
    throw new ConfigError([
      "SECRET_KEY: this database was set up with another secret; restore that secret.key, or set SECRET_KEY to it",
    ]);
  }
}
