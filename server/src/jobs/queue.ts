import type { Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import type { Job } from "./job.ts";
import { insertJob, takeDueJob } from "./queries.ts";

export type QueueNeeds = { clock: Clock; random: Random; secret: ServerSecret };

/** Work that was taken up, for this process alone until its lease ends. `payload` is null where it cannot be opened. */
export type ClaimedJob = { id: string; kind: string; payload: unknown; attempts: number };

/** When a job runs: at once, or at `runAt`. `untilMs`: it is not worth doing after so long. */
export type JobTime = { runAt?: number; untilMs?: number };

/**
 * Queues work in the transaction that causes it: it is done when that commits, and was never heard of otherwise. It is
 * done at least once. What it says is sealed: it may hold an address or a link. Returns the job's id, by which
 * `deleteJob` takes it back.
 */
export async function queueJob<Payload>(
  app: QueueNeeds,
  tx: Sql,
  job: Job<never, Payload>,
  payload: Payload,
  { runAt, untilMs }: JobTime = {},
): Promise<string> {
  const now = app.clock.now();
  const id = app.random.uuid();
  const sealed = app.secret.seal(JSON.stringify(payload), sealContext(id));
  const until = untilMs === undefined ? null : now + untilMs;
  await insertJob(tx, { id, kind: job.name, payload: sealed, runAt: runAt ?? now, until });
  return id;
}

/** Takes up one job that is due, or null. Until `leaseMs` from now no other process takes it. */
export async function claimJob(app: QueueNeeds, sql: Sql, leaseMs: number): Promise<ClaimedJob | null> {
  const now = app.clock.now();
  const row = await takeDueJob(sql, now, now + leaseMs);
  if (!row) return null;
  const opened = app.secret.open(row.payload, sealContext(row.id));
  return { ...row, payload: opened === null ? null : (JSON.parse(opened) as unknown) };
}

function sealContext(id: string): string {
  return `job:${id}`;
}
