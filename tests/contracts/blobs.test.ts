import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BlobStore } from "../../server/src/blobs/blob-store.ts";
import { createDiskBlobs } from "../../server/src/blobs/disk-blobs.ts";
import { createS3Blobs } from "../../server/src/blobs/s3-blobs.ts";
import { prepareSpool } from "../../server/src/blobs/spool.ts";
import { parseConfig } from "../../server/src/config/read-config.ts";
import { startS3 } from "../support/s3.ts";

const folder = mkdtempSync(join(tmpdir(), "novax-blobs-"));
const s3 = await startS3();
afterAll(async () => {
  await s3.stop();
  rmSync(folder, { recursive: true, force: true });
});

const config = (url: string) => parseConfig({ S3_URL: url }, { folder, configJson: null }).s3!;
const bytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));

const stores: Record<string, BlobStore> = {
  disk: createDiskBlobs(folder),
  s3: createS3Blobs(config(`${s3.url}/some/folder`), join(folder, "incoming")),
};
prepareSpool(join(folder, "incoming"), Date.now());

/** Writes bytes into the spool folder. */
function spooled(store: BlobStore, content: Uint8Array): string {
  const path = join(store.spoolFolder, crypto.randomUUID());
  writeFileSync(path, content);
  return path;
}

const read = async (store: BlobStore, id: string, start: number, end: number) =>
  new Uint8Array(await new Response(store.read(id, { start, end })).arrayBuffer());

for (const [name, store] of Object.entries(stores)) {
  describe(`a store of blobs (${name})`, () => {
    test("gives back what was put, whole and in part, and the spool file is gone", async () => {
      const id = crypto.randomUUID();
      const content = bytes(50_000);
      const path = spooled(store, content);
      await store.put(id, path);
      expect(existsSync(path)).toBe(false);
      expect(await read(store, id, 0, 50_000)).toEqual(content);
      expect(await read(store, id, 100, 201)).toEqual(content.slice(100, 201));
      expect(await read(store, id, 49_999, 50_000)).toEqual(content.slice(49_999));
    });

    test("a removed blob can't be read; removing it again, or what never was, is no error", async () => {
      const id = crypto.randomUUID();
      await store.put(id, spooled(store, bytes(10)));
      await store.remove(id);
      await store.remove(id);
      await store.remove(crypto.randomUUID());
      expect(
        await read(store, id, 0, 10).then(
          (found) => found.length === 10,
          () => false,
        ),
      ).toBe(false);
    });

    test("twenty at once are kept apart", async () => {
      const many = Array.from({ length: 20 }, () => ({ id: crypto.randomUUID(), content: bytes(3000) }));
      await Promise.all(many.map(({ id, content }) => store.put(id, spooled(store, content))));
      for (const { id, content } of many) expect(await read(store, id, 0, 3000)).toEqual(content);
    });

    test("a put that fails says so, and leaves no spool file behind", async () => {
      const broken =
        name === "disk"
          ? createDiskBlobs("/proc/none")
          : createS3Blobs(config(s3.url.replace("S3RVER@", "wrong@")), store.spoolFolder);
      const path = spooled(store, bytes(10));
      await expect(broken.put(crypto.randomUUID(), path)).rejects.toThrow();
      expect(existsSync(path)).toBe(false);
    });

    test("its name for the log holds no secret", () => expect(store.place).not.toContain("S3RVER"));
  });
}

test("what a dead process left in the spool folder is removed at the next start; what is being received stays", () => {
  const spool = join(folder, "incoming");
  const [old, fresh] = [join(spool, "old"), join(spool, "fresh")];
  for (const path of [old, fresh]) writeFileSync(path, "x");
  utimesSync(old, 0, 0);
  prepareSpool(spool, Date.now());
  expect(readdirSync(spool)).toEqual(["fresh"]);
});
