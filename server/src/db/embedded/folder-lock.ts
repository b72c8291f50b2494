import { Database as Sqlite } from "bun:sqlite";
import { join } from "node:path";

/**
 * Locks a data folder for this process, or returns null if another process has it. Two processes on one folder would
 * overwrite each other's rows. `name`: of the file that is locked; others in the same folder are for other things.
 *
 * The lock is the operating system's, taken through SQLite's exclusive mode. It ends with the process, even after a
 * crash, so there is never a stale lock to remove.
 */
export function lockFolder(folder: string, name = "lock"): { release(): void } | null {
  const file = new Sqlite(join(folder, name), { create: true });
  try {
    file.run("pragma locking_mode = exclusive");
    file.run("pragma busy_timeout = 0");
    file.run("begin exclusive");
  } catch {
    file.close();
    return null;
  }
  return { release: () => file.close() };
}
