// F3: latency under a moderate load. 50 rooms of 20 people, each writing 0.5 messages a second; from due time to
// receipt.
import { readFileSync } from "node:fs";
import { SQL } from "bun";
import { TcpProxy } from "../../tests/support/proxy.ts";
import { LoadSocket } from "../lib/load-socket.ts";
import { percentile, type Round, report } from "../lib/report.ts";
import {
  openMember,
  readCpuSeconds,
  roomName,
  type Settings,
  startFloor,
  startTarget,
  type TargetKind,
} from "../lib/target.ts";

const rooms = 50;
const peoplePerRoom = 20;
const messagesPerSecondEach = 0.5;
const farMs = 10;
const shares = { p50: 0.5, p99: 0.99, "p99.9": 0.999 } as const;

/** `cpuUs`: what server and database used of the processor for each message. */
export type Measured = { sorted: number[]; faults: string[]; cpuUs?: number };

export async function runLatency(options: {
  rounds: number;
  seconds: number;
  kinds: TargetKind[];
  postgresUrl: string;
  postgresPid?: number | undefined;
}) {
  const floors: Measured[] = [];
  const commits: number[] = [];
  const measured: Record<TargetKind, Measured[]> = { embedded: [], postgres: [] };
  const far: Measured[] = [];
  for (let round = 0; round < options.rounds; round++) {
    floors.push(await measureFloor(options.seconds));
    commits.push(await measureCommit(options.postgresUrl));
    for (const kind of options.kinds) measured[kind].push(await measureNovax(kind, options));
    if (options.kinds.includes("postgres")) far.push(await measureFar(options));
  }
  const base = { figure: "F3", unit: "ms" };
  const toRounds = (runs: Measured[], share: number): Round[] =>
    runs.map((run) => ({ value: percentile(run.sorted, share), faults: run.faults }));
  const floor = toRounds(floors, shares.p50);
  report({ ...base, what: "floor: bare Bun publish, p50", durability: "nothing stored", rounds: floor });
  const commit = commits.map((value) => ({ value, faults: [] }));
  report({
    ...base,
    what: "one commit of one row (postgres), p50",
    durability: "fsync per commit",
    rounds: commit,
  });
  if (far.length > 0)
    for (const [name, share] of Object.entries({ p50: shares.p50, p99: shares.p99 }))
      report({
        ...base,
        what: `the same with a database ${farMs * 2} ms away, ${name} (postgres)`,
        durability: "fsync per commit",
        rounds: toRounds(far, share),
      });
  const sum = floor.map((round, index) => ({ value: round.value + commits[index]!, faults: round.faults }));
  for (const kind of options.kinds) {
    for (const [name, share] of Object.entries(shares)) {
      report({
        ...base,
        what: `50 rooms x 20 people, ${name} (${kind})`,
        durability: "fsync per commit",
        rounds: toRounds(measured[kind], share),
        ...(name === "p50" && kind === "postgres" ? { floor: { name: "floor + commit", rounds: sum } } : {}),
      });
    }
    report({
      ...base,
      unit: "us",
      what: `processor time of server and database for each message (${kind})`,
      durability: "fsync per commit",
      rounds: measured[kind].map(({ cpuUs = 0, faults }) => ({ value: cpuUs, faults })),
    });
  }
}

export async function measureNovax(
  kind: TargetKind,
  options: {
    seconds: number;
    postgresUrl: string;
    postgresPid?: number | undefined;
    settings?: Settings;
    through?: { port: number };
  },
): Promise<Measured> {
  const people = rooms * peoplePerRoom;
  const { postgresUrl, settings, through } = options;
  const target = await startTarget(kind, postgresUrl, { people, rooms }, settings, undefined, through);
  const sockets = await Promise.all(
    target.people.map((person, index) => openMember(target, person, roomName(index % rooms))),
  );
  let id = 2;
  const cpuBefore = target.cpuSeconds() + databaseCpuSeconds(kind, options.postgresPid);
  const result = await drive(sockets, options.seconds, peoplePerRoom, (person, text) =>
    JSON.stringify({
      id: id++,
      type: "message.send",
      room: roomName(person % rooms),
      sendId: crypto.randomUUID(),
      body: { kind: "text", text },
    }),
  );
  const cpuSeconds = target.cpuSeconds() + databaseCpuSeconds(kind, options.postgresPid) - cpuBefore;
  const cpuUs = (cpuSeconds / (people * messagesPerSecondEach * options.seconds)) * 1e6;
  for (const socket of sockets) socket.close();
  await target.stopAndCountMessages();
  return { ...result, cpuUs };
}

/** With a network in between that takes {@link farMs} in each direction. */
async function measureFar(options: { seconds: number; postgresUrl: string }): Promise<Measured> {
  const proxy = new TcpProxy(Number(new URL(options.postgresUrl).port), farMs);
  try {
    return await measureNovax("postgres", { ...options, through: proxy });
  } finally {
    proxy.stop();
  }
}

/** What PostgreSQL's processes used so far, those that have ended included. The embedded database is in the server's process. */
export function databaseCpuSeconds(kind: TargetKind, postgresPid: number | undefined): number {
  if (kind === "embedded" || postgresPid === undefined) return 0;
  const children = readFileSync(`/proc/${postgresPid}/task/${postgresPid}/children`, "utf8")
    .trim()
    .split(" ");
  return [postgresPid, ...children.map(Number)].reduce((sum, pid) => sum + readCpuSeconds(pid), 0);
}

/** The floor has one room, so it has one room's people, who write as much as all of them together. */
async function measureFloor(seconds: number): Promise<Measured> {
  const server = await startFloor();
  const sockets = await Promise.all(
    Array.from({ length: peoplePerRoom }, async () => {
      const socket = new LoadSocket();
      await socket.connect(new URL("/", server.url), {});
      return socket;
    }),
  );
  const result = await drive(
    sockets,
    seconds,
    peoplePerRoom,
    (_person, text) => JSON.stringify({ text }),
    rooms,
  );
  for (const socket of sockets) socket.close();
  await server.stop();
  return result;
}

/** Every person writes when due, whether or not the previous message has arrived; waiting counts as latency. */
export async function drive(
  sockets: LoadSocket[],
  seconds: number,
  receivers: number,
  encode: (person: number, text: string) => string,
  timesFaster = 1,
): Promise<Measured> {
  const latencies: number[] = [];
  const dueMark = Buffer.from("due ");
  for (const socket of sockets) {
    socket.onFrame = (payload) => {
      const now = performance.now();
      for (let at = payload.indexOf(dueMark); at >= 0; at = payload.indexOf(dueMark, at + 1)) {
        const from = at + dueMark.length;
        latencies.push(now - Number(payload.toString("latin1", from, payload.indexOf(" ", from))));
      }
    };
  }
  const everyMs = 1000 / (sockets.length * messagesPerSecondEach * timesFaster);
  const startedAt = performance.now() + 200;
  const total = Math.floor((seconds * 1000) / everyMs);
  for (let message = 0; message < total; ) {
    const now = performance.now();
    for (; message < total && startedAt + message * everyMs <= now; message++) {
      const person = (message * 7919) % sockets.length;
      const due = startedAt + message * everyMs;
      sockets[person]!.send(encode(person, `due ${due.toFixed(3)} ${"x".repeat(100)}`));
    }
    await Bun.sleep(1);
  }
  for (let tries = 0; latencies.length < total * receivers && tries < 250; tries++) await Bun.sleep(20);
  const faults =
    latencies.length === total * receivers ? [] : [`${latencies.length} of ${total * receivers} received`];
  return { sorted: latencies.sort((a, b) => a - b), faults };
}

async function measureCommit(postgresUrl: string): Promise<number> {
  const sql = new SQL(postgresUrl, { max: 1 });
  await sql.unsafe("create table if not exists commit_floor (at bigint)");
  const times: number[] = [];
  for (let index = 0; index < 300; index++) {
    const startedAt = performance.now();
    await sql`insert into commit_floor values (${index})`;
    times.push(performance.now() - startedAt);
  }
  await sql.close();
  return percentile(
    times.sort((a, b) => a - b),
    0.5,
  );
}
