import type { Sql } from "../db/database.ts";

export type JobRow = { id: string; kind: string; payload: Uint8Array; attempts: number };

export type JobKinds = { only: readonly string[] } | { except: readonly string[] };

export async function insertJob(
  tx: Sql,
  job: { id: string; kind: string; payload: Uint8Array; runAt: number; until: number | null },
): Promise<void> {
  await tx`
    insert into jobs (id, kind, payload, run_at, until)
    values (${job.id}, ${job.kind}, ${job.payload}, ${job.runAt}, ${job.until})`;
}

/**
 * Claims one due job of the kinds `only`, or of all but the kinds `except`; null if there is none. No other process claims it
 * until `leaseUntil`.
 */
export async function takeDueJob(
  sql: Sql,
  { now, leaseUntil, kinds }: { now: number; leaseUntil: number; kinds: JobKinds },
): Promise<JobRow | null> {
  const these = "only" in kinds;
  const names = sql.array(these ? kinds.only : kinds.except, "text");
  const [row] = await sql<JobRow>`
    update jobs set run_at = ${leaseUntil}, attempts = attempts + 1
    where id = (
      select id from jobs where run_at <= ${now} and failed_at is null and (kind = any(${names})) = ${these}
      order by run_at limit 1 for update skip locked
    )
    returning id, kind, payload, attempts`;
  return row ?? null;
}

/** An operator who looks after a month has the log. */
/** How many jobs are due, and how many have failed for good. */
export async function countJobs(sql: Sql, now: number): Promise<{ due: number; failed: number }> {
  const [row] = await sql<{ due: number; failed: number }>`
    select count(*) filter (where failed_at is null and run_at <= ${now}) as due,
      count(*) filter (where failed_at is not null) as failed
    from jobs`;
  return row!;
}

const failedKeptMs = 30 * 24 * 3_600_000;

/** Deletes jobs that are too late to be worth running, and those that failed long ago. */
export async function deleteLateJobs(sql: Sql, now: number): Promise<void> {
  await sql`delete from jobs where until < ${now} and failed_at is null`;
  await sql`delete from jobs where failed_at < ${now - failedKeptMs}`;
}

/** Deletes a job that is done or no longer wanted. */
export async function deleteJob(sql: Sql, id: string): Promise<void> {
  await sql`delete from jobs where id = ${id}`;
}

export async function postponeJob(sql: Sql, id: string, runAt: number): Promise<void> {
  await sql`update jobs set run_at = ${runAt} where id = ${id}`;
}

/** Marks a job as failed for good. It stays in the table for the operator and is not tried again. */
export async function giveUpJob(sql: Sql, id: string, at: number): Promise<void> {
  await sql`update jobs set failed_at = ${at} where id = ${id}`;
}
