import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { watchEventLoop } from "../metrics/event-loop.ts";
import { commitSeconds, messagesSent } from "../metrics/metrics.ts";
import { addToFigure, pruneFigures, raiseFigure, readFileBytes } from "./queries.ts";

const keptMs = 32 * 24 * 3_600_000;

/** Notes what owners see of the last day and month: how much this process did and how it was, since it was last asked. */
export class FigureRecorder {
  readonly #app: { db: Database; clock: Clock };
  readonly #countPeople: () => number;
  readonly #isFirst: boolean;
  readonly #loop = watchEventLoop();
  #messages = 0;
  #commits = { count: 0, seconds: 0 };

  /** `countPeople`: how many people are connected to any process. `isFirst`: it also notes what all processes share. */
  constructor(
    app: { db: Database; clock: Clock },
    { countPeople, isFirst }: { countPeople: () => number; isFirst: boolean },
  ) {
    this.#app = app;
    this.#countPeople = countPeople;
    this.#isFirst = isFirst;
  }

  async record(): Promise<void> {
    const { db, clock } = this.#app;
    const now = clock.now();
    const messages = (await messagesSent.get()).values[0]?.value ?? 0;
    await addToFigure(db.sql, "messages", messages - this.#messages, now);
    this.#messages = messages;
    const commits = await readCommits();
    const count = commits.count - this.#commits.count;
    if (count > 0)
      await raiseFigure(db.sql, "commit_ms", (1000 * (commits.seconds - this.#commits.seconds)) / count, now);
    this.#commits = commits;
    await raiseFigure(db.sql, "late_ms", 1000 * this.#loop.takeMaxSeconds(), now);
    await raiseFigure(db.sql, "memory", process.memoryUsage().rss, now);
    await raiseFigure(db.sql, "people", this.#countPeople(), now);
    if (!this.#isFirst) return;
    await raiseFigure(db.sql, "storage", await readFileBytes(db.sql), now);
    await pruneFigures(db.sql, now - keptMs);
  }

  stop(): void {
    this.#loop.stop();
  }
}

async function readCommits(): Promise<{ count: number; seconds: number }> {
  const { values } = await commitSeconds.get();
  const sum = (suffix: string) =>
    values
      .filter(({ metricName }) => metricName?.endsWith(suffix))
      .reduce((total, { value }) => total + value, 0);
  return { count: sum("_count"), seconds: sum("_sum") };
}
