import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databaseKinds, isAvailable, spawnServer, waitUntil } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

const folder = mkdtempSync(join(tmpdir(), "novax-scheduled-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const kind of databaseKinds)
  describe.skipIf(!isAvailable(kind))(`backups by the server itself (${kind})`, () => {
    const target = join(folder, kind);
    const oldest = "novax-2020-01-01T000000Z.tar.zst";
    mkdirSync(target);
    for (const name of [oldest, "novax-2021-01-01T000000Z.tar.zst", "somebody else's.txt"])
      writeFileSync(join(target, name), "x");
    const { server } = useServer(kind, {
      people: ["alice"],
      env: { BACKUP_DIR: target, BACKUP_KEEP: "2", BACKUP_PASSPHRASE: "correct horse battery staple" },
    });

    test("are made when one is due, whole; the oldest go, and nothing else does", async () => {
      expect(await waitUntil(() => server.output().includes("backup.removed"), 30_000), server.output()).toBe(
        true,
      );
      const names = readdirSync(target).sort();
      expect(names).toEqual([
        "novax-2021-01-01T000000Z.tar.zst",
        expect.stringMatching(/^novax-20\d\d-\d\d-\d\dT\d{6}Z\.tar\.zst$/),
        "somebody else's.txt",
      ]);
      expect(server.output()).toContain("backup.made");
      const verified = spawnServer({}, { args: ["backup", "verify", join(target, names[1]!)] });
      expect([await verified.finished, verified.output()]).toEqual([0, expect.stringContaining("is good")]);
    }, 60_000);
  });

describe("a backup by the server itself that fails", () => {
  const taken = join(folder, "taken");
  writeFileSync(taken, "");
  const { server } = useServer("embedded", { people: ["alice"], env: { BACKUP_DIR: taken } });

  test("is in the log, and stops nothing", async () => {
    expect(await waitUntil(() => /backup\.(failed|not_scheduled)/.test(server.output()), 30_000)).toBe(true);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  }, 60_000);
});
