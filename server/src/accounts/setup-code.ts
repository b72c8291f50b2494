import { timingSafeEqual } from "node:crypto";
import type { Database, Sql } from "../db/database.ts";
import type { Random } from "../lib/random.ts";
import { sha256 } from "../lib/sha256.ts";
import { hasAnyAccount } from "./queries.ts";

/**
 * A fresh one-time code for making the first account from another machine, or null when somebody has an account.
 * Only its hash is stored; each start without an account makes a new one.
 */
export async function issueSetupCode(app: { db: Database; random: Random }): Promise<string | null> {
  if (await hasAnyAccount(app.db.sql)) return null;
  const code = app.random.token().slice(0, 24);
  await app.db.sql`update installation set setup_code_hash = ${sha256(code)}`;
  return code;
}

/** Whether `code` is the one printed at start. */
export async function isSetupCode(tx: Sql, code: string): Promise<boolean> {
  const [row] = await tx<{ setup_code_hash: Uint8Array | null }>`select setup_code_hash from installation`;
  const stored = row?.setup_code_hash;
  return stored != null && timingSafeEqual(sha256(code), stored);
}

export async function clearSetupCode(tx: Sql): Promise<void> {
  await tx`update installation set setup_code_hash = null`;
}
