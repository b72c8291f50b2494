import { timingSafeEqual } from "node:crypto";
import type { Epoch } from "@novax/protocol/ids";
import { ConfigError } from "../config/read-config.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import type { Sql } from "./database.ts";

/** Positions of one epoch mean nothing in another; see `ids.ts` of the protocol. */
export async function readEpoch(sql: Sql): Promise<Epoch> {
  const [row] = await sql<{ epoch: Epoch }>`select epoch from installation`;
  return row!.epoch;
}

/**
 * Asserts that this process has the secret that the database was set up with; the first one sets it up. Throws
 * {@link ConfigError}: with another secret no code would be right and no mail would go out.
 */
export async function assertSameSecret(sql: Sql, secret: ServerSecret): Promise<void> {
  const own = secret.mac("check", "installation");
  await sql`update installation set secret_check = ${own} where secret_check is null`;
  const [row] = await sql<{ secret_check: Uint8Array }>`select secret_check from installation`;
  if (!timingSafeEqual(own, row!.secret_check)) {
    throw new ConfigError([
      "SECRET_KEY: this database was set up with another secret; restore that secret.key, or set SECRET_KEY to it",
    ]);
  }
}
