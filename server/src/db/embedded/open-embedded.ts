import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { SQL } from "bun";
import { prepareDataFolder } from "../../config/data-folder.ts";
import { ConfigError } from "../../config/read-config.ts";
import { every } from "../../lib/every.ts";
import { projectFolder, scriptPath } from "../../lib/paths.ts";
import type { Log } from "../../log/log.ts";
import { createDatabase, type Database } from "../database.ts";
import { createFromSeed, hasDatabase } from "./data-folder.ts";
import { lockFolder } from "./folder-lock.ts";
import { createSeed } from "./seed.ts";
import type { FromWorker, ToWorker } from "./worker.ts";

/** The prebuilt empty database that `npm start` makes. It opens in one second instead of four. */
export const seedPath = join(projectFolder, "build/embedded-seed.tgz");

const vacuumEveryMs = 10 * 60_000;
// The path of a unix socket can have at most 107 bytes on Linux, 103 on macOS.
const socketPathBytesMax = 100;

/**
 * Opens the embedded PostgreSQL in `dataDir` for this process alone, and creates it if it is missing. Throws {@link
 * ConfigError} if the folder cannot be used or another process holds it.
 */
export async function openEmbedded(dataDir: string, log: Log): Promise<Database> {
  prepareDataFolder(dataDir);
  const lock = lockFolder(dataDir);
  if (!lock) throw new ConfigError([`DATA_DIR: another novaX is already running on ${dataDir}`]);
  const socketPath = join(dataDir, "run", "postgres.sock");
  if (Buffer.byteLength(socketPath) > socketPathBytesMax) {
    throw new ConfigError([`DATA_DIR: the path ${dataDir} is too long for a socket in it`]);
  }
  const databaseDir = join(dataDir, "postgres");
  if (!hasDatabase(databaseDir)) {
    log.info("database.creating", { folder: databaseDir });
    await createFromSeed(databaseDir, existsSync(seedPath) ? readFileSync(seedPath) : await createSeed());
  }
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
  rmSync(socketPath, { force: true });

  const worker = new Worker(scriptPath("db/embedded/worker"));
  const answered = (kind: FromWorker["kind"]) =>
    new Promise<void>((done, fail) => {
      worker.onmessage = (event: MessageEvent<FromWorker>) => {
        // One that has ended by itself is closed.
        if (event.data.kind === kind || (kind === "closed" && event.data.kind === "broken")) done();
        if (event.data.kind === "failed")
          fail(new Error(`the embedded database doesn't open: ${event.data.message}`));
      };
      worker.onerror = (event) => fail(new Error(event.message));
    });
  const send = (message: ToWorker) => worker.postMessage(message);

  send({ kind: "open", databaseDir, socketPath });
  await answered("opened");
  // Without its thread the database cannot be recovered, and one whose disk failed must be opened anew, from what the disk
  // has: the process ends, so that its supervisor starts it again.
  const end = (message: string) => {
    log.fault("database.ended", new Error(message));
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
  const onClose = async () => {
    await vacuum.stop();
    const closed = answered("closed");
    send({ kind: "close" });
    await closed;
    worker.terminate();
    lock.release();
  };
  return createDatabase(() => client, { canRenew: false, onClose });
}
