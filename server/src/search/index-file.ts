// The file of an index, and who has it. A file is never removed while it is one: another process may just be opening it.
import { Database as Sqlite } from "bun:sqlite";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** How many processes can use one folder, each with an index of its own. */
const processesMax = 64;
const fileName = /^index-(\d+)\.sqlite$/;

/** Opens the first file in the folder that no other process has. Throws if this process cannot use files there. */
export function openFreeFile<T>(folder: string, use: (sqlite: Sqlite) => T): { path: string; opened: T } {
  for (let number = 1; number <= processesMax; number++) {
    const path = join(folder, `index-${number}.sqlite`);
    const opened = openFile(path, use);
    if (opened !== null) return { path, opened: opened.value };
  }
  throw new Error("every index in the folder is in use");
}

/**
 * Empties the files that no process has: what is deleted from now on would stay in them. The first `kept` ones are left,
 * for processes that start at the same time and go on with the file that they had.
 */
export function emptyUnusedFiles(folder: string, own: string, { kept }: { kept: number }): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const number = Number(fileName.exec(name)?.[1] ?? 0);
    if (number <= kept || path === own) continue;
    openFile(path, (sqlite) => {
      emptyFile(sqlite);
      sqlite.close();
    });
  }
}

/** Removes all that is in a file, also from the disk. */
export function emptyFile(sqlite: Sqlite): void {
  const tables = sqlite.query<{ name: string }, []>(
    "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by sql not like 'create virtual%'",
  );
  // The tables that belong to a virtual one go with it.
  for (const { name } of tables.all()) sqlite.run(`drop table if exists "${name}"`);
  sqlite.run("vacuum");
  sqlite.run("pragma wal_checkpoint(truncate)");
}

/** Whether the file cannot be read as a database any more. */
export function isDamaged(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test((error as { code?: string } | null)?.code ?? "");
}

export function removeFile(path: string): void {
  for (const end of ["", "-wal", "-shm", "-journal"]) rmSync(`${path}${end}`, { force: true });
}

/** Locks a file for this process and uses it. Null if another process has it. A damaged file is replaced by an empty one. */
function openFile<T>(path: string, use: (sqlite: Sqlite) => T): { value: T } | null {
  for (let tries = 1; ; tries++) {
    const sqlite = new Sqlite(path, { create: true });
    try {
      sqlite.run("pragma busy_timeout = 0");
      // Held as long as this process lives. A crash leaves no lock.
      sqlite.run("pragma locking_mode = exclusive");
      sqlite.run("pragma journal_mode = wal");
      sqlite.run("begin exclusive; commit");
      return { value: use(sqlite) };
    } catch (error) {
      sqlite.close();
      if ((error as { code?: string }).code?.startsWith("SQLITE_BUSY")) return null;
      if (!isDamaged(error) || tries > 1) throw error;
      removeFile(path);
    }
  }
}
