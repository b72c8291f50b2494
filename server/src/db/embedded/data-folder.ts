import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Unpacks the seed into a temporary folder, flushes it to disk and renames it. A folder with the final name is
 * therefore always complete; if the first start is killed, the next one begins again.
 */
export async function createFromSeed(databaseDir: string, seed: Uint8Array): Promise<void> {
  const unfinished = `${databaseDir}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  await new Bun.Archive(seed).extract(unfinished);
  // The seed was taken from a running database; its pid file would say that one is still running.
  rmSync(join(unfinished, "postmaster.pid"), { force: true });
  syncTree(unfinished);
  renameSync(unfinished, databaseDir);
  syncPath(dirname(databaseDir));
}

export function hasDatabase(databaseDir: string): boolean {
  return existsSync(join(databaseDir, "PG_VERSION"));
}

/** Flushes a folder and all that is in it to the disk. */
export function syncTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else syncPath(path);
  }
  syncPath(folder);
}

function syncPath(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
