// The embedded database's own thread. In the main thread it would hold up every socket for as long as a query runs.
import { PGlite } from "@electric-sql/pglite";
import { DurableFs, durableStartParams } from "./durable-fs.ts";
import { serveWire } from "./wire-server.ts";

declare const self: Worker;

export type ToWorker = { kind: "open"; databaseDir: string; socketPath: string } | { kind: "close" };
export type FromWorker = { kind: "opened" } | { kind: "failed"; message: string } | { kind: "closed" };

const say = (message: FromWorker) => self.postMessage(message);
let close: () => Promise<void> = async () => {};

self.onmessage = async (event: MessageEvent<ToWorker>) => {
  const order = event.data;
  if (order.kind === "close") {
    await close();
    say({ kind: "closed" });
    return;
  }
  try {
    const pg = await PGlite.create({ fs: new DurableFs(order.databaseDir), startParams: durableStartParams });
    const listener = serveWire(pg, order.socketPath);
    close = async () => {
      listener.stop(true);
      await pg.close();
    };
    say({ kind: "opened" });
  } catch (error) {
    say({ kind: "failed", message: (error as Error).message });
  }
};
