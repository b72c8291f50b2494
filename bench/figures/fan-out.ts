// F1: durable fan-out in one busy room. 500 connections, 8 of them sending, 32 messages outstanding each, texts of 128
// bytes. F10: the same with two processes over Redis, on one port of the machine.
import { startRedis } from "../../tests/support/services.ts";
import { type Drain, openDrain } from "../lib/drain.ts";
import { LoadSocket, readEventsRange } from "../lib/load-socket.ts";
import { percentile, type Round, report } from "../lib/report.ts";
import {
  memberHeaders,
  noLimits,
  openMember,
  type Settings,
  startFloor,
  startTarget,
  type TargetKind,
} from "../lib/target.ts";

import { measureNovax as measureLatency } from "./latency.ts";

const connections = 500;
const senders = 8;
const outstanding = 32;
const warmUpMs = 1000;
/** This many connections are parsed frame by frame; all others must receive the same number of bytes. */
const readConnections = 16;
const loadShareMax = 0.9;
/** After the last connection has attached, waits until nothing is in flight any more. */
const quietMs = 2500;

type Crowd = {
  /** The connections parsed frame by frame; they include the senders. */
  sockets: LoadSocket[];
  /** All other connections. */
  drain: Drain;
  /** Sends a sender's next message. */
  send: (sender: number) => void;
  /** What a frame contains: the number of messages, how many from each sender, and whether they are in order. */
  read: (connection: number, payload: Buffer) => { count: number; senders: number[]; isInOrder: boolean };
};

export async function runFanOut(options: {
  rounds: number;
  seconds: number;
  kinds: TargetKind[];
  postgresUrl: string;
}) {
  const floor: Round[] = [];
  const rounds: Record<TargetKind, Round[]> = { embedded: [], postgres: [] };
  for (let round = 0; round < options.rounds; round++) {
    floor.push(await measureFloor(options.seconds));
    for (const kind of options.kinds) rounds[kind].push(await measureNovax(kind, options));
  }
  const base = { figure: "F1", unit: "deliveries/s" };
  report({ ...base, what: "floor: bare Bun publish", durability: "nothing stored", rounds: floor });
  for (const kind of options.kinds) {
    report({
      ...base,
      what: `one room, 500 connections (${kind})`,
      durability: "fsync per commit",
      rounds: rounds[kind],
      floor: { name: "fan-out floor", rounds: floor },
    });
  }
}

export async function runTwoProcesses(options: {
  rounds: number;
  seconds: number;
  kinds: TargetKind[];
  postgresUrl: string;
}) {
  const redis = options.kinds.includes("postgres") ? await startRedis() : null;
  if (!redis) return;
  const settings = { ...noLimits, REDIS_URL: redis.url, WORKERS: "2" };
  const one: Round[] = [];
  const two: Round[] = [];
  const p50 = { one: [] as Round[], two: [] as Round[] };
  for (let round = 0; round < options.rounds; round++) {
    one.push(await measureNovax("postgres", options));
    two.push(await measureNovax("postgres", { ...options, settings }));
    for (const [name, given] of [["one", {}] as const, ["two", { settings }] as const]) {
      const { sorted, faults } = await measureLatency("postgres", { ...options, ...given });
      p50[name].push({ value: percentile(sorted, 0.5), faults });
    }
  }
  await redis.stop();
  const base = { figure: "F10", durability: "fsync per commit" };
  report({
    ...base,
    unit: "deliveries/s",
    what: "one room, 500 connections, two processes over Redis",
    rounds: two,
    floor: { name: "one process", rounds: one },
  });
  report({
    ...base,
    unit: "ms",
    what: "p50 of F3, two processes over Redis",
    rounds: p50.two,
    floor: { name: "one process", rounds: p50.one },
  });
}

async function measureFloor(seconds: number): Promise<Round> {
  const server = await startFloor();
  const sockets = await Promise.all(
    Array.from({ length: readConnections }, async () => {
      const socket = new LoadSocket();
      await socket.connect(new URL("/", server.url), {});
      return socket;
    }),
  );
  const others = connections - readConnections;
  const drain = await openDrain(
    server.url,
    Array<Record<string, string>>(others).fill({}),
    Array<string>(others).fill("/"),
    "",
  );
  const numbers = new Array<number>(senders).fill(0);
  const senderAt = Buffer.byteLength('{"s":');
  const round = await drive(
    {
      sockets,
      drain,
      send: (sender) =>
        sockets[sender]!.send(`{"s":${sender},"n":${numbers[sender]!++},"text":"${text(sender)}"}`),
      read: (_connection, payload) => {
        return { count: 1, senders: [payload[senderAt]! - 48], isInOrder: true };
      },
    },
    seconds,
  );
  for (const socket of sockets) socket.close();
  drain.stop();
  await server.stop();
  return round;
}

export async function measureNovax(
  kind: TargetKind,
  options: { seconds: number; postgresUrl: string; settings?: Settings },
): Promise<Round> {
  const target = await startTarget(
    kind,
    options.postgresUrl,
    { people: connections, rooms: 1 },
    options.settings,
  );
  const readers = target.people.slice(0, readConnections);
  const sockets = await Promise.all(readers.map((person) => openMember(target, person, "general")));
  const others = target.people.slice(readConnections);
  const drain = await openDrain(
    target.url,
    others.map((person) => memberHeaders(target, person)),
    others.map((person) => `/ws/${person.username}`),
    sockets[0]!.attachCommand,
  );
  const last = new Array<number>(readConnections).fill(0);
  let id = 2;
  let sent = 0;
  const round = await drive(
    {
      sockets,
      drain,
      send: (sender) => {
        sent += 1;
        const body = { kind: "text", text: `${sender}${text(sender).slice(1)}` };
        const sendId = crypto.randomUUID();
        sockets[sender]!.send(
          JSON.stringify({ id: id++, type: "message.send", room: "general", sendId, body }),
        );
      },
      read: (connection, payload) => {
        const range = readEventsRange(payload);
        if (!range) return { count: 0, senders: [], isInOrder: true };
        const before = last[connection]!;
        last[connection] = range.to;
        const isInOrder = before === 0 || range.from === before + 1;
        // One connection speaks for all: everybody receives the same frame.
        return {
          count: range.to - range.from + 1,
          senders: connection === 0 ? readSenders(payload) : [],
          isInOrder,
        };
      },
    },
    options.seconds,
  );
  for (const socket of sockets) socket.close();
  drain.stop();
  const stored = await target.stopAndCountMessages();
  if (stored !== sent) round.faults.push(`${sent} sent, ${stored} stored`);
  round.facts = { ...round.facts, stored };
  return round;
}

/** Keeps every sender's window full, counts for `seconds` after a warm-up, then drains. */
async function drive(crowd: Crowd, seconds: number): Promise<Round> {
  await Bun.sleep(quietMs);
  let isSending = true;
  let messages = 0;
  let open = 0;
  const faults: string[] = [];
  const readBytes = new Array<number>(readConnections).fill(0);
  const send = (sender: number) => {
    open += 1;
    crowd.send(sender);
  };
  crowd.drain.mark();
  for (const [connection, socket] of crowd.sockets.entries()) {
    socket.onFrame = (payload) => {
      readBytes[connection]! +=
        payload.length + (payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10);
      const { count, senders: bySender, isInOrder } = crowd.read(connection, payload);
      if (!isInOrder) faults.push("out of order");
      if (connection !== 0) return;
      messages += count;
      for (const sender of bySender) {
        open -= 1;
        if (isSending) send(sender);
      }
    };
  }
  for (let sender = 0; sender < senders; sender++)
    for (let index = 0; index < outstanding; index++) send(sender);
  await Bun.sleep(warmUpMs);
  const before = { messages, at: performance.now(), cpu: process.cpuUsage() };
  await Bun.sleep(seconds * 1000);
  const elapsedMs = performance.now() - before.at;
  const cpu = process.cpuUsage(before.cpu);
  const value = ((messages - before.messages) / elapsedMs) * 1000 * connections;
  isSending = false;
  for (let tries = 0; open > 0 && tries < 500; tries++) await Bun.sleep(20);
  await Bun.sleep(500);
  const loadShare = (cpu.user + cpu.system) / 1000 / elapsedMs;
  const bytes = new Set([...readBytes, ...crowd.drain.bytes()]);
  if (bytes.size !== 1)
    faults.push(`connections got different numbers of bytes: ${[...bytes].slice(0, 4).join(", ")}`);
  if (open > 0) faults.push(`${open} never arrived`);
  if (loadShare > loadShareMax)
    faults.push(`the load client used ${(loadShare * 100).toFixed(0)} % of its core`);
  if (crowd.drain.hasClosed() || crowd.sockets.some((socket) => socket.isClosed))
    faults.push("a connection was closed");
  return { value, faults, facts: { loadShare: Number(loadShare.toFixed(2)) } };
}

const textMark = Buffer.from('"text":"');

/** The senders of a frame's messages: the first digit of each text. */
function readSenders(payload: Buffer): number[] {
  const found: number[] = [];
  for (let at = payload.indexOf(textMark); at >= 0; at = payload.indexOf(textMark, at + 1)) {
    found.push(payload[at + textMark.length]! - 48);
  }
  return found;
}

function text(sender: number): string {
  return `${sender}`.padEnd(128, "x");
}
