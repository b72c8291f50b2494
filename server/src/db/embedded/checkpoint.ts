import type { SQL } from "bun";

/** How much of its log the embedded database keeps. Starting after a crash reads it again: 64 MB take about a second. */
export const logBytesMax = 64_000_000;

/**
 * Makes a checkpoint if more than `bytesMax` of the database's write-ahead log came after the last one, and returns whether it
 * did. PostgreSQL has a process for that, which the embedded one has not: without this its log grows for as long as it runs.
 */
export async function checkpointIfDue(client: SQL, bytesMax = logBytesMax): Promise<boolean> {
  const [row] = await client`
    select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()`;
  if (row.bytes <= bytesMax) return false;
  await client.unsafe("checkpoint");
  return true;
}
