import { Database as Sqlite } from "bun:sqlite";
import { join } from "node:path";

/**
 * Holds a data folder for this process alone, or returns null when another one has it. Two processes on one folder
 * would each write over the other's rows.
 *
 * The lock is the operating system's own, taken through SQLite's exclusive mode: it ends with the process however that
 * ends, so a crash leaves nothing behind that somebody would have to remove.
 */
export function lockFolder(folder: string): { release(): void } | null {
  const file = new Sqlite(join(folder, "lock"), { create: true });
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
