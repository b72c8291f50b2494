import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveWire } from "./wire-server.ts";

test("[N11] a database that ends in the middle of a statement, as when its disk fails, is reported, so that the process can end", async () => {
  const folder = mkdtempSync(join(tmpdir(), "novax-wire-"));
  const path = join(folder, "socket");
  const { promise: broken, resolve } = Promise.withResolvers<unknown>();
  // What PGlite does when a call of the file system throws: the WebAssembly module is left as it is, and the call rejects.
  const disk = new Error("EIO: i/o error, fdatasync");
  const pg = { execProtocolRawStream: () => Promise.reject(disk), exec: () => Promise.reject(disk) };
  const listener = serveWire(pg as unknown as Parameters<typeof serveWire>[0], path, resolve);
  const client = await Bun.connect({ unix: path, socket: { data: () => {} } });
  // A start packet of eight bytes, which is passed on as it is.
  client.write(new Uint8Array([0, 0, 0, 8, 0, 3, 0, 0]));
  expect(await broken).toBe(disk);
  client.end();
  listener.stop(true);
  rmSync(folder, { recursive: true });
});
