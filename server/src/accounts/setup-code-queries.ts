import { timingSafeEqual } from "node:crypto";
import type { Sql } from "../db/database.ts";
import { sha256 } from "../lib/sha256.ts";

/** Whether `code` is the one printed at start. */
export async function isSetupCode(tx: Sql, code: string): Promise<boolean> {
  const [row] = await tx<{ setup_code_hash: Uint8Array | null }>`select setup_code_hash from installation`;
  const stored = row?.setup_code_hash;
  return stored != null && timingSafeEqual(sha256(code), stored);
}

export async function clearSetupCode(tx: Sql): Promise<void> {
  await tx`update installation set setup_code_hash = null`;
}

export async function setSetupCode(sql: Sql, code: string): Promise<void> {
  await sql`update installation set setup_code_hash = ${sha256(code)}`;
}
