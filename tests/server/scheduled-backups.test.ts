import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generalRoomId } from "@novax/protocol/general-room";
import type { SendId } from "@novax/protocol/ids";
import { databaseKinds, isAvailable, spawnServer, startServer, waitUntil } from "../support/server.ts";
import { upload } from "../support/uploads.ts";
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
      env: { BACKUP_DIR: target, BACKUP_KEEP: "2" },
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

describe("a backup by the server itself without the files that it should have", () => {
  const target = join(folder, "without");
  const older = "novax-2020-01-01T000000Z.tar.zst";
  mkdirSync(target);
  for (const name of [older, "novax-2020-01-02T000000Z.tar.zst.unfinished"])
    writeFileSync(join(target, name), "x");
  const used = useServer("postgres", { people: ["alice"] });

  test.skipIf(!isAvailable("postgres"))(
    "has failed, and removes no older one",
    async () => {
      const { alice, data } = used;
      const file = await upload(alice, new TextEncoder().encode("soon lost"), { name: "lost.txt" });
      await alice.run("message.send", {
        room: generalRoomId,
        sendId: crypto.randomUUID() as SendId,
        body: { kind: "text", text: "", files: [{ id: file.id }] },
      });
      await used.server.stop();
      // As if the disk of the files were not there.
      rmSync(join(data.env.DATA_DIR!, "files"), { recursive: true });
      const server = await startServer(data, { env: { BACKUP_DIR: target, BACKUP_KEEP: "1" } });
      try {
        expect(
          await waitUntil(() => server.output().includes("backup.failed"), 30_000),
          server.output(),
        ).toBe(true);
        expect(server.output()).toContain("are not where files are");
        const names = readdirSync(target);
        expect(names).toContain(older);
        expect(names.filter((name) => name.endsWith(".unfinished"))).toEqual([]);
        const [made] = names.filter((name) => name !== older);
        const verified = spawnServer({}, { args: ["backup", "verify", join(target, made!)] });
        await verified.finished;
        expect(verified.output()).toContain("It was made without 1 pieces of files");
      } finally {
        await server.stop();
      }
    },
    60_000,
  );
});

describe("a backup by the server itself that fails", () => {
  const taken = join(folder, "taken");
  writeFileSync(taken, "");
  const { server } = useServer("embedded", { people: ["alice"], env: { BACKUP_DIR: taken } });

  test("is in the log, and stops nothing", async () => {
    expect(await waitUntil(() => server.output().includes("backup.failed"), 30_000), server.output()).toBe(
      true,
    );
    expect(server.output()).not.toContain("backup.not_scheduled");
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  }, 60_000);
});
