import type { DrainReport, DrainRequest } from "./drain-worker.ts";
import { encodeTextFrame, upgradeRequest } from "./load-socket.ts";

/** Receivers in their own thread that count bytes without reading them. */
export type Drain = {
  /** The bytes each receiver got since the last call of `mark`. */
  bytes(): number[];
  mark(): void;
  hasClosed(): boolean;
  stop(): void;
};

/** Opens one receiver per set of headers; each first sends `frame`. */
export async function openDrain(
  url: URL,
  headers: Record<string, string>[],
  paths: string[],
  frame: string,
): Promise<Drain> {
  const totals = new SharedArrayBuffer(headers.length * 8);
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(new URL("./drain-worker.ts", import.meta.url).href);
  let hasClosed = false;
  const order: DrainRequest = {
    port: Number(url.port),
    requests: headers.map((own, index) => upgradeRequest(new URL(paths[index]!, url), own)),
    frame: frame === "" ? new Uint8Array(0) : encodeTextFrame(frame),
    totals,
    stop,
  };
  await new Promise<void>((done, fail) => {
    worker.onmessage = (event: MessageEvent<DrainReport>) => {
      if (event.data.kind === "open") done();
      if (event.data.kind === "failed") fail(new Error(event.data.message));
      if (event.data.kind === "closed") hasClosed = true;
    };
    worker.onerror = (event) => fail(new Error(event.message));
    worker.postMessage(order);
  });
  const counts = new BigUint64Array(totals);
  let marked = counts.slice();
  return {
    bytes: () => [...counts].map((count, index) => Number(count - marked[index]!)),
    mark: () => {
      marked = counts.slice();
    },
    hasClosed: () => hasClosed,
    stop: () => {
      Atomics.store(new Int32Array(stop), 0, 1);
      setTimeout(() => worker.terminate(), 200);
    },
  };
}
