import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import { SQL } from "bun";
import { prepareDataFolder, secretFileOf } from "../../config/data-folder.ts";
import { ConfigError } from "../../config/read-config.ts";
import { every } from "../../lib/every.ts";
import { projectFolder, scriptPath } from "../../lib/paths.ts";
import type { Log } from "../../log/log.ts";
import { createDatabase, type Database, DatabaseUnusable } from "../database.ts";
import { checkpointIfDue } from "./checkpoint.ts";
import { copyRunning } from "./copy-running.ts";
import { createFromSeed, hasDatabase } from "./data-folder.ts";
import { lockFolder } from "./folder-lock.ts";
import { createSeed } from "./seed.ts";
import type { FromWorker, ToWorker } from "./worker.ts";

/** The prebuilt empty database that `npm start` makes. It opens in one second instead of four. */
export const seedPath = join(projectFolder, "build/embedded-seed.tgz");

const vacuumEveryMs = 10 * 60_000;
const checkpointEveryMs = 15_000;
// The path of a unix socket can have at most 107 bytes on Linux, 103 on macOS.
const socketPathBytesMax = 100;

/**
 * Opens the embedded PostgreSQL in `dataDir` for this process alone, and creates it if it is missing. Throws {@link
 * ConfigError} if the folder cannot be used or another process holds it.
 */
export async function openEmbedded(
  dataDir: string,
  log: Log,
  { isRestoring = false } = {},
): Promise<Database> {
  prepareDataFolder(dataDir);
  const lock = lockFolder(dataDir);
  if (!lock) throw new ConfigError([`DATA_DIR: another novaX is already running on ${dataDir}`]);
  const socketPath = join(dataDir, "run", "postgres.sock");
  if (Buffer.byteLength(socketPath) > socketPathBytesMax) {
    throw new ConfigError([`DATA_DIR: the path ${dataDir} is too long for a socket in it`]);
  }
  const databaseDir = join(dataDir, "postgres");
  if (!hasDatabase(databaseDir)) {
    if (!isRestoring) assertNew(dataDir);
    log.info("database.creating", { folder: databaseDir });
    if (existsSync(databaseDir))
      throw new ConfigError([
        `DATA_DIR: ${databaseDir} is damaged: it has no PG_VERSION; restore a backup, or use an empty folder`,
      ]);
    const seed = existsSync(seedPath) ? readFileSync(seedPath) : await createSeed();
    await createFromSeed(databaseDir, seed).catch((error: Error) => {
      throw new DatabaseUnusable(`DATA_DIR: no database can be created: ${reasonIn(dataDir, error.message)}`);
    });
  }
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
  rmSync(socketPath, { force: true });

  const worker = new Worker(scriptPath("db/embedded/worker"));
  const answered = (kind: FromWorker["kind"]) =>
    new Promise<void>((done, fail) => {
      worker.onmessage = (event: MessageEvent<FromWorker>) => {
        // One that has ended by itself is closed.
        if (event.data.kind === kind || (kind === "closed" && event.data.kind === "broken")) done();
        if (event.data.kind === "failed") fail(cannotOpen(databaseDir, event.data.message));
      };
      worker.onerror = (event) => fail(cannotOpen(databaseDir, event.message));
    });
  const send = (message: ToWorker) => worker.postMessage(message);

  send({ kind: "open", databaseDir, socketPath });
  await answered("opened");
  // Without its thread the database cannot be recovered, and one whose disk failed must be opened anew, from what the disk
  // has: the process ends, so that its supervisor starts it again.
  const end = (message: string) => {
    log.error("database.ended", { message, hint: "novaX ends and can be started again; look at its disk" });
    process.exit(1);
  };
  worker.onerror = (event) => end(event.message);
  worker.onmessage = (event: MessageEvent<FromWorker>) => {
    if (event.data.kind === "broken") end(event.data.message);
  };
  const client = new SQL({
    adapter: "postgres",
    path: socketPath,
    username: "postgres",
    database: "postgres",
    // There is one backend, so one connection: statements outside an open transaction wait in the client's queue.
    max: 1,
    idleTimeout: 0,
  });
  const vacuum = every(log, "database.vacuum_failed", vacuumEveryMs, () => client.unsafe("vacuum analyze"));
  let copying: Promise<void> | null = null;
  // A copy that is being made needs the log from its beginning on.
  const checkpoint = every(log, "database.checkpoint_failed", checkpointEveryMs, async () => {
    if (!copying) await checkpointIfDue(client);
  });
  const copyFolder = async (target: string) => {
    // Of a backup that was killed meanwhile.
    while (copying) await copying.catch(() => {});
    const copy = async () => {
      // One that is being made at this moment would remove what the copy needs.
      await checkpoint.run();
      await copyRunning(client, databaseDir, target);
    };
    copying = copy().finally(() => {
      copying = null;
    });
    return copying;
  };
  const onClose = async () => {
    await Promise.all([vacuum.stop(), checkpoint.stop()]);
    const closed = answered("closed");
    send({ kind: "close" });
    await closed;
    worker.terminate();
    lock.release();
  };
  return createDatabase(() => client, { canRenew: false, copyFolder, onClose, log });
}

/** A folder with a secret had a database, or its database is elsewhere: a new one would look as if all were lost. */
function assertNew(dataDir: string): void {
  if (existsSync(secretFileOf(dataDir)))
    throw new ConfigError([
      `DATA_DIR: ${dataDir} has a secret.key and no database; restore its folder postgres, set DATABASE_URL if the database is elsewhere, or use an empty folder to begin anew`,
    ]);
}

function cannotOpen(databaseDir: string, message: string): DatabaseUnusable {
  return new DatabaseUnusable(
    `DATA_DIR: the database in ${databaseDir} can't be opened: ${reasonIn(databaseDir, message)}`,
  );
}

/** PostgreSQL needs some of it to start, and says little when there is none. */
const freeBytesMin = 64_000_000;

function reasonIn(folder: string, message: string): string {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < freeBytesMin
    ? `the disk of ${folder} is full; make room on it`
    : `${message}. If the folder was damaged, or copied while novaX ran, restore a backup`;
}
