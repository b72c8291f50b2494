import { describe, expect, test } from "bun:test";
import { createTestData, databaseKinds, isAvailable } from "../support/server.ts";
import { runKills } from "./kill.ts";
import { seededRandom } from "./seeded-random.ts";

// A few kills in every test run; `npm run faults` takes the number as an argument.
for (const kind of databaseKinds) {
  describe.skipIf(!isAvailable(kind))(`kill -9 while people write (${kind})`, () => {
    test("[K1] [K2] [K14] no acknowledged message is lost, doubled or reordered", async () => {
      const data = await createTestData(kind);
      const report = await runKills(data, 4, seededRandom(20261122));
      expect(report).toMatchObject({ lost: 0, doubled: 0 });
      expect(report.acknowledged).toBeGreaterThan(100);
      await data.remove();
    }, 120_000);
  });
}
