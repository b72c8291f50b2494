import type { Sql } from "../db/database.ts";

export const operationKinds = ["backup", "restore", "verify"] as const;
export type OperationKind = (typeof operationKinds)[number];

/** Work of an operator that takes long. `total` is 0 while it isn't known. */
export type Operation = {
  id: string;
  kind: OperationKind;
  place: string;
  startedAt: number;
  aliveAt: number;
  endedAt: number | null;
  error: string | null;
  done: number;
  total: number;
};

/** An operation that has said nothing for this long has died with its process. */
export const operationAliveMs = 60_000;

export async function insertOperation(
  sql: Sql,
  { id, kind, place }: Pick<Operation, "id" | "kind" | "place">,
  now: number,
): Promise<void> {
  await sql`
    insert into operations (id, kind, place, started_at, alive_at) values (${id}, ${kind}, ${place}, ${now}, ${now})`;
}

export async function updateOperation(
  sql: Sql,
  { id, done, total }: Pick<Operation, "id" | "done" | "total">,
  now: number,
): Promise<void> {
  await sql`update operations set done = ${done}, total = ${total}, alive_at = ${now} where id = ${id}`;
}

export async function endOperation(
  sql: Sql,
  { id, error }: Pick<Operation, "id" | "error">,
  now: number,
): Promise<void> {
  await sql`update operations set ended_at = ${now}, alive_at = ${now}, error = ${error} where id = ${id}`;
}

/** Whether an operation of this kind is under way, in any process. */
export async function isUnderWay(sql: Sql, kind: OperationKind, now: number): Promise<boolean> {
  const [row] = await sql`
    select 1 from operations where kind = ${kind} and ended_at is null and alive_at > ${now - operationAliveMs} limit 1`;
  return row !== undefined;
}

/** The newest operations, the newest first. */
export function listOperations(sql: Sql, limit: number): Promise<Operation[]> {
  return sql<Operation>`
    select id, kind, place, started_at as "startedAt", alive_at as "aliveAt", ended_at as "endedAt", error, done, total
    from operations order by started_at desc ${sql.limit(limit)}`;
}

/** When the last operation of this kind that ended well began, or null if there was none. */
export async function readLastGood(sql: Sql, kind: OperationKind): Promise<number | null> {
  const [row] = await sql<{ at: number | null }>`
    select max(started_at) as at from operations where kind = ${kind} and ended_at is not null and error is null`;
  return row!.at;
}

/** Deletes what ended before a time; the last good one of each kind stays. */
export async function pruneOperations(sql: Sql, before: number): Promise<void> {
  await sql`
    delete from operations o
    where o.started_at < ${before} and o.id not in (
      select distinct on (kind) id from operations where ended_at is not null and error is null order by kind, started_at desc
    )`;
}
