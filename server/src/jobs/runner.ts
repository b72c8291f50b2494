import type { Database } from "../db/database.ts";
import { every } from "../lib/every.ts";
import type { Log } from "../log/log.ts";
import type { Job } from "./job.ts";
import { deleteJob, deleteLateJobs, giveUpJob, postponeJob } from "./queries.ts";
import { type ClaimedJob, claimJob, type QueueNeeds } from "./queue.ts";

type RunnerNeeds = QueueNeeds & { db: Database; log: Log };

const pollEveryMs = 500;
const parallelMax = 4;
/** Longer than any job takes. If a process dies during a job, another one runs it after this time. */
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

/**
 * Runs due jobs every `pollEveryMs` until it is stopped: those that wait for servers of strangers on their own, so that these delay
 * no mail. `stop` waits for the running jobs.
 */
export function startJobs<App extends RunnerNeeds>(
  app: App,
  jobs: readonly Job<App, never>[],
): { stop(): Promise<void> } {
  let isStopping = false;
  const areStopping = () => isStopping;
  const runners = [false, true].map((areOutside) =>
    every(app.log, "jobs.failed", pollEveryMs, () => runDueJobs(app, jobs, { areOutside, areStopping })),
  );
  return {
    stop: async () => {
      isStopping = true;
      await Promise.all(runners.map((runner) => runner.stop()));
    },
  };
}

/**
 * Runs all due jobs, up to `parallelMax` at once, until they `areStopping`: those that wait for servers of strangers, or all
 * others. Returns how many it claimed.
 */
export async function runDueJobs<App extends RunnerNeeds>(
  app: App,
  jobs: readonly Job<App, never>[],
  {
    areOutside = false,
    areStopping = () => false,
  }: { areOutside?: boolean; areStopping?: () => boolean } = {},
): Promise<number> {
  const outside = jobs.filter((job) => job.isOutside).map((job) => job.name);
  if (areOutside && outside.length === 0) return 0;
  const kinds = areOutside ? { only: outside } : { except: outside };
  const claim = () => claimJob(app, app.db.sql, { leaseMs, kinds });
  if (!areOutside) await deleteLateJobs(app.db.sql, app.clock.now());
  let count = 0;
  const work = async (first: ClaimedJob | null) => {
    for (let job = first; job; job = await claim()) {
      count += 1;
      await run(app, jobs, job);
      if (areStopping()) return;
    }
  };
  const first = await claim();
  if (!first) return 0;
  // In parallel, so that a mail server that does not answer only delays its own mails.
  const others = Array.from({ length: parallelMax - 1 }, async () => work(await claim()));
  // Waits for all of them even if one fails, because `stop` has to wait for every job.
  const settled = await Promise.allSettled([work(first), ...others]);
  for (const result of settled) if (result.status === "rejected") throw result.reason;
  return count;
}

async function run<App extends RunnerNeeds>(
  app: App,
  jobs: readonly Job<App, never>[],
  { id, kind, payload, attempts }: ClaimedJob,
): Promise<void> {
  try {
    const job = jobs.find(({ name, formerNames }) => name === kind || formerNames.includes(kind));
    if (!job) throw new Error("no job has this name");
    await job.run(app, payload as never);
    await deleteJob(app.db.sql, id);
  } catch (error) {
    const delayMs = retryAfterMs[attempts - 1];
    const { name, code } = error as Error & { code?: string };
    // An error message from a mail server may contain the recipient's address, so it is not logged.
    const facts = { kind, attempts, error: name, code };
    if (delayMs === undefined) {
      app.log.warn("job.given_up", facts);
      await giveUpJob(app.db.sql, id, app.clock.now());
    } else {
      app.log.warn("job.failed", { ...facts, retryInMs: delayMs });
      await postponeJob(app.db.sql, id, app.clock.now() + delayMs);
    }
  }
}
