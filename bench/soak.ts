// npm run soak [-- --minutes=20 --sockets=1000 --per-second=50 --kind=postgres]: K15. So many people in rooms of twenty send, edit,
// react, read and mark as read, with all limits as they are by default, while memory and open files are watched. Before, so much
// is written that the server has as much of each room in memory as it keeps. At the end all connections drop at once and come back.
import { readdirSync, readFileSync } from "node:fs";
import { startPostgres } from "../tests/support/services.ts";
import { LoadSocket, readEventsRange } from "./lib/load-socket.ts";
import { median, percentile } from "./lib/report.ts";
import { memberHeaders, roomName, startTarget, type TargetKind } from "./lib/target.ts";

const flag = (name: string, fallback: string) =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.split("=")[1] ?? fallback;

const minutes = Number(flag("minutes", "20"));
const people = Number(flag("sockets", "1000"));
const perSecond = Number(flag("per-second", "50"));
const kind = flag("kind", "postgres") as TargetKind;
const peoplePerRoom = 20;
const rooms = Math.ceil(people / peoplePerRoom);
const openingMax = 50;
const backWithinMs = 10_000;
/** The server keeps up to twice 512 events of a room. */
const writtenBefore = 1200;
const beforePerSecond = 500;
/** Nobody is more patient than the chat page, which asks after twenty seconds. */
const pingEveryMs = 20_000;

type Client = { socket: LoadSocket; seq: number; nextId: number };
type Sample = { atMs: number; megabytes: number; files: number };

const postgres = kind === "postgres" ? await startPostgres({ isDurable: true }) : null;
if (kind === "postgres" && !postgres) throw new Error("PostgreSQL isn't installed");
const target = await startTarget(kind, postgres?.url ?? "", { people, rooms }, {});
const latencies: number[] = [];
const refusals = new Map<string, number>();
const counts = { send: 0, edit: 0, react: 0, read: 0, markRead: 0 };
let epoch = "";
/** The newest message of each room that may be edited and reacted to, and who wrote it. */
const newest = new Map<string, { seq: number; sender: number }>();

const own: ReadonlyMap<string, number> = new Map(target.people.map(({ id }, index) => [id, index]));
const roomOf = (person: number) => roomName(person % rooms);

/** Opens a person's connection, resumes their room, and resolves when it is there to its end. */
async function open(person: number, client: Client): Promise<void> {
  const socket = new LoadSocket();
  client.socket = socket;
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  socket.onFrame = (payload) => {
    const range = readEventsRange(payload);
    if (range) {
      if (client.seq > 0 && range.from !== client.seq + 1)
        reject(new Error(`${range.from} after ${client.seq}`));
      client.seq = range.to;
      // One of each room reads what the others only count.
      if (person < rooms) noteNewest(person, payload);
      return;
    }
    const frame = JSON.parse(payload.toString()) as {
      type: string;
      epoch: string;
      re?: number;
      ok?: boolean;
      code?: string;
      rooms?: { id: string; headSeq: number }[];
    };
    if (frame.type === "hello") {
      epoch = frame.epoch;
      client.seq ||= frame.rooms!.find(({ id }) => id === roomOf(person))!.headSeq;
      const position = { room: roomOf(person), afterSeq: client.seq };
      socket.send(JSON.stringify({ id: 1, type: "rooms.attach", epoch, positions: [position] }));
    } else if (frame.type === "reply") {
      if (frame.re === 1) resolve();
      if (frame.code) countRefusal(frame.code);
    } else if (frame.type === "resync") reject(new Error("resync"));
  };
  await socket.connect(new URL(`/ws/${target.people[person]!.username}`, target.url), headersOf(person));
  await ready;
}

function headersOf(person: number): Record<string, string> {
  return memberHeaders(target, target.people[person]!);
}

function noteNewest(person: number, payload: Buffer): void {
  const { events } = JSON.parse(payload.toString()) as {
    events: { type: string; seq: number; actor: { id: string }; body?: { text: string } }[];
  };
  for (const { type, seq, actor, body } of events) {
    if (type !== "message.sent") continue;
    newest.set(roomOf(person), { seq, sender: own.get(actor.id)! });
    latencies.push(performance.now() - Number(body!.text.split(" ")[1]));
  }
}

function countRefusal(code: string): void {
  refusals.set(code, (refusals.get(code) ?? 0) + 1);
}

function run(client: Client, fields: { type: string } & Record<string, unknown>): void {
  client.socket.send(JSON.stringify({ id: client.nextId++, ...fields }));
}

/** One command, or one page of history; of ten, seven are messages. */
async function act(number: number): Promise<void> {
  const person = Math.floor(Math.random() * people);
  const room = roomOf(person);
  const last = newest.get(room);
  const text = `due ${performance.now().toFixed(1)} ${"x".repeat(100)}`;
  const what = number % 10;
  if (what < 7 || !last) {
    counts.send += 1;
    const sendId = crypto.randomUUID();
    run(clients[person]!, { type: "message.send", room, sendId, body: { kind: "text", text } });
  } else if (what === 7) {
    counts.edit += 1;
    run(clients[last.sender]!, { type: "message.edit", room, seq: last.seq, text: `changed ${number}` });
  } else if (what === 8) {
    counts.react += 1;
    run(clients[person]!, { type: "reaction.add", room, seq: last.seq, emoji: "👍" });
    counts.markRead += 1;
    run(clients[person]!, { type: "room.mark_read", room, seq: last.seq });
  } else {
    counts.read += 1;
    const url = new URL(`/api/rooms/${room}/timeline?limit=50`, target.url);
    const response = await fetch(url, { headers: headersOf(person) });
    await response.arrayBuffer();
    if (!response.ok) countRefusal(String(response.status));
  }
}

async function writeBefore(): Promise<void> {
  const startedAt = performance.now();
  for (let index = 0; index < writtenBefore * rooms; index++) {
    const due = startedAt + (index * 1000) / beforePerSecond;
    if (due > performance.now()) await Bun.sleep(due - performance.now());
    counts.send += 1;
    const text = `due ${performance.now().toFixed(1)} ${"x".repeat(100)}`;
    const fields = {
      room: roomOf(index % people),
      sendId: crypto.randomUUID(),
      body: { kind: "text", text },
    };
    run(clients[index % people]!, { type: "message.send", ...fields });
  }
  latencies.length = 0;
}

function sample(startedAt: number): Sample {
  const status = readFileSync(`/proc/${target.pid}/status`, "utf8");
  return {
    atMs: performance.now() - startedAt,
    megabytes: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024,
    files: readdirSync(`/proc/${target.pid}/fd`).length,
  };
}

/** MB an hour, by least squares. */
function slope(samples: readonly Sample[]): number {
  const hours = samples.map(({ atMs }) => atMs / 3_600_000);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(hours), mean(samples.map(({ megabytes }) => megabytes))];
  let [above, below] = [0, 0];
  for (const [index, { megabytes }] of samples.entries()) {
    above += (hours[index]! - meanX) * (megabytes - meanY);
    below += (hours[index]! - meanX) ** 2;
  }
  return above / below;
}

async function inParallel(work: (person: number) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async () => {
    for (let person = next++; person < people; person = next++) await work(person);
  };
  await Promise.all(Array.from({ length: openingMax }, one));
}

const clients = Array.from({ length: people }, (): Client => {
  return { socket: new LoadSocket(), seq: 0, nextId: 2 };
});
await inParallel((person) => open(person, clients[person]!));
console.log(
  `${people} connections in ${rooms} rooms, ${perSecond} commands a second, ${minutes} minutes (${kind}).\n`,
);
console.log("| minute | memory | open files | p50 | p99 |\n|---|---|---|---|---|");
await writeBefore();
const startedAt = performance.now();
const samples: Sample[] = [];
let acted = 0;
let nextSampleAt = 0;
let pingedAt = startedAt;
while (performance.now() - startedAt < minutes * 60_000) {
  const elapsedMs = performance.now() - startedAt;
  for (; acted < (elapsedMs / 1000) * perSecond; acted++)
    act(acted).catch((error) => countRefusal(String(error)));
  if (performance.now() - pingedAt > pingEveryMs) {
    pingedAt = performance.now();
    for (const client of clients) run(client, { type: "ping" });
  }
  if (elapsedMs >= nextSampleAt) {
    nextSampleAt += 60_000;
    const one = sample(startedAt);
    samples.push(one);
    const sorted = latencies.splice(0).sort((a, b) => a - b);
    const ms = (share: number) => `${percentile(sorted, share).toFixed(1)} ms`;
    console.log(
      `| ${Math.round(elapsedMs / 60_000)} | ${one.megabytes.toFixed(1)} MB | ${one.files} | ${ms(0.5)} | ${ms(0.99)} |`,
    );
  }
  await Bun.sleep(5);
}
const closed = clients.filter(({ socket }) => socket.isClosed).length;
const later = samples.filter(({ atMs }) => atMs > (minutes * 60_000) / 2);

for (const { socket } of clients) socket.close();
const droppedAt = performance.now();
const failures: string[] = [];
await inParallel((person) =>
  open(person, clients[person]!).catch((error) => void failures.push(String(error))),
);
const backMs = performance.now() - droppedAt;
const heads = new Map<string, number>();
for (const [person, { seq }] of clients.entries())
  heads.set(roomOf(person), Math.max(seq, heads.get(roomOf(person)) ?? 0));
await Bun.sleep(500);
const behind = clients.filter(({ seq }, person) => seq !== heads.get(roomOf(person))).length;

console.log(`\nDone: ${JSON.stringify(counts)}.`);
console.log(
  `Memory in the second half: ${slope(later).toFixed(1)} MB an hour; median ${median(later.map(({ megabytes }) => megabytes)).toFixed(1)} MB.`,
);
console.log(
  `All back after ${(backMs / 1000).toFixed(2)} s; ${failures.length} failed, ${behind} are behind.`,
);
console.log(
  `Closed meanwhile: ${closed}. Refused: ${refusals.size === 0 ? "nothing" : JSON.stringify([...refusals])}.`,
);
for (const { socket } of clients) socket.close();
const stored = await target.stopAndCountMessages();
if (stored !== counts.send) failures.push(`${counts.send} sent, ${stored} stored`);
await postgres?.stop();
for (const failure of new Set(failures)) console.log(failure);
process.exit(failures.length + closed + behind + refusals.size === 0 && backMs <= backWithinMs ? 0 : 1);
