import { cc, ptr } from "bun:ffi";
import { join } from "node:path";

declare const self: Worker;

export type DrainRequest = {
  port: number;
  requests: string[];
  /** Sent by each receiver after its upgrade; empty: nothing. */
  frame: Uint8Array;
  totals: SharedArrayBuffer;
  /** Set by the main thread to stop the worker. */
  stop: SharedArrayBuffer;
};
export type DrainReport = { kind: "open" } | { kind: "failed"; message: string } | { kind: "closed" };

const { symbols } = cc({
  source: join(import.meta.dir, "drain.c"),
  symbols: {
    create_poll: { args: [], returns: "int" },
    open_receiver: { args: ["int", "int", "int", "ptr", "int", "ptr", "int"], returns: "int" },
    drain: { args: ["int", "ptr", "int"], returns: "int" },
  },
});
const say = (answer: DrainReport) => self.postMessage(answer);

self.onmessage = (event: MessageEvent<DrainRequest>) => {
  const { port, requests, frame, totals, stop } = event.data;
  const poll = symbols.create_poll();
  // An empty buffer has no valid pointer, so an empty frame still needs one byte.
  const frameBytes = frame.length > 0 ? frame : new Uint8Array(1);
  for (const [index, text] of requests.entries()) {
    const request = Buffer.from(text);
    const failed = symbols.open_receiver(
      poll,
      index,
      port,
      ptr(request),
      request.length,
      ptr(frameBytes),
      frame.length,
    );
    if (failed !== 0) {
      say({ kind: "failed", message: `receiver ${index}: step ${failed}` });
      return;
    }
  }
  say({ kind: "open" });
  const counts = new BigUint64Array(totals);
  const flag = new Int32Array(stop);
  while (Atomics.load(flag, 0) === 0) {
    if (symbols.drain(poll, ptr(counts), 100) < 0) {
      say({ kind: "closed" });
      return;
    }
  }
};
