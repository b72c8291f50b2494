import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { setPriority } from "node:os";
import { join } from "node:path";
import type { Config } from "../config/read-config.ts";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { ownCommand } from "../lib/own-command.ts";
import type { Log } from "../log/log.ts";
import { isUnderWay } from "../operations/queries.ts";

const backupName = /^novax-\d{4}-\d\d-\d\dT\d{6}Z\.tar\.zst$/;
const unfinishedName = /^novax-[\dTZ-]+\.tar\.zst\.unfinished$/;
const retryAfterMs = 60 * 60_000;
/** Below what answers people. */
const lowPriority = 10;

type ScheduleNeeds = { db: Database; clock: Clock; log: Log };
type ScheduleConfig = Pick<Config, "backupEveryMs" | "backupsKept"> & { backupDir: string };

/**
 * Makes a backup in a process of its own whenever one is due, and removes the oldest ones. One that failed is tried again an hour
 * later.
 */
export class ScheduledBackups {
  readonly #app: ScheduleNeeds;
  readonly #config: ScheduleConfig;
  #triedAt = Number.NEGATIVE_INFINITY;
  #running: Bun.Subprocess | null = null;

  constructor(app: ScheduleNeeds, config: ScheduleConfig) {
    this.#app = app;
    this.#config = config;
  }

  /** Makes a backup if one is due. Resolves when it has ended. Never rejects for a backup that failed: that is logged. */
  async makeIfDue(): Promise<void> {
    const { db, clock, log } = this.#app;
    const { backupDir, backupEveryMs } = this.#config;
    const now = clock.now();
    if (now - this.#triedAt < Math.min(retryAfterMs, backupEveryMs)) return;
    try {
      mkdirSync(backupDir, { recursive: true, mode: 0o700 });
      const newest = listBackups(backupDir).at(-1);
      if (newest && now - newest.at < backupEveryMs) return;
      if (await isUnderWay(db.sql, "backup", now)) return;
      this.#triedAt = now;
      // Of one that was killed.
      for (const left of readdirSync(backupDir).filter((other) => unfinishedName.test(other)))
        rmSync(join(backupDir, left), { force: true });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (typeof code !== "string" || !/^E[A-Z]+$/.test(code)) throw error;
      this.#triedAt = now;
      log.error("backup.failed", { folder: backupDir, message: `BACKUP_DIR can't be used (${code})` });
      return;
    }
    const name = `novax-${new Date(now).toISOString().replace(/:|\.\d+/g, "")}.tar.zst`;
    const child = Bun.spawn(ownCommand("backup", join(backupDir, name)), {
      env: process.env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#running = child;
    try {
      setPriority(child.pid, lowPriority);
    } catch {
      // It has ended already, or that isn't allowed here.
    }
    const said = await new Response(child.stderr).text();
    this.#running = null;
    if ((await child.exited) !== 0) {
      log.error("backup.failed", { folder: backupDir, message: said.trim().split("\n").at(-1) ?? "" });
      return;
    }
    log.info("backup.made", { file: join(backupDir, name), bytes: statSync(join(backupDir, name)).size });
    this.#removeOld();
  }

  /** Ends a backup that is being made. */
  stop(): void {
    this.#running?.kill("SIGTERM");
  }

  #removeOld(): void {
    const { backupDir, backupsKept } = this.#config;
    for (const { name } of listBackups(backupDir).slice(0, -backupsKept)) {
      rmSync(join(backupDir, name), { force: true });
      this.#app.log.info("backup.removed", { file: join(backupDir, name), hint: "there are newer ones" });
    }
  }
}

/** The scheduled backups of a folder, the oldest first. Other files in it are left alone. */
function listBackups(folder: string): { name: string; at: number }[] {
  return readdirSync(folder)
    .filter((name) => backupName.test(name))
    .sort()
    .map((name) => ({ name, at: timeOf(name) }));
}

/** Its name says when, which a copy keeps, unlike the time of a file. */
function timeOf(name: string): number {
  return Date.parse(
    name.slice("novax-".length, -".tar.zst".length).replace(/T(\d\d)(\d\d)(\d\d)/, "T$1:$2:$3"),
  );
}
