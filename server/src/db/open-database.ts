import { SQL } from "bun";
import type { DatabaseConfig } from "../config/read-config.ts";
import type { Log } from "../log/log.ts";
import { createDatabase, type Database, DatabaseUnusable } from "./database.ts";
import { openEmbedded } from "./embedded/open-embedded.ts";
import { migrate } from "./migrate.ts";
import { stablePlans } from "./stable-plans.ts";

const postgresVersionMin = 15;

/**
 * How long PostgreSQL waits, in ms. Each is shorter than the time after which the caller is told that there was no answer
 * (`answerWithinMs`), so that a command that was refused does not happen later. The last one is for this process itself: if
 * its machine vanishes in the middle of a transaction, the transaction's locks go too.
 */
const patience = {
  lock_timeout: 4000,
  statement_timeout: 8000,
  idle_in_transaction_session_timeout: 10_000,
};

/** In s. A firewall forgets connections that say nothing, and the server finds out when this machine has vanished. */
const keepAlive = { tcp_keepalives_idle: 60, tcp_keepalives_interval: 10, tcp_keepalives_count: 3 };

/**
 * Opens the configured database and migrates it to the newest schema. Throws with a message for the operator if it
 * cannot.
 */
export async function openDatabase(
  config: DatabaseConfig,
  log: Log,
  beforeMigrating: (db: Database) => Promise<void> = async () => {},
): Promise<Database> {
  const db = await connectDatabase(config, log);
  try {
    await beforeMigrating(db);
    await migrate(db, log);
    return db;
  } catch (error) {
    await db.close().catch(() => {});
    throw error;
  }
}

/**
 * Opens the configured database as it is, whichever tables it has. Throws with a message for the operator if it cannot.
 * `isRestoring`: a data folder that has a secret and no database gets one.
 */
export function connectDatabase(
  config: DatabaseConfig,
  log: Log,
  { isRestoring = false } = {},
): Promise<Database> {
  return config.kind === "embedded"
    ? openEmbedded(config.dataDir, log, { isRestoring })
    : openPostgres(config.url, log);
}

async function openPostgres(url: string, log: Log): Promise<Database> {
  const connection = { ...patience, ...keepAlive, ...stablePlans };
  const open = () => new SQL(url, { max: 10, idleTimeout: 0, connectionTimeout: 10, connection });
  const db = createDatabase(open, { canRenew: true, log });
  try {
    const [row] = await db.sql<{ version: string; encoding: string }>`
      select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding`;
    const major = Math.floor(Number(row!.version) / 10_000);
    if (major < postgresVersionMin)
      throw new Error(`it's PostgreSQL ${major}; novaX needs ${postgresVersionMin} or newer`);
    if (row!.encoding !== "UTF8")
      throw new Error(
        `it keeps text in ${row!.encoding}, which lacks most letters; create the database with ENCODING 'UTF8'`,
      );
  } catch (error) {
    await db.close().catch(() => {});
    const { host, pathname } = new URL(url);
    throw new DatabaseUnusable(
      `DATABASE_URL: the PostgreSQL server at ${host || "no host"}${pathname} can't be used: ${(error as Error).message}`,
    );
  }
  return db;
}
