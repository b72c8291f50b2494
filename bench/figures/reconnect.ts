// F6: a reconnect storm. 5,000 sockets of 100 rooms are dropped at once, 50 messages are written in each room meanwhile, and
// all of them come back at once and resume.
import { LoadSocket, readEventsRange } from "../lib/load-socket.ts";
import { type Round, report } from "../lib/report.ts";
import {
  memberHeaders,
  openMember,
  roomName,
  startFloor,
  startTarget,
  type Target,
  type TargetKind,
} from "../lib/target.ts";
import { databaseCpuSeconds } from "./latency.ts";

const sockets = 5000;
const rooms = 100;
const missed = 50;
const text = "x".repeat(128);
/** So many connections are being opened at once, as a server has them whose listening queue is full otherwise. */
const openingMax = 400;

export async function runReconnect(options: {
  rounds: number;
  seconds: number;
  kinds: TargetKind[];
  postgresUrl: string;
  postgresPid?: number | undefined;
}): Promise<void> {
  const floor: Round[] = [];
  const measured: Record<TargetKind, Storm[]> = { embedded: [], postgres: [] };
  for (let round = 0; round < options.rounds; round++) {
    floor.push(await measureFloor());
    for (const kind of options.kinds) measured[kind].push(await measureStorm(kind, options));
  }
  const base = { figure: "F6", unit: "s" };
  const what = `${sockets} sockets back at once, ${missed} messages behind each`;
  report({ ...base, what: `floor: bare Bun, ${what}`, durability: "nothing stored", rounds: floor });
  for (const kind of options.kinds) {
    report({
      ...base,
      what: `${what} (${kind})`,
      durability: "fsync per commit",
      rounds: measured[kind],
      floor: { name: "floor", rounds: floor },
    });
    for (const part of ["server", "database"] as const)
      report({
        ...base,
        unit: "us",
        what: `processor of the ${part} for each of them (${kind})`,
        durability: "fsync per commit",
        rounds: measured[kind].map(({ cpu, faults }) => ({ value: (cpu[part] / sockets) * 1e6, faults })),
      });
  }
}

/** `cpu`: seconds of the processor while they came back. */
type Storm = Round & { cpu: { server: number; database: number } };

async function measureStorm(
  kind: TargetKind,
  { postgresUrl, postgresPid }: { postgresUrl: string; postgresPid?: number | undefined },
): Promise<Storm> {
  // One more for each room, who writes and stays.
  const target = await startTarget(kind, postgresUrl, { people: sockets + rooms, rooms });
  const away = target.people.slice(0, sockets);
  const staying = target.people.slice(sockets);
  const heads = new Map<string, number>();
  let epoch = "";
  const before = await inParallel(away, async (person, index) => {
    const socket = await openMember(target, person, roomName(index % rooms));
    const attach = JSON.parse(socket.attachCommand) as { afterSeq: number; epoch: string };
    heads.set(roomName(index % rooms), attach.afterSeq);
    epoch = attach.epoch;
    return socket;
  });
  const writers = await inParallel(staying, (person, index) => openMember(target, person, roomName(index)));
  for (const socket of before) socket.close();
  await writeAll(writers);
  const faults: string[] = [];
  const cpuNow = () => ({ server: target.cpuSeconds(), database: databaseCpuSeconds(kind, postgresPid) });
  const cpuBefore = cpuNow();
  const startedAt = performance.now();
  const back = await inParallel(away, async (person, index) => {
    const room = roomName(index % rooms);
    const position = { room, afterSeq: heads.get(room)!, epoch };
    return resume(target, person, position).catch((error: unknown) => {
      faults.push(String(error));
      return null;
    });
  });
  const value = (performance.now() - startedAt) / 1000;
  const after = cpuNow();
  for (const socket of [...writers, ...back]) socket?.close();
  await target.stopAndCountMessages();
  return {
    value,
    faults: [...new Set(faults)],
    cpu: { server: after.server - cpuBefore.server, database: after.database - cpuBefore.database },
  };
}

/** Comes back as the chat does, and resolves when all that was missed is there, in order and once. */
async function resume(
  target: Target,
  person: Target["people"][number],
  position: { room: string; afterSeq: number; epoch: string },
): Promise<LoadSocket> {
  const { room, afterSeq, epoch } = position;
  const socket = new LoadSocket();
  let seen = afterSeq;
  const done = new Promise<void>((resolve, reject) => {
    socket.onFrame = (payload) => {
      const range = readEventsRange(payload);
      if (range) {
        if (range.from !== seen + 1) reject(new Error(`${range.from} after ${seen}`));
        seen = range.to;
        if (seen >= afterSeq + missed) resolve();
      } else if (payload.includes('"hello"'))
        socket.send(JSON.stringify({ id: 1, type: "rooms.attach", epoch, positions: [{ room, afterSeq }] }));
      else if (payload.includes('"resync"')) reject(new Error("resync"));
    };
  });
  await socket.connect(new URL(`/ws/${person.username}`, target.url), memberHeaders(target, person));
  await done;
  return socket;
}

async function writeAll(writers: readonly (LoadSocket & { attachCommand: string })[]): Promise<void> {
  const done = writers.map((socket, index) => {
    let count = 0;
    return new Promise<void>((resolve) => {
      socket.onFrame = (payload) => {
        const range = readEventsRange(payload);
        if (range) count += range.to - range.from + 1;
        if (count >= missed) resolve();
      };
      for (let message = 0; message < missed; message++) {
        const sendId = crypto.randomUUID();
        const body = { kind: "text", text };
        socket.send(
          JSON.stringify({ id: message + 2, type: "message.send", room: roomName(index), sendId, body }),
        );
      }
    });
  });
  await Promise.all(done);
}

/** As many frames of the same size, from a server that knows nobody. */
async function measureFloor(): Promise<Round> {
  const server = await startFloor("reconnect.ts");
  const startedAt = performance.now();
  const opened = await inParallel(Array.from({ length: sockets }), async () => {
    const socket = new LoadSocket();
    const done = new Promise<void>((resolve) => {
      socket.onFrame = () => resolve();
    });
    await socket.connect(new URL("/", server.url), {});
    socket.send(JSON.stringify({ type: "attach" }));
    await done;
    return socket;
  });
  const value = (performance.now() - startedAt) / 1000;
  for (const socket of opened) socket.close();
  await server.stop();
  return { value, faults: [] };
}

async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const run = async () => {
    for (let index = next++; index < items.length; index = next++)
      results[index] = await work(items[index]!, index);
  };
  await Promise.all(Array.from({ length: openingMax }, run));
  return results;
}
