import { remindersPerPersonMax, scheduledPerPersonMax } from "@novax/protocol/limits";
import type { ReadResult } from "@novax/protocol/reads";
import type { Actor } from "../auth/sessions.ts";
import type { Database } from "../db/database.ts";
import { listReminders, listScheduled } from "./queries.ts";

export async function readMyScheduled(
  app: { db: Database },
  actor: Actor,
): Promise<ReadResult<"me.scheduled">> {
  return { scheduled: await listScheduled(app.db.sql, actor.id, scheduledPerPersonMax) };
}

export async function readMyReminders(
  app: { db: Database },
  actor: Actor,
): Promise<ReadResult<"me.reminders">> {
  return { reminders: await listReminders(app.db.sql, actor.id, remindersPerPersonMax) };
}
