// Keeps the schema of a release, with one of everything in it, as a backup that the tests restore and upgrade:
// npm run schema-fixture, or -- PATH for the release in another checkout, whose build/server/cli.js this is.
import { createWriteStream } from "node:fs";
import { join, resolve } from "node:path";
import { writeBackup } from "../server/src/backup/write-backup.ts";
import { listDoneMigrations } from "../server/src/db/migrate.ts";
import { connectDatabase } from "../server/src/db/open-database.ts";
import { silentLog } from "../server/src/log/log.ts";
import { furnish } from "../tests/support/scenes.ts";
import { fixtureSecret, fixturesFolder } from "../tests/support/schema-fixtures.ts";
import { createTestData, startServer } from "../tests/support/server.ts";

const data = await createTestData("embedded", { isUnmade: true });
const [cli] = process.argv.slice(2);
const server = await startServer(data, {
  env: { MESSAGES_PER_SECOND: "100000", SECRET_KEY: fixtureSecret },
  ...(cli !== undefined && { launch: { cli: resolve(cli) } }),
});
await furnish(server);
await server.stop();
const dataDir = data.env.DATA_DIR!;
const db = await connectDatabase({ kind: "embedded", dataDir }, silentLog);
const last = (await listDoneMigrations(db.sql)).at(-1)!;
const path = join(fixturesFolder, `${last.replace(".sql", "")}.tar.zst`);
const source = { db, kind: "embedded" as const, blobs: null, secret: null, now: Date.now() };
const { bytes } = await writeBackup(source, createWriteStream(path));
await db.close();
await data.remove();
console.log(`${path}: ${bytes} bytes`);
