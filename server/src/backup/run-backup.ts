import { createWriteStream, existsSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { mkdir, readdir, rename, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Writable } from "node:stream";
import type { BlobStore } from "../blobs/blob-store.ts";
import { secretFileOf } from "../config/data-folder.ts";
import type { Config } from "../config/read-config.ts";
import { askServer, isServerThere } from "../control/control-socket.ts";
import type { Database } from "../db/database.ts";
import { DatabaseClock } from "../db/database-clock.ts";
import { lockFolder } from "../db/embedded/folder-lock.ts";
import { listDoneMigrations } from "../db/migrate.ts";
import { connectDatabase } from "../db/open-database.ts";
import { systemClock } from "../lib/clock.ts";
import { syncPath } from "../lib/sync-path.ts";
import type { Log } from "../log/log.ts";
import { notesIn, notesThrough, type OperationNotes, runOperation } from "../operations/report-operation.ts";
import { BackupUnusable } from "./archive.ts";
import { type Progress, type WrittenBackup, writeBackup } from "./write-backup.ts";

/** Where the running server copies its embedded database to, in the data folder. */
export const copyFolderName = "backup-copy";

type BackupOptions = {
  /** Null: standard output. */
  path: string | null;
  blobs: BlobStore;
  passphrase: string | null;
  log: Log;
  onProgress?: (progress: Progress) => void;
};

/**
 * Backs up the server of this configuration, whether it runs or not, and returns what is in the file. Throws
 * {@link BackupUnusable} if the file is there already or can't be written. The file has its name only when it is whole.
 */
export async function runBackup(
  config: Config,
  { path, blobs, passphrase, log, onProgress = () => {} }: BackupOptions,
): Promise<WrittenBackup> {
  if (path !== null) await assertWritable(path);
  const source = await openSource(config, log);
  try {
    const operation = { id: Bun.randomUUIDv7(), kind: "backup" as const, place: path ?? "standard output" };
    const work = async (report: (done: number, total: number) => void) => {
      const db = await source.open();
      const secret = passphrase === null ? null : { text: readSecret(config), passphrase };
      const write = (target: Writable) =>
        writeBackup(
          { db, kind: config.database.kind, blobs, secret, now: systemClock.now() },
          target,
          (progress) => {
            // A row is about as much work as a kilobyte of a file.
            report(
              progress.rows + progress.fileBytes / 1000,
              progress.rowsAbout + progress.fileBytesAll / 1000,
            );
            onProgress(progress);
          },
        );
      return path === null ? write(process.stdout) : toFile(path, write);
    };
    return await runOperation(source.notes, operation, work, problemWith);
  } finally {
    await source.close();
  }
}

/** What is wrong with a backup that was made, in a sentence; null: nothing. */
export function problemWith({ files: { missing } }: WrittenBackup): string | null {
  if (missing.length === 0) return null;
  return `${missing.length} pieces of files are named in the database and are not where files are, so they are not in the backup: ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? " ..." : ""}`;
}

/** Removes a copy of the database that a backup left behind which was killed. */
export function removeLeftCopy(dataDir: string): void {
  const lock = lockFolder(dataDir, `${copyFolderName}.lock`);
  // One that goes on reads it.
  if (!lock) return;
  rmSync(join(dataDir, copyFolderName), { recursive: true, force: true });
  lock.release();
}

type Source = { notes: OperationNotes; open(): Promise<Database>; close(): Promise<void> };

/** The database as it can be read beside a running server. */
async function openSource({ database, dataDir }: Config, log: Log): Promise<Source> {
  if (database.kind === "embedded" && (await isServerThere(dataDir))) {
    // The server has its database for itself, so it makes a copy of it, which is read here.
    const folder = join(dataDir, copyFolderName);
    const lock = lockFolder(dataDir, `${copyFolderName}.lock`);
    if (!lock) throw new BackupUnusable("another backup is being made at this moment; wait for its end");
    let copy: Database | undefined;
    return {
      notes: notesThrough((note) => askServer(dataDir, "operation", note)),
      open: async () => {
        await assertRoomFor(join(dataDir, "postgres"));
        await askServer(dataDir, "copy-database", null);
        copy = await connectDatabase({ kind: "embedded", dataDir: folder }, log);
        return copy;
      },
      close: async () => {
        await copy?.close();
        rmSync(folder, { recursive: true, force: true });
        lock.release();
      },
    };
  }
  const db = await connectDatabase(database, log);
  const migrations = await listDoneMigrations(db.sql);
  if (migrations.length === 0) {
    await db.close();
    throw new BackupUnusable("the database is empty, so there is nothing to back up");
  }
  // The embedded one has one connection, which the backup needs. Nobody else is there to be told, either.
  const hasNotes = migrations.includes("0025_operations.sql");
  // Whether it goes on is judged by the database's clock.
  const clock = new DatabaseClock(db.sql, log);
  await clock.set({ isFirst: true });
  const inDatabase = notesIn(db.sql, clock);
  const notes = database.kind === "embedded" ? { ...inDatabase, update: noNote } : inDatabase;
  return {
    notes: hasNotes ? notes : { begin: noNote, update: noNote, end: noNote },
    open: async () => db,
    close: () => db.close(),
  };
}

const noNote = async () => {};

/** Writes a file that has its name only when it is whole. Throws {@link BackupUnusable} if it can't be written. */
export async function toFile(path: string, write: (target: Writable) => Promise<WrittenBackup>) {
  const unfinished = `${path}.unfinished`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const target = createWriteStream(unfinished, { mode: 0o600 });
    const written = await write(target);
    for (const place of [unfinished, dirname(path)]) await syncPath(place);
    await rename(unfinished, path);
    await syncPath(dirname(path));
    return written;
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw asUnusable(error, path);
  }
}

async function assertWritable(path: string): Promise<void> {
  if (existsSync(path)) throw new BackupUnusable(`${path} is there already; choose another name`);
  await mkdir(dirname(resolve(path)), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw asUnusable(error, path);
  });
}

function asUnusable(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new BackupUnusable(`the disk of ${path} is full; make room on it, or choose another one`);
  if (["EACCES", "EPERM", "EROFS", "ENOTDIR", "EISDIR", "ENOENT", "EEXIST"].includes(code ?? ""))
    return new BackupUnusable(`${path} can't be written (${code})`);
  return error;
}

/** A copy takes as much as the database, for as long as the backup takes. */
async function assertRoomFor(folder: string): Promise<void> {
  const needed = await sizeOf(folder);
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < needed + 100_000_000)
    throw new BackupUnusable(
      `there is no room for a copy of the database beside it (${Math.ceil(needed / 1e6)} MB); make room on the disk of DATA_DIR, or stop the server for the backup`,
    );
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0;
  return bytes;
}

/** The server's secret as its file has it. */
function readSecret({ secretKey, dataDir }: Config): string {
  if (secretKey) return Buffer.from(secretKey).toString("base64url");
  return readFileSync(secretFileOf(dataDir), "utf8").trim();
}
