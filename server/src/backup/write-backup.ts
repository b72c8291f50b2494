import type { Writable } from "node:stream";
import { Encrypter } from "age-encryption";
import type { BlobStore } from "../blobs/blob-store.ts";
import { freezeForReading, listTables, readRows } from "../db/copy-tables.ts";
import type { Database, Sql } from "../db/database.ts";
import { readEpoch } from "../db/installation.ts";
import { listDoneMigrations } from "../db/migrate.ts";
import { version } from "../lib/version.ts";
import { ArchiveWriter, BackupUnusable } from "./archive.ts";
import { type Manifest, manifestName, RowDigest, type Summary, secretName, summaryName } from "./manifest.ts";
import { countBlobs, estimateRows, readBlobs } from "./queries.ts";

/** The rows of a table are split into entries of about this size, because an entry says its size before its bytes. */
const entryChars = 4_000_000;

/** How far it is: rows and bytes of files, of about as many as there are. */
export type Progress = { rows: number; rowsAbout: number; fileBytes: number; fileBytesAll: number };

export type WrittenBackup = Summary & { bytes: number; sha256: string };

type BackupSource = {
  db: Database;
  /** Where the database is, which the manifest says. */
  kind: Manifest["database"];
  /** Null: without files. */
  blobs: BlobStore | null;
  /** Kept in the backup under the passphrase; null: kept elsewhere. */
  secret: { text: string; passphrase: string } | null;
  now: number;
};

/**
 * Writes a backup of all that the database and the file store have at one moment. `onProgress` is called often. Returns what is in
 * it, and what is missing.
 */
export async function writeBackup(
  { db, kind, blobs, secret, now }: BackupSource,
  target: Writable,
  onProgress: (progress: Progress) => void = () => {},
): Promise<WrittenBackup> {
  const sealed = secret && (await sealSecret(secret));
  const archive = new ArchiveWriter(target, { createdAt: now });
  try {
    return await db.transact(
      async (tx) => {
        await freezeForReading(tx);
        const progress: Progress = {
          ...{ rows: 0, rowsAbout: await estimateRows(tx), fileBytes: 0 },
          fileBytesAll: blobs ? (await countBlobs(tx)).bytes : 0,
        };
        const manifest: Manifest = {
          ...{ format: "novax-backup", version: 1, novax: version },
          createdAt: new Date(now).toISOString(),
          epoch: await readEpoch(tx),
          database: kind,
          migrations: await listDoneMigrations(tx),
          hasFiles: blobs !== null,
          hasSecret: sealed !== null,
        };
        await archive.addText(manifestName, `${JSON.stringify(manifest, null, 2)}\n`);
        if (sealed) await archive.add(secretName, sealed.byteLength, [sealed]);
        const tables = await addTables(archive, db, tx, (rows) => {
          progress.rows += rows;
          onProgress(progress);
        });
        const files = await addFiles(archive, tx, blobs, (bytes) => {
          progress.fileBytes += bytes;
          onProgress(progress);
        });
        await archive.addText(summaryName, `${JSON.stringify({ tables, files }, null, 2)}\n`);
        const sha256 = await archive.finish();
        return { tables, files, sha256, bytes: archive.bytes };
      },
      { deadlineMs: null },
    );
  } catch (error) {
    archive.abort();
    throw error;
  }
}

/** In the format of age (https://age-encryption.org/v1), so that its own tool opens it too. */
async function sealSecret({ text, passphrase }: { text: string; passphrase: string }): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  return encrypter.encrypt(text);
}

async function addTables(
  archive: ArchiveWriter,
  db: Database,
  tx: Sql,
  onRows: (rows: number) => void,
): Promise<Summary["tables"]> {
  const summary: Summary["tables"] = {};
  for (const table of await listTables(tx)) {
    const digest = new RowDigest();
    let lines: string[] = [];
    let chars = 0;
    let part = 0;
    const flush = async () => {
      part += 1;
      await archive.addText(`tables/${table.name}/${String(part).padStart(6, "0")}.jsonl`, lines.join(""));
      lines = [];
      chars = 0;
    };
    for await (const rows of readRows(db, tx, table)) {
      digest.add(rows);
      for (const row of rows) {
        lines.push(`${row}\n`);
        chars += row.length;
      }
      onRows(rows.length);
      if (chars >= entryChars) await flush();
    }
    if (lines.length > 0) await flush();
    summary[table.name] = digest.value;
  }
  return summary;
}

async function addFiles(
  archive: ArchiveWriter,
  tx: Sql,
  blobs: BlobStore | null,
  onBytes: (bytes: number) => void,
): Promise<Summary["files"]> {
  const files: Summary["files"] = { count: 0, bytes: 0, missing: [] };
  if (!blobs) return files;
  for await (const some of readBlobs(tx))
    for (const { id, size } of some) {
      const body = await readWhole(blobs, id, size);
      if (body === null) {
        files.missing.push(id);
        continue;
      }
      await archive.add(`files/${id}`, size, [body]);
      files.count += 1;
      files.bytes += size;
      onBytes(size);
    }
  return files;
}

/** A blob has a few megabytes at most, so it is read at once: a tar can't take half of one back. Null: the store hasn't it. */
async function readWhole(blobs: BlobStore, id: string, size: number): Promise<Uint8Array | null> {
  try {
    const bytes = new Uint8Array(await new Response(blobs.read(id, { start: 0, end: size })).arrayBuffer());
    return bytes.byteLength === size ? bytes : null;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT" || code === "NoSuchKey") return null;
    throw new BackupUnusable(`a file can't be read from ${blobs.place} (${code ?? (error as Error).name})`);
  }
}
