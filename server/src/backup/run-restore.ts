import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { BlobStore } from "../blobs/blob-store.ts";
import { prepareDataFolder, readServerSecret, restoringMark, secretFileOf } from "../config/data-folder.ts";
import type { Config } from "../config/read-config.ts";
import type { Sql } from "../db/database.ts";
import { listDoneMigrations } from "../db/migrate.ts";
import { connectDatabase } from "../db/open-database.ts";
import { systemClock } from "../lib/clock.ts";
import { createServerSecret, type ServerSecret } from "../lib/server-secret.ts";
import type { Log } from "../log/log.ts";
import { listOperations } from "../operations/queries.ts";
import { BackupUnusable } from "./archive.ts";
import {
  compareWithBackup,
  type OpenedBackup,
  type RestoredBackup,
  restoreBackup,
} from "./restore-backup.ts";
import type { Progress } from "./write-backup.ts";

const operationsLookedAt = 100;

type RestoreOptions = {
  /** Null: standard input. */
  path: string | null;
  passphrase: string | null;
  log: Log;
  onProgress?: (progress: Progress) => void;
};

/**
 * Restores a backup to where this configuration says that the server is: its database, of any kind, has to be empty. Until it has
 * ended, a mark in the data folder keeps the server from starting there. Returns null if one that was killed had ended after all.
 * Throws {@link BackupUnusable}.
 */
export async function runRestore(
  config: Config,
  {
    path,
    blobs,
    passphrase,
    endsSessions,
    log,
    onProgress,
  }: RestoreOptions & { blobs: BlobStore; endsSessions: boolean },
): Promise<RestoredBackup | null> {
  const source = openFile(path);
  prepareDataFolder(config.dataDir);
  const mark = restoringMark(config.dataDir);
  const hadMark = existsSync(mark);
  // One that was cut off while it was written says nothing.
  const known = hadMark ? z.uuid().safeParse(readFileSync(mark, "utf8").trim()).data : undefined;
  const id = known ?? Bun.randomUUIDv7();
  const db = await connectDatabase(config.database, log, { isRestoring: true });
  try {
    if (known !== undefined && (await hasRestored(db.sql, id))) {
      rmSync(mark);
      return null;
    }
    const now = systemClock.now();
    const target = {
      ...{ db, blobs, passphrase, endsSessions, log, now, isForVerifying: false },
      operation: { id, place: path ?? "standard input" },
      // The database was found to be empty by now.
      open: (opened: OpenedBackup) => {
        const secret = requireSecret(config, opened);
        if (known === undefined) writeFileSync(mark, `${id}\n`, { mode: 0o600 });
        return secret;
      },
      place: (opened: OpenedBackup) => placeSecret(config, opened),
    };
    const restored = await restoreBackup(source, target, onProgress);
    rmSync(mark);
    return restored;
  } catch (error) {
    // The database is as it was. Of anything else it isn't known whether it was committed.
    if (error instanceof BackupUnusable && !hadMark) rmSync(mark, { force: true });
    throw error;
  } finally {
    await db.close();
  }
}

/** Whether this restore was committed, though its process ended before it could remove the mark. */
async function hasRestored(sql: Sql, id: string): Promise<boolean> {
  const migrations = await listDoneMigrations(sql);
  if (!migrations.includes("0025_operations.sql")) return false;
  return (await listOperations(sql, operationsLookedAt)).some((operation) => operation.id === id);
}

/** Restores a backup into a database of its own, which is removed afterwards, and compares all tables with it. */
export async function verifyBackup(
  config: Config,
  { path, passphrase, log, onProgress }: RestoreOptions,
): Promise<RestoredBackup & { differences: string[] }> {
  const source = openFile(path);
  const folder = mkdtempSync(join(tmpdir(), "novax-verify-"));
  try {
    const db = await connectDatabase({ kind: "embedded", dataDir: folder }, log);
    try {
      const restored = await restoreBackup(
        source,
        {
          ...{ db, passphrase, log, now: systemClock.now(), isForVerifying: true, endsSessions: false },
          blobs: null,
          operation: { id: Bun.randomUUIDv7(), place: path ?? "standard input" },
          open: (opened) => secretOf(config, opened),
          place: () => {},
        },
        onProgress,
      );
      return { ...restored, differences: await compareWithBackup(db, restored) };
    } finally {
      await db.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function openFile(path: string | null): AsyncIterable<Uint8Array> {
  if (path === null) return process.stdin;
  if (!existsSync(path)) throw new BackupUnusable(`${path} isn't there`);
  return createReadStream(path, { highWaterMark: 1 << 20 });
}

/** The secret of the server that is restored: of the backup, or what the configuration has. Null: none is known. */
function secretOf(config: Config, { secret }: OpenedBackup): ServerSecret | null {
  if (secret !== null) return createServerSecret(Buffer.from(secret, "base64url"));
  if (config.secretKey) return createServerSecret(config.secretKey);
  if (!existsSync(secretFileOf(config.dataDir))) return null;
  return createServerSecret(readServerSecret(config, { isInUse: true }));
}

/** The secret of the server that is restored. Throws {@link BackupUnusable} if it isn't known, or another one is here. */
function requireSecret(config: Config, opened: OpenedBackup): ServerSecret {
  const secret = secretOf(config, opened);
  const file = secretFileOf(config.dataDir);
  if (!secret)
    throw new BackupUnusable(
      opened.manifest.hasSecret
        ? "the backup has the server's secret under a passphrase; set BACKUP_PASSPHRASE to it"
        : `the backup has no secret; copy the secret.key of that server to ${file}, or set SECRET_KEY to what is in it`,
    );
  if (opened.secret === null) return secret;
  if (config.secretKey && Buffer.from(config.secretKey).toString("base64url") !== opened.secret)
    throw new BackupUnusable(
      "SECRET_KEY isn't the secret in the backup; leave it out, or set it to that one",
    );
  if (!config.secretKey && existsSync(file) && readFileSync(file, "utf8").trim() !== opened.secret)
    throw new BackupUnusable(`${file} is the secret of another server; move it away`);
  return secret;
}

/** Puts the secret of the backup where the server looks for it, unless it is there. */
function placeSecret(config: Config, { secret }: OpenedBackup): void {
  const file = secretFileOf(config.dataDir);
  if (secret !== null && !config.secretKey && !existsSync(file))
    writeFileSync(file, `${secret}\n`, { mode: 0o600 });
}
