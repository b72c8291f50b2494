import { constants } from "node:fs";
import { copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SQL } from "bun";

const logFile = /^[\dA-F]{24}$/;
const isOfProcess = (name: string) => name === "postmaster.pid" || name === "postmaster.opts";

/**
 * Copies the folder of a database that `client` is connected to, while others use it. Files that change meanwhile are copied in
 * any state, as with pg_basebackup: when the copy is opened, PostgreSQL reads its log from the beginning of the copy on, which
 * mends them (https://www.postgresql.org/docs/18/continuous-archiving.html, 25.3.4). The caller keeps checkpoints from being
 * made, because they remove what is needed of the log.
 */
export async function copyRunning(client: SQL, databaseDir: string, target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  // One that was never ended, because it failed, would keep the next from beginning.
  await client`select pg_backup_stop(false)`.catch(() => {});
  await client`select pg_backup_start('novaX', true)`;
  let label: string;
  try {
    await copyTree(databaseDir, target, (path) => !path.startsWith("pg_wal/") && !isOfProcess(path));
  } finally {
    const [row] = await client`select labelfile from pg_backup_stop(false)`;
    label = row.labelfile;
  }
  await copyTree(join(databaseDir, "pg_wal"), join(target, "pg_wal"), (path) => logFile.test(path));
  await writeFile(join(target, "backup_label"), label);
}

/** Copies what `isWanted` in a folder, and all of its folders. On file systems that can, files share their bytes. */
async function copyTree(
  from: string,
  to: string,
  isWanted: (path: string) => boolean,
  path = "",
): Promise<void> {
  await mkdir(join(to, path), { recursive: true, mode: 0o700 });
  for (const entry of await readdir(join(from, path), { withFileTypes: true })) {
    const inner = path === "" ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) await copyTree(from, to, isWanted, inner);
    else if (isWanted(inner))
      await copyFile(join(from, inner), join(to, inner), constants.COPYFILE_FICLONE).catch((error) => {
        // A table that was dropped meanwhile. The log knows it.
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      });
  }
}
