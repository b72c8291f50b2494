import type { Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { ServerSecret } from "../lib/server-secret.ts";

export type JobKind =
  | "mail.send"
  | "reset.request"
  | "account.erase"
  | "poll.close"
  | "message.deliver"
  | "reminder.send";

/** Kinds that were queued under another name by an older version. */
const formerKinds: Record<string, JobKind> = { "reminder.tell": "reminder.send" };

export type JobNeeds = { clock: Clock; random: Random; secret: ServerSecret };

/** Work that was taken up, for this process alone until its lease ends. */
export type ClaimedJob = { id: string; kind: JobKind; payload: unknown; attempts: number };

/**
 * Queues work in the transaction that causes it: it is done when that commits, and was never heard of otherwise. It is
 * done at least once. `untilMs`: not worth doing after so long. Returns the job's id, by which {@link finishJob} takes it back.
 */
export async function queueJob(
  app: JobNeeds,
  tx: Sql,
  kind: JobKind,
  payload: unknown,
  when: { runAt?: number; untilMs?: number } = {},
): Promise<string> {
  const now = app.clock.now();
  const id = app.random.uuid();
  await tx`
    insert into jobs (id, kind, payload, run_at, until)
    values (${id}, ${kind}, ${app.secret.seal(JSON.stringify(payload), jobContext(id))},
      ${when.runAt ?? now}, ${when.untilMs === undefined ? null : now + when.untilMs})`;
  return id;
}

/** Takes up one job that is due, or null. Until `leaseMs` from now no other process takes it. */
export async function claimJob(app: JobNeeds, sql: Sql, leaseMs: number): Promise<ClaimedJob | null> {
  const now = app.clock.now();
  const [row] = await sql<{ id: string; kind: JobKind; payload: Uint8Array; attempts: number }>`
    update jobs set run_at = ${now + leaseMs}, attempts = attempts + 1
    where id = (
      select id from jobs where run_at <= ${now} and failed_at is null
      order by run_at limit 1 for update skip locked
    )
    returning id, kind, payload, attempts`;
  if (!row) return null;
  const payload = app.secret.open(row.payload, jobContext(row.id));
  return {
    ...row,
    kind: formerKinds[row.kind] ?? row.kind,
    payload: payload === null ? null : (JSON.parse(payload) as unknown),
  };
}

/** Drops what is not worth doing any more. */
export async function dropLateJobs(app: JobNeeds, sql: Sql): Promise<void> {
  await sql`delete from jobs where until < ${app.clock.now()} and failed_at is null`;
}

export async function finishJob(sql: Sql, id: string): Promise<void> {
  await sql`delete from jobs where id = ${id}`;
}

export async function postponeJob(sql: Sql, id: string, runAt: number): Promise<void> {
  await sql`update jobs set run_at = ${runAt} where id = ${id}`;
}

/** Keeps the job for the operator to find; it is not tried again. */
export async function giveJobUp(sql: Sql, id: string, at: number): Promise<void> {
  await sql`update jobs set failed_at = ${at} where id = ${id}`;
}

function jobContext(id: string): string {
  return `job:${id}`;
}
