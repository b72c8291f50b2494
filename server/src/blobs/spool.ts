import { chmodSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** Long after the process that wrote it has gone. */
const leftOverAfterMs = 6 * 3_600_000;

/** Creates the folder for what is being received, and removes what processes that have died left in it. */
export function prepareSpool(folder: string, now: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    // Another process may just have moved it.
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat && now - stat.mtimeMs > leftOverAfterMs) rmSync(path, { force: true, recursive: true });
  }
}
