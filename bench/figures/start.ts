// F12: from the command to the first page, in a new folder and in an existing one; and an idle server's memory.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort } from "../../tests/support/services.ts";
import { type Round, report } from "../lib/report.ts";
import { createDatabaseAt, type TargetKind } from "../lib/target.ts";

const root = resolve(import.meta.dir, "../..");
const idleAfterMs = 3000;

export async function runStart(options: { rounds: number; kinds: TargetKind[]; postgresUrl: string }) {
  for (const kind of options.kinds) {
    const fresh: Round[] = [];
    const existing: Round[] = [];
    const memory: Round[] = [];
    for (let round = 0; round < options.rounds; round++) {
      const folder = mkdtempSync(join(tmpdir(), "novax-bench-"));
      const env = {
        DATA_DIR: join(folder, "data"),
        ...(kind === "postgres" ? { DATABASE_URL: await createDatabaseAt(options.postgresUrl) } : {}),
      };
      fresh.push(await measure(env, null));
      existing.push(await measure(env, memory));
      rmSync(folder, { recursive: true, force: true });
    }
    const base = { figure: "F12", durability: "fsync per commit" };
    if (kind === "embedded")
      report({ ...base, what: "npm start, fresh folder (embedded)", unit: "s", rounds: fresh });
    report({ ...base, what: `npm start, existing data (${kind})`, unit: "s", rounds: existing });
    report({ ...base, what: `idle memory, resident (${kind})`, unit: "MB", rounds: memory });
  }
}

async function measure(env: Record<string, string>, memory: Round[] | null): Promise<Round> {
  const port = await freePort();
  const startedAt = performance.now();
  const child = Bun.spawn(["npm", "start"], {
    cwd: root,
    env: { ...process.env, ...env, PORT: String(port) },
    stdout: "ignore",
    stderr: "ignore",
  });
  let value = Number.NaN;
  for (let tries = 0; tries < 2000; tries++) {
    const response = await fetch(`http://127.0.0.1:${port}/register`).catch(() => null);
    if (response?.ok) {
      value = (performance.now() - startedAt) / 1000;
      break;
    }
    await Bun.sleep(10);
  }
  if (memory) {
    await Bun.sleep(idleAfterMs);
    memory.push({ value: residentMb(findServer(port)), faults: [] });
  }
  process.kill(findServer(port), "SIGTERM");
  await child.exited;
  return { value, faults: Number.isNaN(value) ? ["it didn't start"] : [] };
}

/** The server's own pid, not that of npm or the start script. */
function findServer(port: number): number {
  const { stdout } = Bun.spawnSync([
    "sh",
    "-c",
    `grep -lz '^PORT=${port}$' /proc/[0-9]*/environ 2>/dev/null`,
  ]);
  const pids = stdout
    .toString()
    .split("\n")
    .map((path) => Number(path.split("/")[2]))
    .filter(Boolean);
  const server = pids.find((pid) => {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return command.includes("server/cli.js") && !command.startsWith("node");
  });
  if (!server) throw new Error("the server's process was not found");
  return server;
}

/** What a process has in memory. */
export function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) / 1024;
}
