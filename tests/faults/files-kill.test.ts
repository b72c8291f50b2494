import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { TextBody } from "@novax/protocol/entities";
import { generalRoomId as room } from "@novax/protocol/general-room";
import type { SendId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import type { BlobStore } from "../../server/src/blobs/blob-store.ts";
import { createDiskBlobs } from "../../server/src/blobs/disk-blobs.ts";
import { createS3Blobs } from "../../server/src/blobs/s3-blobs.ts";
import { parseConfig } from "../../server/src/config/read-config.ts";
import { openDatabase } from "../../server/src/db/open-database.ts";
import { cleanUpFiles } from "../../server/src/files/clean-up.ts";
import { silentLog } from "../../server/src/log/log.ts";
import type { Person } from "../support/person.ts";
import { startS3 } from "../support/s3.ts";
import { waitUntil } from "../support/server.ts";
import { picture, upload } from "../support/uploads.ts";
import { useServer } from "../support/use-server.ts";

const s3 = await startS3();
afterAll(() => s3.stop());

const kills = 3;
const dayMs = 24 * 3_600_000;
const hash = (bytes: Uint8Array) => Bun.hash(bytes).toString();

/** `deletion`: whether its deletion was asked for, and answered. A lost answer leaves it open whether it happened. */
type Acknowledged = { file: string; hash: string | null; deletion: "none" | "asked" | "done" };

/** Uploads, sends and deletes until the server is gone. What was acknowledged is in `done`. */
async function work(person: Person, image: Uint8Array<ArrayBuffer>, done: Acknowledged[]): Promise<void> {
  for (let turn = 0; ; turn++) {
    const isPicture = turn % 3 === 0;
    const bytes = isPicture ? image : crypto.getRandomValues(new Uint8Array(30_000));
    try {
      const file = await upload(person, bytes, { name: `${turn}` });
      const body = { kind: "text" as const, text: "", files: [{ id: file.id }] };
      const { seq } = await person.run("message.send", { room, sendId: crypto.randomUUID() as SendId, body });
      const message: Acknowledged = {
        file: file.id,
        hash: isPicture ? null : hash(bytes),
        deletion: turn % 2 === 0 ? "asked" : "none",
      };
      done.push(message);
      if (message.deletion === "none") continue;
      await person.run("message.delete", { room, seq });
      message.deletion = "done";
    } catch (error) {
      if (/rate_limited/.test(String(error))) await Bun.sleep(500);
      else return;
    }
  }
}

for (const [name, kind, env] of [
  ["embedded database, disk", "embedded", {}],
  ["PostgreSQL, S3", "postgres", { S3_URL: s3.url }],
] as const) {
  describe(`files when the server is killed (${name})`, () => {
    const used = useServer(kind, { env: { ...env, MESSAGES_PER_SECOND: "200" }, people: ["alice", "bob"] });
    const { server, alice, bob, data } = used;

    test("[K1] no acknowledged message lacks its files, and nothing is left of others after the clean-up", async () => {
      const image = await picture("jpeg", { width: 300, height: 200 });
      const done: Acknowledged[] = [];
      for (let round = 0; round < kills; round++) {
        const workers = [work(alice, image, done), work(bob, image, done)];
        // Some of each is acknowledged before the kill, also where the machine is busy.
        const before = done.length;
        await waitUntil(() => done.length >= before + 4, 10_000);
        await Bun.sleep(200 * round);
        await server.kill();
        await Promise.all(workers);
        await used.restart();
      }
      expect(done.length).toBeGreaterThan(8);
      for (const { file, hash: wanted, deletion } of done) {
        const response = await bob.fetch(`/api/files/${file}`);
        const bytes = new Uint8Array(await response.arrayBuffer());
        const allowed = { none: [200], asked: [200, 404], done: [404] }[deletion];
        expect(allowed, file).toContain(response.status);
        if (response.status === 200 && wanted !== null) expect(hash(bytes)).toBe(wanted);
      }
      // Every message that is shown has all of its files.
      let before: number | undefined;
      let shown = 0;
      for (;;) {
        const query = before === undefined ? "" : `?before=${before}`;
        const page = await alice.read<TimelinePage>(`/api/rooms/${room}/timeline${query}`);
        for (const entry of page.entries) {
          if (entry.kind !== "message" || entry.body.kind !== "text") continue;
          for (const { id, size } of (entry.body as TextBody).files ?? []) {
            const response = await alice.fetch(`/api/files/${id}`);
            expect(response.status, id).toBe(200);
            expect((await response.arrayBuffer()).byteLength).toBe(size);
            shown += 1;
          }
        }
        if (!page.hasBefore) break;
        before = page.entries[0]!.seq;
      }
      expect(shown).toBeGreaterThan(2);

      await server.stop();
      const folder = data.env.DATA_DIR ?? "";
      const files = join(folder, "files");
      const blobs: BlobStore =
        kind === "embedded"
          ? createDiskBlobs(files)
          : createS3Blobs(parseConfig({ S3_URL: s3.url }, { folder: "/", configJson: null }).s3!, files);
      const db = await openDatabase(
        kind === "embedded" ? { kind, dataDir: folder } : { kind, url: data.url! },
        silentLog,
      );
      await cleanUpFiles({ db, blobs, log: silentLog, clock: { now: () => Date.now() + 2 * dayMs } });
      const rows = await db.sql<{ id: string }>`select id from blobs`;
      const lost = await db.sql`
        select 1 from files f where f.seq is null or not exists (
          select 1 from messages m where m.room_id = f.room_id and m.seq = f.seq and m.deleted_at is null
        )`;
      expect(lost).toEqual([]);
      const known = new Set(rows.map((row) => row.id));
      const stored = storedIds(kind === "embedded" ? files : s3.folder);
      expect(stored.filter((id) => !known.has(id))).toEqual([]);
      expect(known.size).toBe(stored.length);
      await db.close();
      await used.restart();
    }, 120_000);
  });
}

/** The ids of what a store has on its disk. */
function storedIds(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const id = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && !entry.parentPath.includes("incoming") && !/metadata|md5/.test(entry.name),
    )
    .map((entry) => id.exec(entry.name)?.[0] ?? entry.name);
}
