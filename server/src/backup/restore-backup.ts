import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Decrypter } from "age-encryption";
import type { BlobStore } from "../blobs/blob-store.ts";
import {
  freezeForReading,
  listTables,
  openForWriting,
  readRows,
  type TableShape,
  writeRows,
} from "../db/copy-tables.ts";
import type { Database, Sql } from "../db/database.ts";
import { isSameSecret } from "../db/installation.ts";
import { knownMigrations, lockMigrations, migrateIn, unknownMigrations } from "../db/migrate.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import type { Log } from "../log/log.ts";
import { endOperation, insertOperation } from "../operations/queries.ts";
import { type ArchiveEntry, BackupUnusable, readArchive, readText } from "./archive.ts";
import {
  type Manifest,
  manifestName,
  manifestSchema,
  parseEntry,
  RowDigest,
  type Summary,
  secretName,
  summaryName,
  summarySchema,
} from "./manifest.ts";
import { beginNewEpoch, countSessions, endAllSessions, isWithoutTables, startGrace } from "./queries.ts";
import type { Progress } from "./write-backup.ts";

/** What a backup says of itself, before its tables and files. */
export type OpenedBackup = { manifest: Manifest; secret: string | null };

export type RestoreTarget = {
  /** Empty: without any table. */
  db: Database;
  /** Null: files stay where they are, because the backup has none or they are only to be verified. */
  blobs: BlobStore | null;
  /**
   * Told what the backup is before anything of it is written. Returns the secret that its server had, or null if it can't be
   * compared; or throws.
   */
  open: (opened: OpenedBackup) => ServerSecret | null;
  /** Called when all of it was read and is right, before it is committed. */
  place: (opened: OpenedBackup) => void;
  passphrase: string | null;
  endsSessions: boolean;
  /** Leaves the schema and the epoch as they are in the backup, to compare with it. */
  isForVerifying: boolean;
  /** The restore itself, which is noted among the operations with all that it restored. */
  operation: { id: string; place: string };
  now: number;
  log: Log;
};

/** `fitsSecret`: whether the secret is that of the backup; null if none is known. */
export type RestoredBackup = Summary & {
  manifest: Manifest;
  sessions: number;
  fitsSecret: boolean | null;
};

const tableEntry = /^tables\/([a-z_0-9]+)\/\d{6}\.jsonl$/;
const fileEntry = /^files\/([0-9a-f-]{36})$/;

/**
 * Restores a backup in one transaction: an end before the last byte leaves the database empty, and files under ids that nothing
 * names, which the next try writes again. Throws {@link BackupUnusable} if the backup can't be used, or the place isn't empty.
 */
export async function restoreBackup(
  source: AsyncIterable<Uint8Array>,
  { db, blobs, open, place, operation, passphrase, endsSessions, isForVerifying, now, log }: RestoreTarget,
  onProgress: (progress: Progress) => void = () => {},
): Promise<RestoredBackup> {
  return db.transact(
    async (tx) => {
      await lockMigrations(tx);
      if (!(await isWithoutTables(tx)))
        throw new BackupUnusable("the database isn't empty; restore into an empty one");
      const entries = readArchive(source);
      const manifest = await readManifest(entries);
      const sealed = manifest.hasSecret ? await readSealed(entries) : null;
      const secretText = sealed === null ? null : await openSealed(sealed, passphrase);
      const opened: OpenedBackup = { manifest, secret: secretText };
      const secret = open(opened);
      await migrateIn(db, tx, log, { only: manifest.migrations });
      const tables = new Map((await listTables(tx)).map((table) => [table.name, table]));
      const finishWriting = await openForWriting(db, tx, [...tables.values()]);
      const read = await writeEntries(entries, { db, tx, tables, blobs }, onProgress);
      await finishWriting();
      const fitsSecret = secret && (await isSameSecret(tx, secret));
      if (!isForVerifying && !fitsSecret)
        throw new BackupUnusable(
          "the secret here isn't that of the server in the backup; use the secret.key of that server",
        );
      if (!isForVerifying) {
        await beginNewEpoch(tx);
        await migrateIn(db, tx, log);
        await startGrace(tx, now);
        await insertOperation(tx, { ...operation, kind: "restore" }, now);
        await endOperation(tx, { id: operation.id, error: null }, now);
      }
      place(opened);
      const sessions = endsSessions ? await endAllSessions(tx, now) : await countSessions(tx);
      return { ...read, manifest, sessions, fitsSecret };
    },
    { deadlineMs: null },
  );
}

async function readManifest(entries: AsyncGenerator<ArchiveEntry>): Promise<Manifest> {
  const first = (await entries.next()).value as ArchiveEntry | undefined;
  if (first?.name !== manifestName) throw new BackupUnusable("the file isn't a backup of novaX");
  const manifest = parseEntry(manifestName, manifestSchema, await readText(first.body));
  const unknown = unknownMigrations(manifest.migrations);
  if (unknown.length > 0)
    throw new BackupUnusable(
      `the backup was made by a newer novaX (${manifest.novax}, with ${unknown.join(", ")}); use that version, or a newer one`,
    );
  const { migrations } = manifest;
  if (migrations.length === 0 || migrations.some((name, index) => name !== knownMigrations()[index]))
    throw new BackupUnusable("the backup doesn't have the tables of any version of novaX");
  return manifest;
}

async function readSealed(entries: AsyncGenerator<ArchiveEntry>): Promise<Uint8Array> {
  const entry = (await entries.next()).value as ArchiveEntry | undefined;
  if (entry?.name !== secretName) throw new BackupUnusable(`${secretName} is missing in the backup`);
  return new Uint8Array(await new Response(Readable.from(entry.body) as never).arrayBuffer());
}

async function openSealed(sealed: Uint8Array, passphrase: string | null): Promise<string | null> {
  if (passphrase === null) return null;
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    return await decrypter.decrypt(sealed, "text");
  } catch {
    throw new BackupUnusable("the passphrase isn't the one that the backup was made with");
  }
}

/** Writes all that follows the manifest, and compares it with what the backup says that it has. */
async function writeEntries(
  entries: AsyncGenerator<ArchiveEntry>,
  {
    db,
    tx,
    tables,
    blobs,
  }: { db: Database; tx: Sql; tables: Map<string, TableShape>; blobs: BlobStore | null },
  onProgress: (progress: Progress) => void,
): Promise<Summary> {
  const digests = new Map([...tables.keys()].map((name) => [name, new RowDigest()]));
  const progress: Progress = { rows: 0, rowsAbout: 0, fileBytes: 0, fileBytesAll: 0 };
  const files = { count: 0, bytes: 0 };
  let summary: Summary | null = null;
  for await (const entry of entries) {
    const table = tableEntry.exec(entry.name)?.[1];
    const blob = fileEntry.exec(entry.name)?.[1];
    if (summary) throw new BackupUnusable(`${entry.name} in the backup comes after its end`);
    if (table !== undefined) {
      const shape = tables.get(table);
      if (!shape)
        throw new BackupUnusable(`the backup has a table ${table}, which its version of novaX doesn't have`);
      const lines = (await readText(entry.body)).split("\n").filter((line) => line !== "");
      await writeRows(db, tx, shape, lines);
      digests.get(table)!.add(lines);
      progress.rows += lines.length;
    } else if (blob !== undefined) {
      await writeFile(blobs, blob, entry);
      files.count += 1;
      files.bytes += entry.size;
      progress.fileBytes += entry.size;
    } else if (entry.name === summaryName) {
      summary = parseEntry(summaryName, summarySchema, await readText(entry.body));
    } else
      throw new BackupUnusable(`the backup has an entry ${JSON.stringify(entry.name)}, which is unknown`);
    onProgress(progress);
  }
  if (!summary) throw new BackupUnusable(`${summaryName} is missing in the backup`);
  const read = Object.fromEntries([...digests].map(([name, digest]) => [name, digest.value]));
  for (const name of new Set([...Object.keys(read), ...Object.keys(summary.tables)])) {
    const [expected, found] = [summary.tables[name], read[name]];
    if (expected?.rows !== found?.rows || expected?.digest !== found?.digest)
      throw new BackupUnusable(
        `the backup's table ${name} has ${found?.rows ?? 0} rows, and not the ${expected?.rows ?? 0} it should have`,
      );
  }
  if (files.count !== summary.files.count)
    throw new BackupUnusable(
      `the backup has ${files.count} files, and not the ${summary.files.count} it should have`,
    );
  return summary;
}

async function writeFile(blobs: BlobStore | null, id: string, { body }: ArchiveEntry): Promise<void> {
  if (!blobs) {
    for await (const _chunk of body);
    return;
  }
  const path = join(blobs.spoolFolder, id);
  await pipeline(Readable.from(body), createWriteStream(path, { mode: 0o600 }));
  await blobs.put(id, path);
}

/** Compares a database with what a backup has: each table has to have the same rows. Returns what differs, a sentence each. */
export async function compareWithBackup(
  db: Database,
  { tables }: Pick<Summary, "tables">,
): Promise<string[]> {
  return db.transact(
    async (tx) => {
      await freezeForReading(tx);
      const differences: string[] = [];
      for (const table of await listTables(tx)) {
        const digest = new RowDigest();
        for await (const rows of readRows(db, tx, table)) digest.add(rows);
        const expected = tables[table.name];
        if (expected?.rows !== digest.value.rows || expected.digest !== digest.value.digest)
          differences.push(`${table.name} has ${digest.value.rows} rows instead of ${expected?.rows ?? 0}`);
      }
      return differences;
    },
    { deadlineMs: null },
  );
}
