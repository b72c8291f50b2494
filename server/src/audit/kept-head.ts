// The end of the audit log, kept outside of the database. Who can write the database alone can cut entries off the end of
// the log, and even all of them, without a trace in it; but the log then no longer reaches what is kept here.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "../db/database.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import type { Log } from "../log/log.ts";
import { readAuditHash, readAuditHead } from "./queries.ts";

export type KeptHead = { seq: number; hash: string };

const fileName = "audit-head";
const context = "audit head";

/**
 * Writes the end of the log to the data folder, sealed, unless the one that is there is further on. What is kept of another log
 * is never written over: it's the evidence that the database was replaced or cut. That is logged.
 */
export async function keepAuditHead(
  app: { db: Database; secret: ServerSecret; log: Log },
  dataDir: string,
): Promise<void> {
  const head = await readAuditHead(app.db.sql);
  const kept = readKeptHead(app.secret, dataDir);
  if (kept && kept.seq > 0 && (await readAuditHash(app.db.sql, kept.seq)) !== kept.hash) {
    app.log.warn("audit.replaced", {
      kept: kept.seq,
      seq: head.seq,
      hint: `the audit log isn't the one that was here before; if you restored a backup, delete ${join(dataDir, fileName)}`,
    });
    return;
  }
  if (kept && kept.seq >= head.seq) return;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, fileName);
  writeFileSync(`${path}.new`, app.secret.seal(JSON.stringify(head), context), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Reads what was kept. Null if nothing was, or not with this secret. */
export function readKeptHead(secret: ServerSecret, dataDir: string): KeptHead | null {
  const path = join(dataDir, fileName);
  const text = existsSync(path) ? secret.open(readFileSync(path), context) : null;
  return text === null ? null : (JSON.parse(text) as KeptHead);
}
