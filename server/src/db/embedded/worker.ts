// The embedded database's thread. In the main thread, every query would hold up all sockets while it runs.
import { PGlite } from "@electric-sql/pglite";
import { DurableFs, startParams } from "./durable-fs.ts";
import { serveWire } from "./wire-server.ts";

declare const self: Worker;

export type ToWorker = { kind: "open"; databaseDir: string; socketPath: string } | { kind: "close" };
export type FromWorker =
  | { kind: "opened" }
  | { kind: "failed"; message: string }
  /** The database has ended by itself, for example because the disk could not be written to. */
  | { kind: "broken"; message: string }
  | { kind: "closed" };

const send = (message: FromWorker) => self.postMessage(message);
let close: () => Promise<void> = async () => {};

self.onmessage = async (event: MessageEvent<ToWorker>) => {
  const message = event.data;
  if (message.kind === "close") {
    await close();
    send({ kind: "closed" });
    return;
  }
  try {
    const pg = await PGlite.create({
      fs: new DurableFs(message.databaseDir),
      startParams,
    });
    const listener = serveWire(pg, message.socketPath, (error) =>
      send({ kind: "broken", message: (error as Error).message }),
    );
    close = async () => {
      listener.stop(true);
      await pg.close();
    };
    send({ kind: "opened" });
  } catch (error) {
    send({ kind: "failed", message: (error as Error).message });
  }
};
