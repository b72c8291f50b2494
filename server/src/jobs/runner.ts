import type { Database } from "../db/database.ts";
import { every } from "../lib/every.ts";
import type { Log } from "../log/log.ts";
import { jobsRun } from "../metrics/metrics.ts";
import type { Job } from "./job.ts";
import { deleteJob, deleteLateJobs, giveUpJob, type JobKinds, postponeJob } from "./queries.ts";
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
  const lanes = [false, true].map((isOutside) => new Lane(app, jobs, isOutside));
  const pollers = lanes.map((lane) => every(app.log, "jobs.failed", pollEveryMs, () => lane.fill()));
  return {
    stop: async () => {
      for (const lane of lanes) lane.close();
      await Promise.all(pollers.map((poller) => poller.stop()));
      await Promise.all(lanes.map((lane) => lane.whenIdle()));
    },
  };
}

/** Runs all jobs that are due now, and those that become due meanwhile. Returns how many there were. For tests. */
export async function runDueJobs<App extends RunnerNeeds>(
  app: App,
  jobs: readonly Job<App, never>[],
): Promise<number> {
  const lane = new Lane(app, jobs, false);
  await lane.fill();
  await lane.whenIdle();
  return lane.count;
}

/** Runs jobs side by side, up to `parallelMax`: a server that does not answer holds up one of them, and not the rest. */
class Lane<App extends RunnerNeeds> {
  readonly #app: App;
  readonly #jobs: readonly Job<App, never>[];
  readonly #kinds: JobKinds;
  readonly #isOutside: boolean;
  readonly #running = new Set<Promise<void>>();
  #isClosed = false;
  /** How many jobs it has claimed. */
  count = 0;

  constructor(app: App, jobs: readonly Job<App, never>[], isOutside: boolean) {
    this.#app = app;
    this.#jobs = jobs;
    this.#isOutside = isOutside;
    const outside = jobs.filter((job) => job.isOutside).map((job) => job.name);
    this.#kinds = isOutside ? { only: outside } : { except: outside };
  }

  /** Starts due jobs until all places are taken. */
  async fill(): Promise<void> {
    const { db, clock } = this.#app;
    if (!this.#isOutside) await deleteLateJobs(db.sql, clock.now());
    while (this.#running.size < parallelMax && (await this.#startOne()));
  }

  /** Starts no more jobs. */
  close(): void {
    this.#isClosed = true;
  }

  async whenIdle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #startOne(): Promise<boolean> {
    const job = this.#isClosed ? null : await this.#claim();
    if (!job) return false;
    const running = this.#work(job);
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
    return true;
  }

  /** Runs a job, and then those that are due by then, in the same place. */
  async #work(first: ClaimedJob): Promise<void> {
    try {
      for (let job: ClaimedJob | null = first; job; job = await this.#claim()) {
        await run(this.#app, this.#jobs, job);
        if (this.#isClosed) return;
      }
    } catch (error) {
      // The database is away. The next poll says so too, and goes on when it is back.
      this.#app.log.fault("jobs.failed", error);
    }
  }

  async #claim(): Promise<ClaimedJob | null> {
    const job = await claimJob(this.#app, this.#app.db.sql, { leaseMs, kinds: this.#kinds });
    if (job) this.count += 1;
    return job;
  }
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
    jobsRun.inc({ kind: job.name, outcome: "done" });
  } catch (error) {
    const delayMs = retryAfterMs[attempts - 1];
    jobsRun.inc({ kind, outcome: delayMs === undefined ? "given_up" : "failed" });
    const { name, code, responseCode } = error as Error & { code?: string; responseCode?: number };
    // An error message from a mail server may contain the recipient's address, so it is not logged.
    const facts = { kind, attempts, error: name, code, answer: responseCode };
    if (delayMs === undefined) {
      app.log.warn("job.given_up", facts);
      await giveUpJob(app.db.sql, id, app.clock.now());
    } else {
      app.log.warn("job.failed", { ...facts, retryInMs: delayMs });
      await postponeJob(app.db.sql, id, app.clock.now() + delayMs);
    }
  }
}
