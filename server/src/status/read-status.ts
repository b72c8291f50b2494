import type { Config } from "../config/read-config.ts";
import type { Database } from "../db/database.ts";
import type { FileNeeds } from "../files/file-store.ts";
import { countJobs } from "../jobs/queries.ts";
import type { Clock } from "../lib/clock.ts";
import type { Mailer } from "../mail/mailer.ts";
import { listOperations, type Operation, operationAliveMs, readLastGood } from "../operations/queries.ts";
import type { SearchIndex } from "../search/search-index.ts";
import {
  type FigureName,
  type FigurePoint,
  figureEveryMs,
  figureNames,
  readCounts,
  readFigure,
  type ServerCounts,
} from "./queries.ts";

type StatusNeeds = Pick<FileNeeds, "blobs"> & {
  db: Database;
  clock: Clock;
  config: Config;
  mailer: Mailer;
  searchIndex: SearchIndex;
};

const dayMs = 24 * 3_600_000;
const operationsShown = 10;

export const spans = {
  day: { ms: dayMs, stepMs: figureEveryMs * 3 },
  month: { ms: 30 * dayMs, stepMs: 6 * 3_600_000 },
} as const;
export type Span = keyof typeof spans;

/** Without a schedule of its own, a backup that is older than this is worth a warning. */
const oldBackupMs = 7 * dayMs;

export type ServerStatus = {
  now: number;
  counts: ServerCounts;
  freeBytes: number | null;
  mailProblem: string | null;
  filesProblem: string | null;
  search: SearchIndex["status"];
  jobs: { due: number; failed: number };
  lastBackup: number | null;
  isBackupOld: boolean;
  operations: (Operation & { state: "running" | "done" | "failed" | "died" })[];
  span: Span;
  figures: Record<FigureName, FigurePoint[]>;
};

/** What owners see of their server. Asks the mail server and the file store, which may take seconds where they are away. */
export async function readStatus(app: StatusNeeds, span: Span): Promise<ServerStatus> {
  const { db, clock, config, blobs, mailer, searchIndex } = app;
  const now = clock.now();
  const { ms, stepMs } = spans[span];
  const readOne = async (name: FigureName) => {
    const isCounted = name === "messages";
    return [name, await readFigure(db.sql, name, { since: now - ms, stepMs, isCounted })] as const;
  };
  const [counts, jobs, lastBackup, operations, freeBytes, mailProblem, filesProblem, ...figures] =
    await Promise.all([
      readCounts(db.sql),
      countJobs(db.sql, now),
      readLastGood(db.sql, "backup"),
      listOperations(db.sql, operationsShown),
      blobs.freeBytes().catch(() => null),
      mailer.check(),
      blobs.check(),
      ...figureNames.map(readOne),
    ]);
  const dueMs = config.backupDir === null ? oldBackupMs : 2 * config.backupEveryMs;
  return {
    ...{ now, counts, freeBytes, mailProblem, filesProblem, jobs, lastBackup, span },
    search: searchIndex.status,
    isBackupOld: lastBackup === null || now - lastBackup > dueMs,
    operations: operations.map((operation) => ({ ...operation, state: stateOf(operation, now) })),
    figures: Object.fromEntries(figures) as ServerStatus["figures"],
  };
}

function stateOf({ endedAt, error, aliveAt }: Operation, now: number) {
  if (endedAt !== null) return error === null ? "done" : "failed";
  return now - aliveAt > operationAliveMs ? "died" : "running";
}
