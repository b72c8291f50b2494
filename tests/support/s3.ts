// A real S3 server on loopback, in a folder of its own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import S3rver from "@20minutes/s3rver";
import { freePort } from "./services.ts";

export type S3Server = { url: string; folder: string; stop(): Promise<void> };

/** Starts an S3 server with one bucket. `url` is what S3_URL takes; requests with another secret are refused. */
export async function startS3(): Promise<S3Server> {
  const folder = mkdtempSync(join(tmpdir(), "novax-s3-"));
  const port = await freePort();
  const server = new S3rver({
    address: "127.0.0.1",
    port,
    silent: true,
    directory: folder,
    configureBuckets: [{ name: "chat-files" }],
  });
  await server.run();
  return {
    url: `http://S3RVER:S3RVER@127.0.0.1:${port}/chat-files`,
    folder,
    stop: async () => {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
