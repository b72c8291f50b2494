import type { Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import type { Job } from "./job.ts";
import { insertJob, type JobKinds, takeDueJob } from "./queries.ts";

export type QueueNeeds = { clock: Clock; random: Random; secret: ServerSecret };

/** A job that this process has claimed until its lease ends. `payload` is null if it cannot be decrypted. */
export type ClaimedJob = { id: string; kind: string; payload: unknown; attempts: number };

/** When a job runs: immediately, or at `runAt` (milliseconds since 1970). After `untilMs` from now it is dropped. */
export type JobTime = { runAt?: number; untilMs?: number };

/**
 * Queues a job in the transaction that causes it, so it runs only if that commits, and then at least once. The payload
 * is encrypted, because it may contain an address or a link. Returns the job's id, which `deleteJob` takes.
 */
export async function queueJob<Payload>(
  app: QueueNeeds,
  tx: Sql,
  job: Job<never, Payload>,
  { payload, runAt, untilMs }: { payload: Payload } & JobTime,
): Promise<string> {
  const now = app.clock.now();
  const id = app.random.uuid();
  const sealed = app.secret.seal(JSON.stringify(payload), sealContext(id));
  const until = untilMs === undefined ? null : now + untilMs;
  await insertJob(tx, { id, kind: job.name, payload: sealed, runAt: runAt ?? now, until });
  return id;
}

/** Claims one due job of these kinds, or returns null. No other process claims it for `leaseMs`. */
export async function claimJob(
  app: QueueNeeds,
  sql: Sql,
  { leaseMs, kinds }: { leaseMs: number; kinds: JobKinds },
): Promise<ClaimedJob | null> {
  const now = app.clock.now();
  const row = await takeDueJob(sql, { now, leaseUntil: now + leaseMs, kinds });
  if (!row) return null;
  const opened = app.secret.open(row.payload, sealContext(row.id));
  return { ...row, payload: opened === null ? null : (JSON.parse(opened) as unknown) };
}

function sealContext(id: string): string {
  return `job:${id}`;
}
