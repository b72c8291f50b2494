import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { SQL } from "bun";
import { checkpointIfDue } from "./checkpoint.ts";
import { createFromSeed } from "./data-folder.ts";
import { DurableFs, startParams } from "./durable-fs.ts";
import { seedPath } from "./open-embedded.ts";
import { serveWire } from "./wire-server.ts";

const folder = mkdtempSync(join(tmpdir(), "novax-log-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the log of the embedded database doesn't grow for as long as it runs", async () => {
  const databaseDir = join(folder, "postgres");
  await createFromSeed(databaseDir, readFileSync(seedPath));
  const pg = await PGlite.create({ fs: new DurableFs(databaseDir), startParams });
  const path = join(folder, "socket");
  const listener = serveWire(pg, path, (error) => {
    throw error;
  });
  const client = new SQL({ adapter: "postgres", path, username: "postgres", database: "postgres", max: 1 });
  // Each is a file of 16 MB.
  const segments = () =>
    readdirSync(join(databaseDir, "pg_wal")).filter((name) => /^[\dA-F]{24}$/.test(name));
  await client`create table notes (round integer)`;
  const checkpoints: boolean[] = [];
  for (let round = 0; round < 12; round++) {
    await client`insert into notes values (${round})`;
    // Goes on with the next file, as if this one were full.
    await client`select pg_switch_wal()`;
    checkpoints.push(await checkpointIfDue(client, 20_000_000));
  }
  expect(checkpoints).toContain(true);
  expect(checkpoints).toContain(false);
  expect(segments().length).toBeLessThan(8);
  await client.close();
  listener.stop(true);
  await pg.close();
}, 60_000);
