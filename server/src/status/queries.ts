import type { Sql } from "../db/database.ts";

/** What is counted adds up over all processes; of what is measured, the largest value of any process is kept. */
export const figureNames = ["messages", "people", "commit_ms", "late_ms", "memory", "storage"] as const;
export type FigureName = (typeof figureNames)[number];

export type FigurePoint = { at: number; value: number };

export const figureEveryMs = 5 * 60_000;

const beginOf = (now: number) => now - (now % figureEveryMs);

/** Adds to what was counted in these five minutes. */
export async function addToFigure(sql: Sql, name: FigureName, value: number, now: number): Promise<void> {
  await sql`
    insert into figures (name, at, value) values (${name}, ${beginOf(now)}, ${value})
    on conflict (name, at) do update set value = figures.value + excluded.value`;
}

/** Keeps the largest value that was measured in these five minutes. */
export async function raiseFigure(sql: Sql, name: FigureName, value: number, now: number): Promise<void> {
  await sql`
    insert into figures (name, at, value) values (${name}, ${beginOf(now)}, ${value})
    on conflict (name, at) do update set value = greatest(figures.value, excluded.value)`;
}

/**
 * Returns a figure from `since` on, in steps of `stepMs`, the oldest first: what was counted as a sum, what was measured as the
 * largest value. Steps without a value are left out.
 */
export function readFigure(
  sql: Sql,
  name: FigureName,
  { since, stepMs, isCounted }: { since: number; stepMs: number; isCounted: boolean },
): Promise<FigurePoint[]> {
  return sql<FigurePoint>`
    select (at / ${stepMs}::bigint * ${stepMs}::bigint) as at,
      (case when ${isCounted} then sum(value) else max(value) end) as value
    from figures where name = ${name} and at >= ${since}
    group by 1 order by 1`;
}

export async function pruneFigures(sql: Sql, before: number): Promise<void> {
  await sql`delete from figures where at < ${before}`;
}

export type ServerCounts = {
  people: number;
  waiting: number;
  rooms: number;
  messages: number;
  files: number;
  fileBytes: number;
  databaseBytes: number;
};

/** How much there is of everything. The number of messages is an estimate of the database's own. */
export async function readCounts(sql: Sql): Promise<ServerCounts> {
  const [row] = await sql<ServerCounts>`
    select
      (select count(*) from accounts where disabled_at is null and deleted_at is null and not awaits_approval) as people,
      (select count(*) from accounts where awaits_approval) as waiting,
      (select count(*) from rooms where kind in ('public', 'private') and archived_at is null) as rooms,
      greatest(
        (select reltuples::bigint from pg_class where oid = 'messages'::regclass),
        -- A new table has no estimate yet, and a small one is soon counted.
        (select count(*) from (select 1 from messages limit 10000) first)
      ) as messages,
      (select count(*) from files where seq is not null) as files,
      coalesce((select sum(bytes) from storage_use), 0)::bigint as "fileBytes",
      pg_database_size(current_database()) as "databaseBytes"`;
  return row!;
}

export async function readFileBytes(sql: Sql): Promise<number> {
  const [row] = await sql<{ bytes: number }>`
    select coalesce(sum(bytes), 0)::bigint as bytes from storage_use`;
  return row!.bytes;
}
