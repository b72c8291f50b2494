// F5: connections that are open and say little. So many signed-in sockets in 100 rooms (--sockets=10000): what each of them
// takes of memory and processor while nothing happens, and how long a message takes to all of a room.
import { readFileSync } from "node:fs";
import type { LoadSocket } from "../lib/load-socket.ts";
import { percentile, type Round, report } from "../lib/report.ts";
import { openMember, roomName, startTarget, type TargetKind } from "../lib/target.ts";

const rooms = 100;
const openingMax = 400;
const settleMs = 5000;
const dueMark = Buffer.from('"text":"due ');

export async function runIdle(options: {
  rounds: number;
  seconds: number;
  sockets: number;
  kinds: TargetKind[];
  postgresUrl: string;
}): Promise<void> {
  for (const kind of options.kinds) {
    const results: Measured[] = [];
    for (let round = 0; round < options.rounds; round++) results.push(await measure(kind, options));
    const base = { figure: "F5", durability: "nothing is written" };
    const what = `of ${options.sockets.toLocaleString("en")} connections (${kind})`;
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

async function measure(
  kind: TargetKind,
  { sockets: count, seconds, postgresUrl }: { sockets: number; seconds: number; postgresUrl: string },
): Promise<Measured> {
  const target = await startTarget(kind, postgresUrl, { people: count, rooms });
  const before = memoryOf(target.pid);
  const startedAt = performance.now();
  const sockets: LoadSocket[] = [];
  let next = 0;
  const open = async () => {
    for (let index = next++; index < count; index = next++)
      sockets[index] = await openMember(target, target.people[index]!, roomName(index % rooms));
  };
  await Promise.all(Array.from({ length: openingMax }, open));
  const openMs = performance.now() - startedAt;
  await Bun.sleep(settleMs);
  const bytes = (memoryOf(target.pid) - before) / count;
  const cpuBefore = target.cpuSeconds();
  await Bun.sleep(seconds * 1000);
  const cpuUs = ((target.cpuSeconds() - cpuBefore) / seconds / count) * 1e6;
  const latencies: number[] = [];
  for (const socket of sockets)
    socket.onFrame = (payload) => {
      const at = payload.indexOf(dueMark);
      if (at < 0) return;
      const from = at + dueMark.length;
      latencies.push(
        performance.now() - Number(payload.toString("latin1", from, payload.indexOf(" ", from))),
      );
    };
  const total = seconds * rooms;
  const begunAt = performance.now();
  for (let message = 0; message < total; message++) {
    const due = begunAt + (message * 1000) / rooms;
    if (due > performance.now()) await Bun.sleep(due - performance.now());
    const body = { kind: "text", text: `due ${due.toFixed(3)} ${"x".repeat(100)}` };
    const room = roomName(message % rooms);
    const fields = { room, sendId: crypto.randomUUID(), body };
    sockets[message % rooms]!.send(JSON.stringify({ id: message + 2, type: "message.send", ...fields }));
  }
  const expected = total * (count / rooms);
  for (let tries = 0; latencies.length < expected && tries < 250; tries++) await Bun.sleep(20);
  const faults = latencies.length === expected ? [] : [`${latencies.length} of ${expected} received`];
  const closed = sockets.filter((socket) => socket.isClosed).length;
  if (closed > 0) faults.push(`${closed} connections were closed`);
  for (const socket of sockets) socket.close();
  await target.stopAndCountMessages();
  return { bytes, cpuUs, openMs, latencies: latencies.sort((a, b) => a - b), faults };
}

/** What a process has in memory, in bytes. */
function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}
