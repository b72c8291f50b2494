// V: other servers beside novaX, under the loads of F1, F3 and F4, in alternating rounds (--peers=basic,xmpp). The servers and
// PostgreSQL share the machine with the load, and all of them commit what they store with fsync.
import type { LoadSocket } from "../lib/load-socket.ts";
import { type Peer, peers } from "../lib/peers.ts";
import { percentile, type Round, report } from "../lib/report.ts";
import { measureNovax as measureFanOut } from "./fan-out.ts";
import { measureSends } from "./ingest.ts";
import { databaseCpuSeconds, drive, type Measured, measureNovax as measureLatency } from "./latency.ts";

const hot = { connections: 500, senders: 8, outstanding: 32 };
const many = { rooms: 64, outstanding: 16 };
const fair = { rooms: 50, peoplePerRoom: 20, messagesPerSecond: 500 };
const warmUpMs = 1000;
const quietMs = 2500;
const openingMax = 50;
const loadShareMax = 0.9;

type Options = {
  rounds: number;
  seconds: number;
  peers: string[];
  postgresUrl: string;
  postgresPid?: number | undefined;
};
type Results = { hot: Round[]; many: Round[]; fair: Measured[] };

export async function runPeers(options: Options): Promise<void> {
  const { seconds, postgresUrl } = options;
  if (postgresUrl === "") return;
  const novax: Results = { hot: [], many: [], fair: [] };
  const others = options.peers.map((name) => {
    const results: Results = { hot: [], many: [], fair: [] };
    return { ...peers[name]!, results };
  });
  for (let round = 0; round < options.rounds; round++) {
    novax.hot.push(await measureFanOut("postgres", options));
    novax.many.push(await measureSends("postgres", many.rooms, options));
    novax.fair.push(await measureLatency("postgres", options));
    for (const { start, hasRooms, results } of others) {
      const measure = async <T>(
        into: T[],
        people: number,
        rooms: number,
        load: (peer: Peer) => Promise<T>,
      ) => {
        const peer = await start({ people, rooms, postgresUrl });
        if (peer) into.push(await load(peer));
      };
      await measure(results.hot, hot.connections, 1, (peer) => measureHot(peer, seconds));
      if (hasRooms) await measure(results.many, many.rooms, many.rooms, (peer) => measureMany(peer, seconds));
      // Where there is one room, it has one room's people, who write as much as all of them together.
      const rooms = hasRooms ? fair.rooms : 1;
      const people = rooms * fair.peoplePerRoom;
      await measure(results.fair, people, rooms, (peer) => measureFair(peer, people, options));
    }
  }
  for (const { title, results } of [{ title: "novaX", results: novax }, ...others])
    if (results.hot.length > 0) reportAll(title, results, title === "novaX" ? undefined : novax);
}

function reportAll(title: string, results: Results, novax: Results | undefined): void {
  const base = { durability: "fsync per commit" };
  const line = (figure: string, what: string, unit: string, pick: (from: Results) => Round[]) =>
    report({
      ...base,
      figure,
      unit,
      what: `${what} (${title})`,
      rounds: pick(results),
      ...(novax ? { floor: { name: "novaX", rounds: pick(novax) } } : {}),
    });
  const ofFair = (pick: (measured: Measured) => number) => (from: Results) =>
    from.fair.map((measured): Round => ({ value: pick(measured), faults: measured.faults }));
  line("F1", "one room, 500 connections", "deliveries/s", (from) => from.hot);
  if (results.many.length > 0) line("F4", "64 rooms", "messages/s", (from) => from.many);
  line(
    "F3",
    "500 messages/s to 20 people each, p50",
    "ms",
    ofFair(({ sorted }) => percentile(sorted, 0.5)),
  );
  line(
    "F3",
    "the same, p99",
    "ms",
    ofFair(({ sorted }) => percentile(sorted, 0.99)),
  );
  line(
    "F3",
    "processor for each message",
    "us",
    ofFair(({ cpuUs = 0 }) => cpuUs),
  );
}

/** One room, in which every sender's window is full; the first connection only reads. */
async function measureHot(peer: Peer, seconds: number): Promise<Round> {
  const sockets = await openAll(peer, hot.connections);
  const received = new Array<number>(hot.connections).fill(0);
  const sent = new Array<number>(hot.senders).fill(0);
  let isSending = true;
  let open = 0;
  const send = (sender: number) => {
    sent[sender]! += 1;
    open += 1;
    sockets[1 + sender]!.send(peer.encode(1 + sender, `from ${sender} `.padEnd(128, "x")));
  };
  const mark = Buffer.from("from ");
  for (const [index, socket] of sockets.entries())
    socket.onFrame = (payload) => {
      const at = payload.indexOf(mark);
      // Not all of what starts so is a message.
      const sender = at < 0 ? Number.NaN : payload[at + mark.length]! - 48;
      if (!(sender >= 0 && sender < hot.senders) || payload[at + mark.length + 1] !== 0x20) return;
      received[index]! += 1;
      if (index > 0) return;
      open -= 1;
      if (isSending) send(sender);
    };
  for (let sender = 0; sender < hot.senders; sender++)
    for (let index = 0; index < hot.outstanding; index++) send(sender);
  const round = await countFor(seconds, () => received[0]!);
  isSending = false;
  for (let tries = 0; open > 0 && tries < 500; tries++) await Bun.sleep(20);
  await Bun.sleep(500);
  const total = sent.reduce((sum, count) => sum + count, 0);
  const expected = (index: number) =>
    total - (!peer.echoes && index >= 1 && index <= hot.senders ? sent[index - 1]! : 0);
  const wrong = received.filter((count, index) => count !== expected(index)).length;
  if (wrong > 0) round.faults.push(`${wrong} connections did not get everything`);
  const receivers = hot.connections - (peer.echoes ? 0 : 1);
  await close(peer, sockets, { sent: total, round });
  return { ...round, value: round.value * receivers };
}

/** One person in each room, whose window is full. */
async function measureMany(peer: Peer, seconds: number): Promise<Round> {
  const sockets = await openAll(peer, many.rooms);
  let sent = 0;
  let received = 0;
  let isSending = true;
  const send = (person: number) => {
    sent += 1;
    sockets[person]!.send(peer.encode(person, "x".repeat(128)));
  };
  const mark = Buffer.from("x".repeat(128));
  for (const [person, socket] of sockets.entries())
    socket.onFrame = (payload) => {
      if (!payload.includes(mark)) return;
      received += 1;
      if (isSending) send(person);
    };
  for (let person = 0; person < many.rooms; person++)
    for (let index = 0; index < many.outstanding; index++) send(person);
  const round = await countFor(seconds, () => received);
  isSending = false;
  for (let tries = 0; received < sent && tries < 500; tries++) await Bun.sleep(20);
  if (received < sent) round.faults.push(`${sent - received} never arrived`);
  await close(peer, sockets, { sent, round });
  return round;
}

async function measureFair(
  peer: Peer,
  people: number,
  { seconds, postgresPid }: Pick<Options, "seconds" | "postgresPid">,
): Promise<Measured> {
  const sockets = await openAll(peer, people);
  const cpuSeconds = () => peer.cpuSeconds() + databaseCpuSeconds("postgres", postgresPid);
  const before = cpuSeconds();
  const receivers = fair.peoplePerRoom - (peer.echoes ? 0 : 1);
  const timesFaster = (fair.rooms * fair.peoplePerRoom) / people;
  const result = await drive(sockets, seconds, receivers, peer.encode, timesFaster);
  const cpuUs = ((cpuSeconds() - before) / (fair.messagesPerSecond * seconds)) * 1e6;
  await close(peer, sockets, { sent: fair.messagesPerSecond * seconds, round: result });
  return { ...result, cpuUs };
}

async function openAll(peer: Peer, count: number): Promise<LoadSocket[]> {
  const sockets: LoadSocket[] = [];
  let next = 0;
  const open = async () => {
    for (let index = next++; index < count; index = next++) sockets[index] = await peer.open(index);
  };
  await Promise.all(Array.from({ length: openingMax }, open));
  await Bun.sleep(quietMs);
  return sockets;
}

async function close(
  peer: Peer,
  sockets: readonly LoadSocket[],
  { sent, round }: { sent: number; round: { faults: string[] } },
): Promise<void> {
  if (sockets.some((socket) => socket.isClosed)) round.faults.push("a connection was closed");
  for (const socket of sockets) socket.close();
  const stored = await peer.stop();
  if (stored !== null && stored !== sent) round.faults.push(`${sent} sent, ${stored} stored`);
}

/** How much a count grows a second, after a warm-up. */
async function countFor(seconds: number, count: () => number): Promise<Round> {
  await Bun.sleep(warmUpMs);
  const before = { count: count(), at: performance.now(), cpu: process.cpuUsage() };
  await Bun.sleep(seconds * 1000);
  const elapsedMs = performance.now() - before.at;
  const cpu = process.cpuUsage(before.cpu);
  const loadShare = (cpu.user + cpu.system) / 1000 / elapsedMs;
  const faults =
    loadShare > loadShareMax ? [`the load client used ${(loadShare * 100).toFixed(0)} % of its core`] : [];
  return { value: ((count() - before.count) / elapsedMs) * 1000, faults, facts: { loadShare } };
}
