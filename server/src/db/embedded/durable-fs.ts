import { closeSync, fdatasyncSync, fsyncSync, openSync } from "node:fs";
import { type PGlite, PGlite as PGliteClass } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";
import { stablePlans } from "../stable-plans.ts";

type Stream = { nfd?: number | null; node: unknown };
type NodeFsModule = {
  NODEFS: { stream_ops: { fsync?: (stream: Stream) => number }; realPath(node: unknown): string };
};

/**
 * PGlite's file system on real files, with a working fsync. Stock PGlite has none, and after a simulated power cut
 * databases failed to open.
 */
export class DurableFs extends NodeFS {
  override async init(pg: PGlite, options: Parameters<NodeFS["init"]>[1]): ReturnType<NodeFS["init"]> {
    const result = await super.init(pg, options);
    const { emscriptenOpts } = result;
    const supplyFsync = (module: unknown) => {
      const { NODEFS } = module as NodeFsModule;
      NODEFS.stream_ops.fsync = (stream) => {
        if (typeof stream.nfd === "number") fdatasyncSync(stream.nfd);
        else syncFolder(NODEFS.realPath(stream.node));
        return 0;
      };
    };
    emscriptenOpts.preRun = [
      ...(emscriptenOpts.preRun ?? []),
      supplyFsync,
    ] as typeof emscriptenOpts.preRun & {};
    return result;
  }
}

/** PGlite starts PostgreSQL with `-F` (no fsync) by default; these parameters leave it out. */
export const startParams = [
  ...PGliteClass.defaultStartParams.filter((parameter) => parameter !== "-F"),
  ...Object.entries({ wal_sync_method: "fsync", max_wal_size: "64MB", ...stablePlans }).flatMap(
    ([name, value]) => ["-c", `${name}=${value}`],
  ),
];

function syncFolder(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
