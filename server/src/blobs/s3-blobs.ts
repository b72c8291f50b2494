import { rm } from "node:fs/promises";
import { S3Client } from "bun";
import type { S3Config } from "../config/read-config.ts";
import type { BlobStore } from "./blob-store.ts";

/** A piece has at most a few megabytes. */
const putWithinMs = 120_000;
const checkWithinMs = 10_000;
const signedForSeconds = 300;

/** Keeps blobs in an S3-compatible service. Needs no right to list. */
export function createS3Blobs({ prefix, ...config }: S3Config, spoolFolder: string): BlobStore {
  const client = new S3Client(config);
  const keyOf = (id: string) => prefix + id;
  return {
    place: `${config.endpoint}/${config.bucket}/${prefix}`,
    spoolFolder,
    put: async (id, path) => {
      try {
        // One signed PUT by `fetch` sends the file as it is read. Bun's own writer holds it in memory, and leaves parts
        // behind when it is given up.
        const url = client.presign(keyOf(id), { method: "PUT", expiresIn: signedForSeconds });
        const body = Bun.file(path);
        const signal = AbortSignal.timeout(putWithinMs);
        const response = await fetch(url, { method: "PUT", body, signal, redirect: "error" });
        await response.body?.cancel();
        if (!response.ok)
          throw Object.assign(new Error("the file store refused a file"), { code: String(response.status) });
      } finally {
        await rm(path, { force: true });
      }
    },
    // Never given to a Response as it is: Bun would answer with a redirect to a signed address.
    read: (id, { start, end }) => client.file(keyOf(id)).slice(start, end).stream(),
    remove: async (id) => {
      await client.delete(keyOf(id)).catch((error: unknown) => {
        if ((error as { code?: string }).code !== "NoSuchKey") throw error;
      });
    },
    check: async () => {
      // Always the same one: where it can't be deleted, one is left and not one for each start.
      const key = keyOf("novax-check");
      try {
        const url = client.presign(key, { method: "PUT", expiresIn: signedForSeconds });
        const signal = AbortSignal.timeout(checkWithinMs);
        const response = await fetch(url, { method: "PUT", body: "novaX", signal, redirect: "error" });
        await response.body?.cancel();
        if (response.status === 404) return "has no such bucket";
        if (response.status === 403) return "refuses the key, or doesn't let it write";
        if (!response.ok) return `answers ${response.status}`;
        const refused = await client.delete(key).then(
          () => null,
          (error: unknown) => error,
        );
        return refused ? "lets files be written, but not deleted" : null;
      } catch (error) {
        return `can't be reached (${(error as { code?: string }).code ?? (error as Error).name})`;
      }
    },
    freeBytes: async () => null,
  };
}
