import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ConfigError } from "../../config/read-config.ts";

/** Makes the data folder, for its owner alone, or refuses one that others can read or that we cannot write. */
export function prepareDataFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const mode = statSync(dataDir).mode;
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw new ConfigError([`DATA_DIR: others can read ${dataDir}; run: chmod 700 ${dataDir}`]);
    }
    mkdirSync(join(dataDir, "run"), { recursive: true, mode: 0o700 });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError([`DATA_DIR: ${dataDir} cannot be written (${code})`]);
  }
}

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
