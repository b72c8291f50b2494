import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { agreeOnCost } from "../../server/src/auth/hash-cost-queries.ts";
import type { Database } from "../../server/src/db/database.ts";
import { openDatabase } from "../../server/src/db/open-database.ts";
import { silentLog } from "../../server/src/log/log.ts";
import { createTestData, databaseKinds, isAvailable, type TestData } from "../support/server.ts";

for (const kind of databaseKinds)
  describe.skipIf(!isAvailable(kind))(`the cost of password hashes (${kind})`, () => {
    let data: TestData;
    let db: Database;
    beforeAll(async () => {
      data = await createTestData(kind);
      const config =
        kind === "postgres"
          ? ({ kind, url: data.url! } as const)
          : ({ kind, dataDir: data.env.DATA_DIR! } as const);
      db = await openDatabase(config, silentLog);
    }, 60_000);
    afterAll(async () => {
      await db.close();
      await data.remove();
    });
    const agree = (measured: number) => agreeOnCost(db.sql, async () => measured);
    const forget = () => db.sql`update installation set bcrypt_cost = null`;

    test("[L02] is one for all processes, whatever each of them measures", async () => {
      expect(await Promise.all([agree(11), agree(12)])).toSatisfy(
        ([one, two]) => one === two && (one === 11 || one === 12),
      );
      const agreed = await agree(10);
      expect(await agree(12)).toBe(agreed);
    });

    test("[L02] is no less than that of the hashes there are: an unknown name would be told apart by its time", async () => {
      await forget();
      const hash = await Bun.password.hash("four quiet words", { algorithm: "bcrypt", cost: 12 });
      await db.sql`insert into accounts (id, username, username_key, email, server_role, created_at, password_hash)
        values (gen_random_uuid(), 'alice', 'alice', 'alice@example.org', 'member', 0, ${hash})`;
      expect(await agree(10)).toBe(12);
    });
  });
