import type { Database } from "../db/database.ts";
import type { Random } from "../lib/random.ts";
import { hasAnyAccount } from "./queries.ts";
import { setSetupCode } from "./setup-code-queries.ts";

/**
 * Makes a new one-time code for creating the first account from another machine. Null if there is an account already.
 * Only the code's hash is stored; each start without an account replaces it.
 */
export async function issueSetupCode(app: { db: Database; random: Random }): Promise<string | null> {
  if (await hasAnyAccount(app.db.sql)) return null;
  const code = app.random.token().slice(0, 24);
  await setSetupCode(app.db.sql, code);
  return code;
}
