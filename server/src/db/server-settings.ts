import type { Sql } from "./database.ts";

export type ServerSettings = {
  version: string;
  /** Its clock, in ms since 1970. */
  now: number;
  /** Whether what was committed survives a power cut. */
  isDurable: boolean;
  connectionsMax: number;
  /** Of the fastest of a few statements. */
  latencyMs: number;
};

const rounds = 5;

/** Reads how a PostgreSQL server is set up, as far as that concerns us. */
export async function readServerSettings(sql: Sql): Promise<ServerSettings> {
  let latencyMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const askedAt = performance.now();
    await sql`select 1`;
    latencyMs = Math.min(latencyMs, performance.now() - askedAt);
  }
  const [row] = await sql<Omit<ServerSettings, "latencyMs">>`
    select current_setting('server_version') as version,
      (extract(epoch from clock_timestamp()) * 1000)::bigint as now,
      current_setting('fsync') = 'on' and current_setting('full_page_writes') = 'on'
        and current_setting('synchronous_commit') <> 'off' as "isDurable",
      current_setting('max_connections')::integer as "connectionsMax"`;
  return { ...row!, latencyMs };
}
