// The path of each read. Separate from the schemas, so that the client can import it without bundling zod.

import { pathsOfReads } from "./reads.ts" with { type: "macro" };
import type { ReadType } from "./reads.ts";

/** The path of every read. Bun puts the table in while it bundles or loads this file, so the client carries no schema. */
export const readPaths = pathsOfReads();

/** Returns the URL of a read with this input. Undefined fields are left out. */
export function readUrl(type: ReadType, input: Readonly<Record<string, unknown>> = {}): string {
  let path: string = readPaths[type];
  const query: string[] = [];
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue;
    const encoded = encodeURIComponent(String(value));
    if (path.includes(`:${name}`)) path = path.replace(`:${name}`, encoded);
    else query.push(`${name}=${encoded}`);
  }
  return query.length > 0 ? `${path}?${query.join("&")}` : path;
}
