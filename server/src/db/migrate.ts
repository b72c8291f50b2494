import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../config/read-config.ts";
import { migrationsFolder } from "../lib/paths.ts";
import type { Log } from "../log/log.ts";
import { type Database, DatabaseUnusable, type Sql } from "./database.ts";
import { fillNames } from "./name-queries.ts";

// An arbitrary constant, which must be the same in every process and version.
const advisoryLockKey = 7_038_411;

// A migration may take long, and other processes wait for it.
const noDeadline = { deadlineMs: null };

/** What cannot be computed in SQL, and follows a migration in the same transaction. */
const fills: Readonly<Record<string, (tx: Sql) => Promise<void>>> = { "0021_names.sql": fillNames };

/**
 * Runs the numbered files in `migrations/` that have not run yet, in order and in one transaction. Several processes
 * may start at once: one migrates, the others wait. Throws if the database has migrations that this version does not
 * know.
 */
export async function migrate(db: Database, log: Log): Promise<void> {
  await migrateAll(db, log).catch((error: unknown) => {
    throw asUnusable(error);
  });
}

/** What an operator can mend, in their words. */
function asUnusable(error: unknown): unknown {
  const { errno } = (error ?? {}) as { errno?: string };
  // 42501 and 42P07: no right to make tables, and a table that is there already.
  if (errno === "42501")
    return new DatabaseUnusable(
      "DATABASE_URL: this user may not create tables; make it the owner of the database (ALTER DATABASE name OWNER TO user)",
    );
  if (errno === "42P07")
    return new DatabaseUnusable(
      "DATABASE_URL: the database has tables of another program; give novaX one of its own",
    );
  return error;
}

async function migrateAll(db: Database, log: Log): Promise<void> {
  await db.transact(async (tx) => {
    await lockMigrations(tx);
    await migrateIn(db, tx, log);
  }, noDeadline);
}

/** Lets one transaction at a time change the schema. Holds until it ends. */
export async function lockMigrations(tx: Sql): Promise<void> {
  // Another process may migrate for as long as it takes. A table that somebody has locked is not waited for so long:
  // what waits for such a lock keeps everybody else from the table.
  await tx`set local lock_timeout = 0`;
  await tx`select pg_advisory_xact_lock(${advisoryLockKey})`;
  await tx`set local lock_timeout = '30s'`;
}

/**
 * Runs what has not run yet in a transaction that has locked the schema: all of it, or what is in `only`. Throws {@link ConfigError}
 * if the database is from a newer version.
 */
export async function migrateIn(
  db: Database,
  tx: Sql,
  log: Log,
  { only = knownMigrations() }: { only?: readonly string[] } = {},
): Promise<void> {
  await tx`create table if not exists migrations (name text primary key, ran_at timestamptz not null default now())`;
  const done = new Set((await tx<{ name: string }>`select name from migrations`).map((row) => row.name));
  if (await isFromDevelopment(tx, done))
    throw new ConfigError([
      "the database is from a development version of novaX, between 9b76b4c and dc50285, whose tables were changed afterwards; export what you need with that version, and begin with an empty database",
    ]);
  const unknown = unknownMigrations([...done]);
  if (unknown.length > 0)
    throw new ConfigError([
      `the database is from a newer novaX (it has ${unknown.join(", ")}); start that version, or restore a backup from before`,
    ]);
  for (const name of only.filter((file) => !done.has(file))) await run(db, tx, name, log);
}

/** The migrations of this version, in their order. */
export function knownMigrations(): string[] {
  return readdirSync(migrationsFolder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
}

/** Those that this version doesn't have: of a newer one. */
export function unknownMigrations(names: readonly string[]): string[] {
  const known = knownMigrations();
  return names.filter((name) => !known.includes(name));
}

/** The migrations that have run on a database, in their order. Empty for a database without tables of ours. */
export async function listDoneMigrations(tx: Sql): Promise<string[]> {
  const [row] = await tx<{ known: string | null }>`select to_regclass('migrations')::text as known`;
  if (row!.known === null) return [];
  return (await tx<{ name: string }>`select name from migrations order by name`).map(({ name }) => name);
}

/**
 * Whether a migration ran before it had the form in which it was released: then the tables are neither those of a version
 * nor those of the one before.
 */
async function isFromDevelopment(tx: Sql, done: ReadonlySet<string>): Promise<boolean> {
  if (done.has("0004_languages.sql") || done.has("0005_threads.sql")) return true;
  if (!done.has("0003_rooms.sql") || done.has("0004_rooms_kept_apart.sql")) return false;
  const [row] = await tx<{ early: string | null }>`select to_regclass('former_members')::text as early`;
  return row!.early !== null;
}

async function run(db: Database, tx: Sql, name: string, log: Log): Promise<void> {
  await db.runText(tx, readFileSync(join(migrationsFolder, name), "utf8"));
  await fills[name]?.(tx);
  await tx`insert into migrations (name) values (${name})`;
  log.info("database.migrated", { migration: name });
}
