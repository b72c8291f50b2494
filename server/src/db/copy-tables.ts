// Whole tables as text, for backups: any schema of ours, from one kind of database into another.
import type { Database, Sql } from "./database.ts";

/** A table, with the columns that are stored, which leaves out those that are computed from others. */
export type TableShape = { name: string; columns: string[] };

/** Runs of rows are read and written together. */
const rowsAtOnce = 500;

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** All tables but that of the migrations, by name. */
export function listTables(tx: Sql): Promise<TableShape[]> {
  return tx<TableShape>`
    select t.table_name as name, array_agg(c.column_name::text order by c.ordinal_position) as columns
    from information_schema.tables t
    join information_schema.columns c on c.table_schema = t.table_schema and c.table_name = t.table_name
    where t.table_schema = current_schema() and t.table_type = 'BASE TABLE' and t.table_name <> 'migrations'
      and c.is_generated = 'NEVER'
    group by t.table_name order by t.table_name`;
}

/**
 * Makes a transaction see the database as it is now, however long it takes, and write values alike on every server. Has to be
 * its first statement.
 */
export async function freezeForReading(tx: Sql): Promise<void> {
  await tx`set transaction isolation level repeatable read, read only`;
  await tx`set local idle_in_transaction_session_timeout = 0`;
  await useOneForm(tx);
}

async function useOneForm(tx: Sql): Promise<void> {
  // Whole tables are read, which other statements are kept from (`stablePlans`).
  await tx`set local enable_seqscan = on`;
  await tx`set local timezone = 'UTC'`;
  await tx`set local datestyle = 'ISO'`;
  await tx`set local extra_float_digits = 1`;
  await tx`set local bytea_output = 'hex'`;
}

/** Reads the rows of a table as lines of JSON, some at a time. One table at a time in each transaction. */
export async function* readRows(
  db: Database,
  tx: Sql,
  { name, columns }: TableShape,
): AsyncGenerator<string[]> {
  const row = columns.map((column) => `t.${quoted(column)}`).join(", ");
  await db.runText(
    tx,
    `declare rows no scroll cursor for select row_to_json(r)::text as line from ${quoted(name)} t cross join lateral (select ${row}) r`,
  );
  for (;;) {
    const rows = await db.runText<{ line: string }>(tx, `fetch ${rowsAtOnce} from rows`);
    if (rows.length === 0) break;
    yield rows.map(({ line }) => line);
  }
  await db.runText(tx, "close rows");
}

/** Adds rows that {@link readRows} has read to a table. */
export async function writeRows(
  db: Database,
  tx: Sql,
  { name, columns }: TableShape,
  lines: readonly string[],
): Promise<void> {
  const names = columns.map(quoted).join(", ");
  await db.runText(
    tx,
    `insert into ${quoted(name)} (${names}) select ${names} from json_populate_recordset(null::${quoted(name)}, $1::text::json)`,
    [`[${lines.join(",")}]`],
  );
}

/**
 * Empties all tables, and leaves them without what checks or changes rows that are written one table after the other. Returns what
 * brings that back, and so checks all references at once.
 */
export async function openForWriting(
  db: Database,
  tx: Sql,
  tables: readonly TableShape[],
): Promise<() => Promise<void>> {
  await tx`set local idle_in_transaction_session_timeout = 0`;
  await useOneForm(tx);
  const references = await tx<{ table: string; name: string; definition: string }>`
    select conrelid::regclass::text as table, conname as name, pg_get_constraintdef(oid) as definition
    from pg_constraint
    where contype = 'f' and connamespace = current_schema()::regnamespace
    order by 1, 2`;
  for (const { table, name } of references)
    await db.runText(tx, `alter table ${table} drop constraint ${quoted(name)}`);
  for (const { name } of tables) await db.runText(tx, `alter table ${quoted(name)} disable trigger user`);
  await db.runText(tx, `truncate ${tables.map(({ name }) => quoted(name)).join(", ")}`);
  return async () => {
    for (const { name } of tables) await db.runText(tx, `alter table ${quoted(name)} enable trigger user`);
    for (const { table, name, definition } of references)
      await db.runText(tx, `alter table ${table} add constraint ${quoted(name)} ${definition}`);
  };
}
