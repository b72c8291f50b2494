import { describe, expect, test } from "bun:test";
import { createReadStream, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readArchive, readText } from "../../server/src/backup/archive.ts";
import type { Manifest, Summary } from "../../server/src/backup/manifest.ts";
import { restoreBackup } from "../../server/src/backup/restore-backup.ts";
import { connectDatabase } from "../../server/src/db/open-database.ts";
import { createServerSecret } from "../../server/src/lib/server-secret.ts";
import { silentLog as log } from "../../server/src/log/log.ts";
import { Person } from "../support/person.ts";
import { fixturesFolder, listSchemaFixtures, secretOfFixture } from "../support/schema-fixtures.ts";
import {
  createTestData,
  databaseKinds,
  isAvailable,
  spawnServer,
  startServer,
  waitUntil,
} from "../support/server.ts";

/** Makes the data of a server as the version of a fixture left it. Returns what the fixture says of itself. */
async function placeFixture(
  data: Awaited<ReturnType<typeof createTestData>>,
  name: string,
): Promise<Summary> {
  const dataDir = data.env.DATA_DIR!;
  const db = await connectDatabase(
    data.url ? { kind: "postgres", url: data.url } : { kind: "embedded", dataDir },
    log,
  );
  const restored = await restoreBackup(createReadStream(join(fixturesFolder, name)), {
    ...{ db, passphrase: null, log, blobs: null, now: 0, endsSessions: false },
    operation: { id: Bun.randomUUIDv7(), place: name },
    isForVerifying: true,
    open: () => createServerSecret(Buffer.from(secretOfFixture(name), "base64url")),
    place: () => writeFileSync(join(dataDir, "secret.key"), `${secretOfFixture(name)}\n`, { mode: 0o600 }),
  });
  await db.close();
  return restored;
}

async function entriesOf(path: string): Promise<Map<string, string>> {
  const entries = new Map<string, string>();
  for await (const { name, body } of readArchive(createReadStream(path)))
    entries.set(name, await readText(body));
  return entries;
}

for (const kind of databaseKinds)
  describe.skipIf(!isAvailable(kind))(`an upgrade (${kind})`, () => {
    for (const fixture of listSchemaFixtures())
      test(`of the schema ${fixture} keeps everything, after a backup of how it was`, async () => {
        const data = await createTestData(kind, { isUnmade: true });
        try {
          const before = await placeFixture(data, fixture);
          const server = await startServer(data);
          const alice = new Person(server, "alice");
          expect((await alice.signIn()).status).toBe(200);
          const workshop = (await alice.rooms()).find(({ name }) => name === "Workshop")!;
          const timeline = JSON.stringify(await alice.read(`/api/rooms/${workshop.id}/timeline?limit=100`));
          for (const said of [
            "The lathe is back from repair",
            "bring the coffee",
            "Where shall we have lunch?",
            "rota.md",
          ])
            expect(timeline).toContain(said);
          expect(timeline).toContain("🎉");
          for (const [path, what] of [
            ["/api/me/saved", "lathe is back"],
            ["/api/reports", "loud"],
            ["/api/emoji", "lathe"],
          ])
            expect(JSON.stringify(await alice.read(path!)), path).toContain(what!);
          // What was due an hour after the fixture was made is sent by now, or still waits.
          const paths = [`/api/rooms/${workshop.id}/timeline?limit=100`, "/api/me/scheduled"];
          const isThere = async () =>
            (await Promise.all(paths.map(async (path) => JSON.stringify(await alice.read(path)))))
              .join("")
              .includes("Time to sweep up");
          expect(await waitUntil(isThere, 10_000)).toBe(true);
          await alice.say(workshop.id, "as before");
          await server.stop();
          const folder = join(data.env.DATA_DIR!, "backups");
          const made = existsSync(folder) ? readdirSync(folder) : [];
          const migrations = (await entriesOf(join(fixturesFolder, fixture))).get("backup.json")!;
          if (made.length === 0) expect(server.output()).not.toContain("database.migrated");
          else {
            expect(server.output()).toContain("upgrade.backed_up");
            const entries = await entriesOf(join(folder, made[0]!));
            const { tables } = JSON.parse(entries.get("summary.json")!) as Summary;
            expect(tables).toEqual(before.tables);
            expect((JSON.parse(entries.get("backup.json")!) as Manifest).migrations).toEqual(
              (JSON.parse(migrations) as Manifest).migrations,
            );
            // A start that has nothing to change makes none.
            await (await startServer(data)).stop();
            expect(readdirSync(folder)).toEqual(made);
          }
        } finally {
          await data.remove();
        }
      }, 60_000);

    test("changes nothing if the backup before it can't be made", async () => {
      const data = await createTestData(kind, { isUnmade: true });
      try {
        await placeFixture(data, listSchemaFixtures()[0]!);
        // There is no room for it: its folder is a file.
        writeFileSync(join(data.env.DATA_DIR!, "backups"), "");
        const refused = spawnServer({ ...data.env, BCRYPT_COST: "10" });
        expect(await refused.finished).not.toBe(0);
        expect(refused.output()).toContain("UPGRADE_BACKUP");
        expect(refused.output()).not.toContain("database.migrated");
        await (await startServer(data, { env: { UPGRADE_BACKUP: "off" } })).stop();
      } finally {
        await data.remove();
      }
    }, 60_000);
  });
