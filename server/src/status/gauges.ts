import type { PasswordHasher } from "../auth/password-hasher.ts";
import type { Database } from "../db/database.ts";
import type { FileNeeds } from "../files/file-store.ts";
import { countJobs } from "../jobs/queries.ts";
import type { Clock } from "../lib/clock.ts";
import { watchEventLoop } from "../metrics/event-loop.ts";
import { gauge } from "../metrics/metrics.ts";
import { readLastGood } from "../operations/queries.ts";
import type { SearchIndex } from "../search/search-index.ts";
import { readFileBytes } from "./queries.ts";

type GaugeNeeds = Pick<FileNeeds, "pictures" | "blobs"> & {
  db: Database;
  clock: Clock;
  passwordHasher: PasswordHasher;
  searchIndex: SearchIndex;
};

/** Registers what is asked when the metrics are read. Returns what ends that. */
export function registerGauges(
  { db, clock, blobs, pictures, passwordHasher, searchIndex }: GaugeNeeds,
  { countConnections, countPeople }: { countConnections: () => number; countPeople: () => number },
): { stop(): void } {
  const loop = watchEventLoop();
  gauge("novax_people", "People who are connected, to any process.", countPeople);
  gauge("novax_password_queue", "Passwords that wait to be hashed.", () => passwordHasher.waiting);
  gauge("novax_picture_queue", "Pictures that wait to be decoded.", () => pictures.waiting);
  gauge("novax_search_lag_events", "Events that search doesn't know yet.", () => searchIndex.lag);
  gauge(
    "novax_jobs_due",
    "Background jobs that are due.",
    async () => (await countJobs(db.sql, clock.now())).due,
  );
  gauge("novax_jobs_failed", "Background jobs that were given up, in 30 days.", async () => {
    return (await countJobs(db.sql, clock.now())).failed;
  });
  gauge("novax_file_bytes", "Bytes of all files.", () => readFileBytes(db.sql));
  gauge("novax_storage_free_bytes", "Bytes that are free where files are.", async () => {
    const free = await blobs.freeBytes();
    if (free === null) throw new Error("the store doesn't say");
    return free;
  });
  gauge("novax_last_backup_seconds", "When the last good backup began, in seconds since 1970.", async () => {
    return ((await readLastGood(db.sql, "backup")) ?? 0) / 1000;
  });
  gauge(
    "novax_event_loop_lag_max_seconds",
    "How late the event loop was at most since the last reading.",
    () => loop.takeMaxSeconds(),
  );
  gauge("process_resident_memory_bytes", "Memory of this process.", () => process.memoryUsage().rss);
  gauge("process_cpu_seconds_total", "Processor time of this process.", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  gauge("process_start_time_seconds", "When this process began, in seconds since 1970.", () => {
    return performance.timeOrigin / 1000;
  });
  gauge("novax_connections", "WebSocket connections that are open.", countConnections);
  return { stop: () => loop.stop() };
}
