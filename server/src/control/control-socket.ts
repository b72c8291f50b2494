import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Refusal } from "../lib/refusal.ts";
import type { Log } from "../log/log.ts";

/** What a command on this machine can ask the server for, by name. */
export type ControlHandlers = Readonly<Record<string, (input: unknown) => Promise<unknown>>>;

const socketOf = (dataDir: string) => join(dataDir, "run", "control.sock");
const failed = 500;

/**
 * Serves commands such as `npm run backup` on a socket in the data folder, which only the server's own user can reach. Returns
 * what stops it.
 */
export function serveControl(
  dataDir: string,
  handlers: ControlHandlers,
  log: Log,
): { stop(): Promise<void> } {
  const unix = socketOf(dataDir);
  mkdirSync(dirname(unix), { recursive: true, mode: 0o700 });
  rmSync(unix, { force: true });
  const server = Bun.serve({
    unix,
    development: false,
    fetch: async (request, self) => {
      // A copy of a large database takes minutes, in which nothing is said.
      self.timeout(request, 0);
      const name = new URL(request.url).pathname.slice(1);
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (!handler) return Response.json({ error: `the server doesn't know ${name}` }, { status: 404 });
      try {
        return Response.json({ result: (await handler(await request.json())) ?? null });
      } catch (error) {
        if (!(error instanceof Refusal)) log.fault("control.failed", error, { command: name });
        const isRefusal = error instanceof Refusal;
        return Response.json({ error: (error as Error).message, isRefusal }, { status: failed });
      }
    },
  });
  return { stop: () => server.stop(true) };
}

/** Whether a server of this data folder answers. */
export async function isServerThere(dataDir: string): Promise<boolean> {
  return askServer(dataDir, "ping", null).then(
    () => true,
    () => false,
  );
}

/**
 * Asks the server of this data folder for something. Throws if there is none, or with what it says; what it
 * refuses is a {@link Refusal} here, too.
 */
export async function askServer(dataDir: string, name: string, input: unknown): Promise<unknown> {
  const response = await fetch(`http://server/${name}`, {
    method: "POST",
    body: JSON.stringify(input),
    unix: socketOf(dataDir),
    timeout: false,
  } as RequestInit);
  const answer = (await response.json()) as { result?: unknown; error?: string; isRefusal?: boolean };
  if (answer.error !== undefined)
    throw answer.isRefusal ? new Refusal("unavailable", answer.error) : new Error(answer.error);
  return answer.result;
}
