import type { ReadResult } from "@novax/protocol/reads";
import { countApprovals } from "../admin/queries.ts";
import type { Actor } from "../auth/sessions.ts";
import type { Database } from "../db/database.ts";
import { countInvitations } from "../inbox/queries.ts";
import type { Clock } from "../lib/clock.ts";
import { countReports } from "../moderation/report-queries.ts";
import { readMyState } from "../people/queries.ts";
import { countDueReminders } from "../scheduled/queries.ts";
import { countUnreadThreads } from "../threads/queries.ts";

/** Returns a person's own settings, and counts of what is waiting for them in other modules. */
export async function readMe(
  { db: { sql }, clock }: { db: Database; clock: Clock },
  { id }: Actor,
): Promise<ReadResult<"me.read">> {
  return {
    ...(await readMyState(sql, id, clock.now())),
    ...(await countUnreadThreads(sql, id)),
    reports: await countReports(sql, id),
    newInvitations: await countInvitations(sql, id),
    dueReminders: await countDueReminders(sql, id),
    approvals: await countApprovals(sql, id),
  };
}
