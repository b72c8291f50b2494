// npm run faults [kills] [seed]: the kill suite with many kills, on both databases. Prints one line per database.
import { createTestData, databaseKinds } from "../support/server.ts";
import { startPostgres } from "../support/services.ts";
import { runKills } from "./kill.ts";
import { seededRandom } from "./seeded-random.ts";

const kills = Number(process.argv[2] ?? 20);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const postgres = process.env.NOVAX_TEST_POSTGRES_URL ? null : await startPostgres({ isDurable: true });
if (postgres) process.env.NOVAX_TEST_POSTGRES_URL = postgres.url;
console.log(`seed ${seed}`);
for (const kind of databaseKinds) {
  const data = await createTestData(kind);
  const report = await runKills(data, kills, seededRandom(seed));
  console.log(
    `${kind}: ${Object.entries(report)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ")}`,
  );
  await data.remove();
}
await postgres?.stop();
