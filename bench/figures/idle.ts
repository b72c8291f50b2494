// F5: connections that are open and say little. So many signed-in sockets in 100 rooms (--sockets=10000): what each of them
// takes of memory and processor while nothing happens, and how long a message takes to all of a room. With --workers=2 the
// server is several processes over Redis; of more sockets than a process may open, another process has the rest.
import { readFileSync } from "node:fs";
import { startRedis } from "../../tests/support/services.ts";
import { DistantCrowd, IdleCrowd, now } from "../lib/idle-crowd.ts";
import { percentile, type Round, report } from "../lib/report.ts";
import { noLimits, roomName, startTarget, type Target, type TargetKind } from "../lib/target.ts";

const rooms = 100;
const settleMs = 5000;
/** Of one process; the limit on this machine is 20,000 files. */
const socketsPerProcessMax = 12_000;

type Options = {
  rounds: number;
  seconds: number;
  sockets: number;
  workers: number;
  kinds: TargetKind[];
  postgresUrl: string;
};

export async function runIdle(options: Options): Promise<void> {
  for (const kind of options.kinds) {
    const results: Measured[] = [];
    for (let round = 0; round < options.rounds; round++) results.push(await measure(kind, options));
    const base = { figure: "F5", durability: "nothing is written" };
    const by = options.workers > 1 ? `${kind}, ${options.workers} workers` : kind;
    const what = `of ${options.sockets.toLocaleString("en")} connections (${by})`;
    const line = (unit: string, name: string, pick: (result: Measured) => number) =>
      report({
        ...base,
        unit,
        what: `${name} ${what}`,
        rounds: results.map((result): Round => ({ value: pick(result), faults: result.faults })),
      });
    line("KB", "memory of each", ({ bytes }) => bytes / 1000);
    line("us/s", "processor of each", ({ cpuUs }) => cpuUs);
    line("s", "until all are open,", ({ openMs }) => openMs / 1000);
    line("ms", "a message to each room a second, p50,", ({ latencies }) => percentile(latencies, 0.5));
    line("ms", "a message to each room a second, p99,", ({ latencies }) => percentile(latencies, 0.99));
  }
}

type Measured = { bytes: number; cpuUs: number; openMs: number; latencies: number[]; faults: string[] };

async function measure(kind: TargetKind, options: Options): Promise<Measured> {
  const { sockets: count, seconds, postgresUrl, workers } = options;
  const redis = workers > 1 ? await startRedis() : null;
  const settings = { ...noLimits, ...(redis ? { WORKERS: String(workers), REDIS_URL: redis.url } : {}) };
  const target = await startTarget(kind, postgresUrl, { people: count, rooms }, settings);
  const before = memoryOf(target);
  const startedAt = performance.now();
  // Whole rounds of the rooms, so that the other process's people are in the same rooms.
  const own = Math.min(count, Math.floor(socketsPerProcessMax / rooms) * rooms);
  const near = new IdleCrowd();
  const far = count > own ? new DistantCrowd() : null;
  const url = target.url.href;
  await Promise.all([
    near.open({ url, rooms, people: target.people.slice(0, own) }),
    far?.open({ url, rooms, people: target.people.slice(own) }),
  ]);
  const openMs = performance.now() - startedAt;
  await Bun.sleep(settleMs);
  const bytes = (memoryOf(target) - before) / count;
  const cpuBefore = target.cpuSeconds();
  await Bun.sleep(seconds * 1000);
  const cpuUs = ((target.cpuSeconds() - cpuBefore) / seconds / count) * 1e6;
  near.listen();
  far?.listen();
  const total = seconds * rooms;
  const begunAt = now();
  for (let message = 0; message < total; message++) {
    const due = begunAt + (message * 1000) / rooms;
    if (due > now()) await Bun.sleep(due - now());
    const body = { kind: "text", text: `due ${due.toFixed(3)} ${"x".repeat(100)}` };
    const room = roomName(message % rooms);
    const fields = { room, sendId: crypto.randomUUID(), body };
    near.sockets[message % rooms]!.send(JSON.stringify({ id: message + 2, type: "message.send", ...fields }));
  }
  const expectedNear = total * (own / rooms);
  for (let tries = 0; near.latencies.length < expectedNear && tries < 250; tries++) await Bun.sleep(20);
  await Bun.sleep(1000);
  const others = (await far?.report()) ?? { latencies: [], closed: 0 };
  far?.stop();
  const latencies = [...near.latencies, ...others.latencies].sort((a, b) => a - b);
  const expected = total * (count / rooms);
  const faults = latencies.length === expected ? [] : [`${latencies.length} of ${expected} received`];
  const closed = near.closed + others.closed;
  if (closed > 0) faults.push(`${closed} connections were closed`);
  for (const socket of near.sockets) socket.close();
  await target.stopAndCountMessages();
  await redis?.stop();
  return { bytes, cpuUs, openMs, latencies, faults };
}

/** What the server's processes have in memory, in bytes. */
function memoryOf(target: Target): number {
  return target.pids().reduce((sum, pid) => sum + residentBytes(pid), 0);
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}
