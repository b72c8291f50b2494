import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Config, ConfigError } from "../config/read-config.ts";
import type { Database } from "../db/database.ts";
import { knownMigrations, listDoneMigrations } from "../db/migrate.ts";
import { systemClock } from "../lib/clock.ts";
import type { Log } from "../log/log.ts";
import { toFile } from "./run-backup.ts";
import { writeBackup } from "./write-backup.ts";

const folderName = "backups";
const upgradeName = /^before-\d{4}_[a-z_0-9]+-[\dTZ-]+\.tar\.zst$/;
/** The way back is to the version before; older ones are of no use any more. */
const kept = 2;

/**
 * Backs up a database that this version is about to change: its tables, because files are left as they are. Does nothing for a new
 * database and for one that is up to date. Throws {@link ConfigError} if the backup can't be made.
 */
export async function backUpBeforeUpgrade(config: Config, db: Database, log: Log): Promise<void> {
  const done = await listDoneMigrations(db.sql);
  const next = knownMigrations().find((name) => !done.includes(name));
  if (!config.hasUpgradeBackup || done.length === 0 || next === undefined) return;
  const folder = join(config.dataDir, folderName);
  const now = systemClock.now();
  const time = new Date(now).toISOString().replace(/:|\.\d+/g, "");
  const file = join(folder, `before-${next.replace(/\.sql$/, "")}-${time}.tar.zst`);
  // Of a start that was killed.
  if (existsSync(folder) && statSync(folder).isDirectory())
    for (const left of readdirSync(folder).filter((name) => /^before-.*\.unfinished$/.test(name)))
      rmSync(join(folder, left), { force: true });
  log.info("upgrade.backup", { file, hint: "the database is backed up before it is changed" });
  try {
    await toFile(file, (target) =>
      writeBackup({ db, kind: config.database.kind, blobs: null, secret: null, now }, target),
    );
  } catch (error) {
    throw new ConfigError([
      `UPGRADE_BACKUP: no backup could be made before the upgrade, so nothing was changed: ${(error as Error).message}; mend that, or set UPGRADE_BACKUP=off`,
    ]);
  }
  log.info("upgrade.backed_up", {
    file,
    hint: "to go back to the version before, restore this file with it into an empty database; docs/operate.md shows how",
  });
  for (const name of readdirSync(folder)
    .filter((other) => upgradeName.test(other))
    .sort((a, b) => (timeIn(a) < timeIn(b) ? -1 : 1))
    .slice(0, -kept))
    rmSync(join(folder, name), { force: true });
}

const timeIn = (name: string) => name.slice(-"2026-01-01T000000Z.tar.zst".length);
