import type { Database } from "../db/database.ts";
import type { Log } from "../log/log.ts";
import { claimJob, finishJob, giveJobUp, type JobKind, type JobNeeds, postponeJob } from "./queue.ts";

/** What is done for each kind of job. A rejection means: try again later. */
export type JobHandlers = { [K in JobKind]: (payload: never) => Promise<void> };

type RunnerNeeds = JobNeeds & { db: Database; log: Log };

const pollEveryMs = 500;
/** Longer than any handler takes: a process that dies in the middle leaves the job to the others after this. */
const leaseMs = 2 * 60_000;

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const retryAfterMs = [
  10 * secondMs,
  minuteMs,
  5 * minuteMs,
  15 * minuteMs,
  hourMs,
  3 * hourMs,
  6 * hourMs,
  12 * hourMs,
  24 * hourMs,
];

/** Does everything that is due, one after the other. Returns how many jobs were taken up. */
export async function runDueJobs(app: RunnerNeeds, handlers: JobHandlers): Promise<number> {
  let count = 0;
  for (let job = await claimJob(app, app.db.sql, leaseMs); job; count++) {
    try {
      await handlers[job.kind](job.payload as never);
      await finishJob(app.db.sql, job.id);
    } catch (error) {
      const delayMs = retryAfterMs[job.attempts - 1];
      const { name, code } = error as Error & { code?: string };
      // The message of a mail server may quote the address, so it stays out of the log.
      const facts = { kind: job.kind, attempts: job.attempts, error: name, code };
      if (delayMs === undefined) {
        app.log.warn("job.given_up", facts);
        await giveJobUp(app.db.sql, job.id, app.clock.now());
      } else {
        app.log.warn("job.failed", { ...facts, retryInMs: delayMs });
        await postponeJob(app.db.sql, job.id, app.clock.now() + delayMs);
      }
    }
    job = await claimJob(app, app.db.sql, leaseMs);
  }
  return count;
}

/** Looks for work twice a second until it is stopped; `stop` waits for the job that is being done. */
export function startJobs(app: RunnerNeeds, handlers: JobHandlers): { stop(): Promise<void> } {
  let running: Promise<unknown> | null = null;
  const look = () => {
    running ??= runDueJobs(app, handlers)
      .catch((error: unknown) => app.log.fault("jobs.failed", error))
      .finally(() => {
        running = null;
      });
  };
  const timer = setInterval(look, pollEveryMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
