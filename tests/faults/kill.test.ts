import { describe, expect, test } from "bun:test";
import { createTestData, databaseKinds, isAvailable } from "../support/server.ts";
import { runKills } from "./kill.ts";
import { seededRandom } from "./seeded-random.ts";

// A few kills with every run of the tests; `npm run faults` does as many as it is told.
for (const kind of databaseKinds) {
  describe.skipIf(!isAvailable(kind))(`kill -9 while people write (${kind})`, () => {
    test("[K1] [K2] [K14] loses, doubles and reorders nothing that was acknowledged", async () => {
      const data = await createTestData(kind);
      const report = await runKills(data, 4, seededRandom(20261122));
      expect(report).toMatchObject({ lost: 0, doubled: 0 });
      expect(report.acknowledged).toBeGreaterThan(100);
      await data.remove();
    }, 120_000);
  });
}
