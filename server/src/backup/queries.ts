import type { Sql } from "../db/database.ts";

const blobsAtOnce = 1000;

export type KeptBlob = { id: string; size: number };

/** Reads the blobs that files are made of, some at a time. */
export async function* readBlobs(sql: Sql): AsyncGenerator<KeptBlob[]> {
  let after = "00000000-0000-0000-0000-000000000000";
  for (;;) {
    const blobs = await sql<KeptBlob>`
      select id, size from blobs
      where id > ${after} and file_id is not null and size is not null
      order by id ${sql.limit(blobsAtOnce)}`;
    if (blobs.length === 0) return;
    yield blobs;
    after = blobs.at(-1)!.id;
  }
}

/** How many blobs files are made of, and how many bytes they have. */
export async function countBlobs(sql: Sql): Promise<{ count: number; bytes: number }> {
  const [row] = await sql<{ count: number; bytes: number }>`
    select count(*) as count, coalesce(sum(size), 0)::bigint as bytes
    from blobs where file_id is not null and size is not null`;
  return row!;
}

/** About how many rows all tables have. */
export async function estimateRows(sql: Sql): Promise<number> {
  const [row] = await sql<{ rows: number }>`
    select coalesce(sum(greatest(reltuples, 0)), 0)::bigint as rows
    from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace`;
  return row!.rows;
}

/** Begins another history: positions that clients know of the restored one mean nothing. */
export async function beginNewEpoch(tx: Sql): Promise<void> {
  await tx`update installation set epoch = gen_random_uuid()`;
}

/** Lets a day pass before anything is deleted for its age: what is restored may be restored because it is old. */
export async function startGrace(tx: Sql, now: number): Promise<void> {
  await tx`update installation set keep_changed_at = ${now}`;
}

/** Ends all sessions that have not ended. Returns how many there were. */
export async function endAllSessions(tx: Sql, now: number): Promise<number> {
  return (await tx`update sessions set ended_at = ${now} where ended_at is null returning 1`).length;
}

export async function countSessions(tx: Sql): Promise<number> {
  const [row] = await tx<{ count: number }>`select count(*) as count from sessions where ended_at is null`;
  return row!.count;
}

/** Whether a database has no tables at all. */
export async function isWithoutTables(sql: Sql): Promise<boolean> {
  const [row] = await sql`
    select 1 from pg_class where relkind in ('r', 'p', 'v') and relnamespace = current_schema()::regnamespace limit 1`;
  return row === undefined;
}
