import type { Sql } from "../db/database.ts";
import type { ServerName } from "../lib/server-name.ts";
import type { Mail, Mailer } from "../mail/mailer.ts";
import { defineJob } from "./job.ts";
import { type QueueNeeds, queueJob } from "./queue.ts";

const dayMs = 24 * 3_600_000;

export const sendMailJob = defineJob("mail.send", (app: { mailer: Mailer }, mail: Mail) =>
  app.mailer.send(mail),
);

/**
 * Queues an email, with the server's name before its subject, in the transaction that causes it. It is dropped after
 * `untilMs`, when its content is out of date.
 */
export async function queueMail(
  app: QueueNeeds & { identity: ServerName },
  tx: Sql,
  mail: Mail,
  { untilMs = 3 * dayMs }: { untilMs?: number } = {},
): Promise<void> {
  const payload = { ...mail, subject: `${app.identity.name}: ${mail.subject}` };
  await queueJob(app, tx, sendMailJob, { payload, untilMs });
}
