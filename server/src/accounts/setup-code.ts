import type { Database } from "../db/database.ts";
import type { Random } from "../lib/random.ts";
import { hasAnyAccount } from "./queries.ts";
import { setSetupCode } from "./setup-code-queries.ts";

/**
 * A fresh one-time code for making the first account from another machine, or null when somebody has an account.
 * Only its hash is stored; each start without an account makes a new one.
 */
export async function issueSetupCode(app: { db: Database; random: Random }): Promise<string | null> {
  if (await hasAnyAccount(app.db.sql)) return null;
  const code = app.random.token().slice(0, 24);
  await setSetupCode(app.db.sql, code);
  return code;
}
