import type { Sql } from "../db/database.ts";
import type { Mail } from "../mail/mailer.ts";
import { type JobNeeds, queueJob } from "./queue.ts";

const dayMs = 24 * 3_600_000;

/** Queues a mail in the transaction that causes it. `untilMs`: what it says is not true any more after that. */
export async function queueMail(app: JobNeeds, tx: Sql, mail: Mail, untilMs = 3 * dayMs): Promise<void> {
  await queueJob(app, tx, "mail.send", mail, { untilMs });
}
