import type { Database } from "../db/database.ts";
import type { Log } from "../log/log.ts";
import {
  type ClaimedJob,
  claimJob,
  dropLateJobs,
  finishJob,
  giveJobUp,
  type JobKind,
  type JobNeeds,
  postponeJob,
} from "./queue.ts";

/** What is done for each kind of job. A rejection means: try again later. */
export type JobHandlers = { [K in JobKind]: (payload: never) => Promise<void> };

type RunnerNeeds = JobNeeds & { db: Database; log: Log };

const pollEveryMs = 500;
const parallelMax = 4;
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

/** Does everything that is due, a few at once. Returns how many jobs were taken up. */
export async function runDueJobs(app: RunnerNeeds, handlers: JobHandlers): Promise<number> {
  await dropLateJobs(app, app.db.sql);
  let count = 0;
  const work = async (first: ClaimedJob | null) => {
    for (let job = first; job; job = await claimJob(app, app.db.sql, leaseMs)) {
      count += 1;
      await run(app, handlers, job);
    }
  };
  const first = await claimJob(app, app.db.sql, leaseMs);
  if (!first) return 0;
  // A mail server that does not answer holds up its own mails, not everybody's.
  const others = Array.from({ length: parallelMax - 1 }, async () =>
    work(await claimJob(app, app.db.sql, leaseMs)),
  );
  // All of them, also where one fails: whoever stops waits for every job.
  const settled = await Promise.allSettled([work(first), ...others]);
  for (const result of settled) if (result.status === "rejected") throw result.reason;
  return count;
}

async function run(app: RunnerNeeds, handlers: JobHandlers, job: ClaimedJob): Promise<void> {
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
}

/** Looks for work twice a second until it is stopped; `stop` waits for the job that is being done. */
export function startJobs(app: RunnerNeeds, handlers: JobHandlers): { stop(): Promise<void> } {
  let running: Promise<unknown> | null = null;
  const poll = () => {
    running ??= runDueJobs(app, handlers)
      .catch((error: unknown) => app.log.fault("jobs.failed", error))
      .finally(() => {
        running = null;
      });
  };
  const timer = setInterval(poll, pollEveryMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
