import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, isUniqueViolation } from "../../server/src/db/database.ts";
import { migrate } from "../../server/src/db/migrate.ts";
import { openDatabase } from "../../server/src/db/open-database.ts";
import { silentLog as log } from "../../server/src/log/log.ts";
import { createPostgresDatabase, databaseKinds, isAvailable } from "../support/server.ts";

// Callers cannot tell which database they have; this suite proves it.
for (const kind of databaseKinds) {
  describe.skipIf(!isAvailable(kind))(`the database (${kind})`, () => {
    let db: Database;
    let remove = async () => {};

    beforeAll(async () => {
      if (kind === "postgres") {
        const created = await createPostgresDatabase();
        db = await openDatabase({ kind, url: created.url }, log);
        remove = created.drop;
      } else {
        const dataDir = mkdtempSync(join(tmpdir(), "novax-db-"));
        db = await openDatabase({ kind, dataDir }, log);
        remove = async () => rmSync(dataDir, { recursive: true, force: true });
        expect(statSync(dataDir).mode & 0o077).toBe(0);
      }
      await db.sql`create table notes (id bigint primary key, text text not null, body jsonb)`;
    });
    afterAll(async () => {
      await db.close();
      await remove();
    });

    test("parameters are values, whatever they contain", async () => {
      const nasty = `'; drop table notes; -- " \\ % $1 \u2028 😀`;
      await db.sql`insert into notes values (1, ${nasty}, ${{ text: nasty }})`;
      const [row] = await db.sql<{
        text: string;
        body: { text: string };
      }>`select text, body from notes where id = 1`;
      expect(row).toEqual({ text: nasty, body: { text: nasty } });
      const list = db.sql.array([nasty, "b"], "text");
      expect(await db.sql`select * from unnest(${list}) as t (text)`).toHaveLength(2);
    });

    test("a transaction commits all or nothing", async () => {
      const failed = db.transact(async (tx) => {
        await tx`insert into notes values (2, 'half')`;
        throw new Error("no");
      });
      await expect(failed).rejects.toThrow("no");
      await db.transact((tx) => tx`insert into notes values (3, 'whole')`);
      const rows = await db.sql<{ id: number }>`select id from notes where id in (2, 3)`;
      expect(rows.map((row) => row.id)).toEqual([3]);
    });

    test("an int8 is a number, however often the statement runs, and null stays null", async () => {
      const read = (value: number | null) =>
        db.sql<Record<string, unknown>>`
          select ${value}::bigint as value, count(*) as count, '12' as text, 7 as small from (values (1)) v`;
      const latest = Number.MAX_SAFE_INTEGER;
      for (const value of [latest, null, 5])
        expect([...(await read(value))]).toEqual([{ value, count: 1, text: "12", small: 7 }]);
      const inTransaction = await db.transact((tx) => tx`select ${latest}::bigint as value`);
      expect([...inTransaction]).toEqual([{ value: latest }]);
    });

    test("a failed statement leaves the connection usable, also inside a transaction", async () => {
      await expect(db.sql`select 1 / 0`).rejects.toThrow();
      await expect(db.transact((tx) => tx`select * from nowhere`)).rejects.toThrow();
      expect(await db.sql`select 1 as one`).toHaveLength(1);
    });

    test("[N16] a look-up whose plan was made while the table was small does not read the table when it has grown", async () => {
      await db.sql`create table entries (id bigint primary key, name text not null)`;
      await db.sql`insert into entries select i, 'entry ' || i from generate_series(1, 64) i`;
      await db.sql`vacuum analyze`;
      const look = (id: number) => db.sql<{ name: string }>`select name from entries where id = ${id}`;
      for (let id = 1; id <= 20; id++) expect(await look(id)).toHaveLength(1);
      await db.sql`insert into entries select i, 'entry ' || i from generate_series(65, 5000) i`;
      for (let id = 4000; id < 4020; id++) expect(await look(id)).toHaveLength(1);
      const [plan] = await db.sql<Record<string, string>>`explain select name from entries where id = 1`;
      expect(Object.values(plan!)[0]).toMatch(/^Index/);
      await db.sql`select pg_stat_force_next_flush()`;
      const [row] = await db.sql<{
        seq_scan: number;
      }>`select seq_scan from pg_stat_user_tables where relname = 'entries'`;
      expect(row!.seq_scan).toBeLessThanOrEqual(1);
    });

    test("a violated unique constraint is told apart from a fault", async () => {
      const error = await db.sql`insert into notes values (1, 'again')`.catch((caught: unknown) => caught);
      expect(isUniqueViolation(error)).toBe(true);
    });

    test("using the outer connection inside a transaction fails at once instead of waiting for ever", async () => {
      await expect(db.transact(() => db.sql`select 1`)).rejects.toThrow("inside a transaction");
      await expect(db.transact(() => db.transact((tx) => tx`select 1`))).rejects.toThrow(
        "inside a transaction",
      );
    });

    test("many statements at once each get their own result", async () => {
      const answers = await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const query =
            index % 3 === 0 ? db.transact((tx) => tx<{ n: number }>`select ${index}::int as n`) : null;
          const [row] = await (query ?? db.sql<{ n: number }>`select ${index}::int as n`);
          return row!.n;
        }),
      );
      expect(answers).toEqual(Array.from({ length: 200 }, (_, index) => index));
    });

    test("large values are stored and read unchanged", async () => {
      const text = "ä".repeat(500_000);
      const [row] = await db.sql<{ text: string }>`select ${text}::text as text`;
      expect(row!.text === text).toBe(true);
    });

    test("results are not kept in memory after they were returned", async () => {
      const ask = () => db.sql`select repeat('x', 10000) as text from generate_series(1, 300)`;
      for (let warmUp = 0; warmUp < 20; warmUp++) await ask();
      // 450 MB pass through. A leak would keep them all; memory that the collector has not freed yet does not count.
      const grownBy = async () => {
        Bun.gc(true);
        const before = process.memoryUsage().rss;
        for (let round = 0; round < 150; round++) await ask();
        Bun.gc(true);
        return (process.memoryUsage().rss - before) / 1e6;
      };
      expect(Math.min(await grownBy(), await grownBy(), await grownBy())).toBeLessThan(200);
    }, 60_000);

    test("migrations run only once", async () => {
      await migrate(db, log);
      expect(await db.sql`select 1 from installation`).toHaveLength(1);
    });

    test("a room's order has no gaps, with concurrent writers and after a rollback", async () => {
      await db.sql`create table if not exists marks (seq bigint primary key)`;
      const write = (fails: boolean) =>
        db.transact(async (tx) => {
          await tx`with head as (update rooms set head_seq = head_seq + 1 where id = 'general' returning head_seq)
            insert into marks select head_seq from head`;
          if (fails) throw new Error("rolled back");
        });
      await Promise.allSettled(Array.from({ length: 60 }, (_, index) => write(index % 4 === 0)));
      const rows = await db.sql<{ seq: string }>`select seq from marks order by seq`;
      expect(rows.map((row) => Number(row.seq))).toEqual(Array.from({ length: 45 }, (_, index) => index + 1));
    });
  });
}
