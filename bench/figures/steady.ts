// F2 and F9: a hundred messages a second in one room of 500 connections. F2 is what a delivery costs; F9 what others feel while
// five of them read nothing for half a minute, and whether those five have everything in the end.
import { connect } from "node:net";
import { encodeTextFrame, LoadSocket, readEventsRange, upgradeRequest } from "../lib/load-socket.ts";
import { percentile, type Round, report } from "../lib/report.ts";
import {
  type BenchPerson,
  memberHeaders,
  openMember,
  readCpuSeconds,
  startFloor,
  startTarget,
  type Target,
  type TargetKind,
} from "../lib/target.ts";
import { databaseCpuSeconds, drive } from "./latency.ts";
import { residentMb } from "./start.ts";

const connections = 500;
const slowReaders = 5;
const slowSeconds = 30;
const perSecond = 100;
/** `drive` lets each connection write half a message a second. */
const timesFaster = perSecond / (connections * 0.5);

type Options = {
  rounds: number;
  seconds: number;
  kinds: TargetKind[];
  postgresUrl: string;
  postgresPid?: number | undefined;
};

export async function runDeliveryCost(options: Options): Promise<void> {
  const floor: Round[] = [];
  const measured = new Map<TargetKind, Round[]>(options.kinds.map((kind) => [kind, []]));
  for (let round = 0; round < options.rounds; round++) {
    floor.push(await measureFloor(options.seconds));
    for (const kind of options.kinds) measured.get(kind)!.push(await measureCost(kind, options));
  }
  const base = { figure: "F2", unit: "us" };
  const what = "processor for each delivery";
  report({ ...base, what: `floor: bare Bun publish, ${what}`, durability: "nothing stored", rounds: floor });
  for (const [kind, rounds] of measured)
    report({
      ...base,
      what: `${what}, database included (${kind})`,
      durability: "fsync per commit",
      rounds,
      floor: { name: "floor", rounds: floor },
    });
}

async function measureFloor(seconds: number): Promise<Round> {
  const server = await startFloor();
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = new LoadSocket();
      await socket.connect(new URL("/", server.url), {});
      return socket;
    }),
  );
  const before = readCpuSeconds(server.pid);
  const { faults } = await drive(
    sockets,
    seconds,
    connections,
    (_person, text) => JSON.stringify({ text }),
    timesFaster,
  );
  const cpuSeconds = readCpuSeconds(server.pid) - before;
  for (const socket of sockets) socket.close();
  await server.stop();
  return { value: perDelivery(cpuSeconds, seconds), faults };
}

async function measureCost(kind: TargetKind, options: Options): Promise<Round> {
  const target = await startTarget(kind, options.postgresUrl, { people: connections, rooms: 1 });
  const sockets = await openAll(target, target.people);
  const cpuSeconds = () => target.cpuSeconds() + databaseCpuSeconds(kind, options.postgresPid);
  const before = cpuSeconds();
  const { faults } = await drive(sockets, options.seconds, connections, encoder(), timesFaster);
  const value = perDelivery(cpuSeconds() - before, options.seconds);
  for (const socket of sockets) socket.close();
  await target.stopAndCountMessages();
  return { value, faults };
}

function perDelivery(cpuSeconds: number, seconds: number): number {
  return (cpuSeconds / (perSecond * seconds * connections)) * 1e6;
}

export async function runSlowReaders(options: Options): Promise<void> {
  for (const kind of options.kinds) {
    const results: Slow[] = [];
    for (let round = 0; round < options.rounds; round++) results.push(await measureSlow(kind, options));
    const base = { figure: "F9", durability: "fsync per commit" };
    const pick = (value: (result: Slow) => number) =>
      results.map((result): Round => ({ value: value(result), faults: result.faults }));
    report({
      ...base,
      unit: "ms",
      what: `p99 of the others while ${slowReaders} of ${connections} don't read (${kind})`,
      rounds: pick(({ p99 }) => p99),
      floor: { name: "calm", rounds: pick(({ calmP99 }) => calmP99) },
    });
    report({
      ...base,
      unit: "MB",
      what: `memory gained meanwhile (${kind})`,
      rounds: pick(({ gained }) => gained),
    });
  }
}

type Slow = { p99: number; calmP99: number; gained: number; faults: string[] };

async function measureSlow(kind: TargetKind, options: Options): Promise<Slow> {
  const target = await startTarget(kind, options.postgresUrl, { people: connections, rooms: 1 });
  const slow = target.people.slice(0, slowReaders);
  const sockets = await openAll(target, target.people.slice(slowReaders));
  const attach = JSON.parse(sockets[0]!.attachCommand) as { afterSeq: number; epoch: string };
  const others = connections - slowReaders;
  const faster = perSecond / (others * 0.5);
  // Long texts, so that half a minute of them is more than the buffers take.
  const encode = encoder("x".repeat(1500));
  const calm = await drive(sockets, slowSeconds, others, encode, faster);
  const before = residentMb(target.pid);
  const stalled = slow.map((person) => stall(target, person, sockets[0]!.attachCommand));
  await Bun.sleep(1000);
  const loaded = await drive(sockets, slowSeconds, others, encode, faster);
  const gained = residentMb(target.pid) - before;
  const faults = [...calm.faults, ...loaded.faults];
  for (const { isClosed } of stalled) if (!(await isClosed())) faults.push("a slow reader was kept");
  const total = 2 * slowSeconds * perSecond;
  for (const person of slow) {
    const missing = total - (await countResumed(target, person, attach));
    if (missing > 0) faults.push(`a slow reader misses ${missing}`);
  }
  for (const socket of sockets) socket.close();
  await target.stopAndCountMessages();
  const p99 = (sorted: number[]) => percentile(sorted, 0.99);
  return { p99: p99(loaded.sorted), calmP99: p99(calm.sorted), gained, faults: [...new Set(faults)] };
}

/** Attaches to the room, and reads nothing from then on. */
function stall(target: Target, person: BenchPerson, attachCommand: string) {
  let hasEnded = false;
  const url = new URL(`/ws/${person.username}`, target.url);
  const socket = connect(Number(url.port), url.hostname);
  socket.on("error", () => {});
  socket.on("close", () => {
    hasEnded = true;
  });
  socket.write(upgradeRequest(url, memberHeaders(target, person)));
  setTimeout(() => {
    socket.write(encodeTextFrame(attachCommand));
    socket.pause();
  }, 500);
  return {
    /** Whether the server has closed it; what is still to be read keeps its end from being seen. */
    isClosed: async () => {
      socket.resume();
      for (let tries = 0; !hasEnded && tries < 100; tries++) await Bun.sleep(20);
      socket.destroy();
      return hasEnded;
    },
  };
}

/**
 * Comes back at a position, and counts what comes without a gap. So far behind it is told to load the newest page, and to go on after a
 * `seq`, which must be the last one.
 */
async function countResumed(
  target: Target,
  person: BenchPerson,
  { afterSeq, epoch }: { afterSeq: number; epoch: string },
): Promise<number> {
  const socket = new LoadSocket();
  let seen = afterSeq;
  const { promise: quiet, resolve } = Promise.withResolvers<void>();
  let timer = setTimeout(resolve, 3000);
  socket.onFrame = (payload) => {
    clearTimeout(timer);
    timer = setTimeout(resolve, 1000);
    const range = readEventsRange(payload);
    if (range && range.from === seen + 1) seen = range.to;
    else if (payload.includes('"hello"'))
      socket.send(JSON.stringify({ id: 1, type: "room.attach", room: "general", afterSeq, epoch }));
    else if (payload.includes('"resync"'))
      seen = (JSON.parse(payload.toString()) as { headSeq: number }).headSeq;
  };
  await socket.connect(new URL(`/ws/${person.username}`, target.url), memberHeaders(target, person));
  await quiet;
  socket.close();
  return seen - afterSeq;
}

async function openAll(target: Target, people: readonly BenchPerson[]) {
  return Promise.all(people.map((person) => openMember(target, person, "general")));
}

function encoder(more = ""): (person: number, text: string) => string {
  let id = 2;
  return (_person, text) =>
    JSON.stringify({
      id: id++,
      type: "message.send",
      room: "general",
      sendId: crypto.randomUUID(),
      body: { kind: "text", text: `${text}${more}` },
    });
}
