import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Unpacks the seed into a new folder beside the final one, brings it to the disk and renames it, so that a folder of
 * the final name is always whole: whoever is killed during the first start begins again.
 */
export async function createFromSeed(databaseDir: string, seed: Uint8Array): Promise<void> {
  const unfinished = `${databaseDir}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  await new Bun.Archive(seed).extract(unfinished);
  // The seed was taken from a running database; its pid file would claim that one still runs.
  rmSync(join(unfinished, "postmaster.pid"), { force: true });
  syncTree(unfinished);
  renameSync(unfinished, databaseDir);
  syncPath(dirname(databaseDir));
}

export function hasDatabase(databaseDir: string): boolean {
  return existsSync(join(databaseDir, "PG_VERSION"));
}

function syncTree(folder: string): void {
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
