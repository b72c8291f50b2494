// What breaks. The ids are those of docs/faults.md.
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { RoomId } from "@novax/protocol/ids";
import { SQL } from "bun";
import { encodeTextFrame, upgradeRequest } from "../../bench/lib/load-socket.ts";
import type { Person } from "../support/person.ts";
import { waitUntil } from "../support/server.ts";
import type { FaultClient } from "./client.ts";
import type { Node } from "./cluster.ts";
import type { Context, TrialShape } from "./trial.ts";

export type Fault = {
  id: string;
  title: string;
  shape: Pick<TrialShape, "database" | "nodes"> & Partial<TrialShape>;
  /** How often or how long, in a run of `npm test` and in a long one. */
  amount: { short: number; long: number };
  /** Part of `npm test`. */
  isInTests: boolean;
  /** What a report may say at most, in ms. */
  limits: Partial<Record<"firstAnswerMs" | "allAnswersMs" | "longestWaitMs" | "longestAnswerMs", number>>;
  /** What its own figures may be at most. */
  figureLimits?: Record<string, number>;
  run(context: Context, amount: number): Promise<void>;
};

const onPostgres = { database: "postgres", nodes: 2 } as const;
const embedded = { database: "embedded", nodes: 1 } as const;
const seconds = 1000;
const fastClock = join(import.meta.dir, "../support/fast-clock.ts");

function anyNode({ cluster, random }: Context): Node {
  return cluster.nodes[Math.floor(random() * cluster.nodes.length)]!;
}

/** Kills nodes without a warning, one after the other, each of which starts again. */
async function killNodes(context: Context, times: number): Promise<void> {
  for (let round = 0; round < times; round++) {
    const node = anyNode(context);
    node.isUp = false;
    await node.server.kill();
    await context.cluster.restart(node);
    // So that all of the answers after the last one count, and those before it are made while all is well.
    if (round < times - 1) await Bun.sleep(500 + context.random() * 1000);
  }
}

/** Leaves out the last events of a room, as a restored dump or a replica that was behind does. */
async function goBack(sql: SQL, room: RoomId, events: number): Promise<void> {
  await sql.begin(async (tx) => {
    const [row] = await tx`select head_seq::int as head from rooms where id = ${room} for update`;
    const seq = Math.max(0, (row as { head: number }).head - events);
    for (const table of ["mentions", "reactions", "messages", "room_events"])
      await tx.unsafe(`delete from ${table} where room_id = $1 and seq > $2`, [room, seq]);
    await tx`update rooms set head_seq = ${seq} where id = ${room}`;
  });
}

/** Opens connections that attach to all rooms, and then read nothing more. */
async function stallReaders(people: readonly Person[], url: string, count: number) {
  const readers: { isClosed(): boolean; close(): void }[] = [];
  for (let index = 0; index < count; index++) {
    const person = people[index % people.length]!;
    const address = new URL(`/ws/${person.username}`, url);
    let isClosed = false;
    const socket = connect(Number(address.port), "127.0.0.1");
    socket.on("close", () => {
      isClosed = true;
    });
    socket.on("error", () => {});
    const headers = { Origin: url, Cookie: person.cookieHeader, "Sec-WebSocket-Protocol": "novax.v1" };
    socket.write(upgradeRequest(address, headers));
    socket.resume();
    await Bun.sleep(50);
    socket.write(encodeTextFrame(JSON.stringify({ id: 1, type: "rooms.attach", epoch: "", positions: [] })));
    await Bun.sleep(20);
    socket.pause();
    readers.push({
      // What is still to be read keeps its end from being seen.
      isClosed: () => {
        socket.resume();
        return isClosed;
      },
      close: () => socket.destroy(),
    });
  }
  return readers;
}

/** What a process has in memory, in bytes. */
function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

export const faults: Fault[] = [
  {
    id: "K1",
    title: "kill -9 of a node",
    shape: onPostgres,
    amount: { short: 3, long: 20 },
    isInTests: true,
    limits: { allAnswersMs: 3 * seconds },
    run: killNodes,
  },
  {
    id: "K2",
    title: "answers are lost after the commit",
    shape: onPostgres,
    amount: { short: 5, long: 60 },
    isInTests: false,
    limits: { allAnswersMs: 3 * seconds },
    run: async ({ cluster }, times) => {
      for (let round = 0; round < times; round++) {
        for (const node of cluster.nodes) node.front.holdAnswers();
        // Commits go on, and nobody hears of them.
        await Bun.sleep(200);
        for (const node of cluster.nodes) node.front.reset();
        await Bun.sleep(round < times - 1 ? 600 : 0);
      }
    },
  },
  {
    id: "K3",
    title: "rolling restart",
    shape: onPostgres,
    amount: { short: 1, long: 5 },
    isInTests: false,
    limits: { longestWaitMs: 2 * seconds },
    figureLimits: { "refusals seen": 0 },
    run: async ({ cluster, world, figures }, times) => {
      for (let round = 0; round < times; round++)
        for (const node of cluster.nodes) {
          node.isUp = false;
          await node.server.stop();
          await cluster.restart(node);
          await Bun.sleep(500);
        }
      figures["refusals seen"] = world.clients.reduce((sum, client) => sum + client.refusals.length, 0);
    },
  },
  {
    id: "K4",
    title: "PostgreSQL crashes and restarts",
    shape: onPostgres,
    amount: { short: 1, long: 5 },
    isInTests: false,
    limits: { firstAnswerMs: 5 * seconds },
    run: async ({ cluster }, times) => {
      for (let round = 0; round < times; round++) {
        await cluster.postgres!.halt();
        await Bun.sleep(1500);
        await cluster.postgres!.resume();
        if (round < times - 1) await Bun.sleep(4000);
      }
    },
  },
  {
    id: "K6",
    title: "Redis restarts empty",
    shape: onPostgres,
    amount: { short: 1, long: 5 },
    isInTests: false,
    limits: { longestWaitMs: 5 * seconds },
    run: async ({ cluster }, times) => {
      for (let round = 0; round < times; round++) {
        await cluster.restartRedis();
        await Bun.sleep(2000);
      }
    },
  },
  {
    id: "K7",
    title: "Redis cut off from one node",
    shape: onPostgres,
    amount: { short: 4, long: 60 },
    isInTests: false,
    limits: { longestWaitMs: 5 * seconds },
    run: async ({ cluster }, forSeconds) => {
      const [node] = cluster.nodes;
      node!.redis!.cut();
      await Bun.sleep(forSeconds * seconds);
      node!.redis!.heal();
    },
  },
  {
    id: "K8",
    title: "one node cut off from PostgreSQL",
    shape: onPostgres,
    amount: { short: 13, long: 60 },
    isInTests: true,
    limits: { allAnswersMs: 5 * seconds, longestAnswerMs: 11 * seconds },
    run: async ({ cluster }, forSeconds) => {
      const [node] = cluster.nodes;
      node!.database!.cut();
      await Bun.sleep(forSeconds * seconds);
      node!.database!.heal();
    },
  },
  {
    id: "K9",
    title: "a client comes back 10,000 messages behind",
    shape: onPostgres,
    amount: { short: 2000, long: 10_000 },
    isInTests: false,
    limits: {},
    figureLimits: { "ms until it shows the newest page": 2 * seconds },
    run: async ({ world, figures }, messages) => {
      const [away, ...others] = world.clients;
      const room = world.rooms[0]!;
      away!.goAway();
      // One after the other from each client, so that their order is the order in which they were sent.
      const sendSome = async (client: FaultClient) => {
        for (let index = 0; index < messages / others.length; index++) await world.send(client, room);
      };
      await Promise.all(others.map(sendSome));
      const headSeq = others[0]!.headSeq(room);
      const backAt = performance.now();
      away!.comeBack();
      await waitUntil(() => away!.headSeq(room) >= headSeq && away!.shown(room) !== null, 30_000);
      figures["ms until it shows the newest page"] = Math.round(performance.now() - backAt);
    },
  },
  {
    id: "K10",
    title: "a network that flaps",
    shape: onPostgres,
    amount: { short: 4, long: 60 },
    isInTests: false,
    limits: { allAnswersMs: 3 * seconds },
    run: async ({ world, random }, forSeconds) => {
      const until = performance.now() + forSeconds * seconds;
      while (performance.now() < until) {
        for (const client of world.everybody) if (random() < 0.2) client.drop();
        await Bun.sleep(200);
      }
    },
  },
  {
    id: "K12",
    title: "the clock of one node is an hour ahead",
    shape: { ...onPostgres, launch: (node) => (node === 0 ? { preload: fastClock } : {}) },
    amount: { short: 3, long: 20 },
    isInTests: false,
    limits: { longestWaitMs: 5 * seconds },
    run: (_context, forSeconds) => Bun.sleep(forSeconds * seconds),
  },
  {
    id: "K13",
    title: "50 readers that stop reading",
    shape: { ...onPostgres, nodes: 1 },
    amount: { short: 600, long: 3000 },
    isInTests: false,
    limits: { longestWaitMs: 2 * seconds },
    figureLimits: { "MB that the node gained": 150, "readers that were not closed": 0 },
    run: async ({ cluster, world, figures }, messages) => {
      const [node] = cluster.nodes;
      const stalled = await stallReaders(world.people.slice(0, 7), node!.server.url, 50);
      const before = memoryOf(node!.server.pid);
      const text = "x".repeat(3900);
      const sendSome = async (client: FaultClient) => {
        for (let index = 0; index < messages / world.clients.length; index++)
          await world.send(client, world.rooms[0]!, text);
      };
      await Promise.all(world.clients.map(sendSome));
      const gained = memoryOf(node!.server.pid) - before;
      figures["MB that the node gained"] = Math.round(gained / 1e6);
      for (const reader of stalled) reader.isClosed();
      await Bun.sleep(1000);
      figures["readers that were not closed"] = stalled.filter((reader) => !reader.isClosed()).length;
      for (const reader of stalled) reader.close();
    },
  },
  {
    id: "K14",
    title: "kill -9 with the embedded database",
    shape: embedded,
    amount: { short: 3, long: 100 },
    isInTests: true,
    limits: { allAnswersMs: 5 * seconds },
    run: killNodes,
  },
  {
    id: "K16",
    title: "a room's row is held by something else",
    shape: onPostgres,
    amount: { short: 6, long: 30 },
    isInTests: false,
    limits: { allAnswersMs: 5 * seconds },
    figureLimits: { "longest wait in other rooms in ms": 2 * seconds },
    run: async ({ cluster, world, figures }, forSeconds) => {
      const [held, ...others] = world.rooms;
      const sql = new SQL(cluster.postgres!.url, { max: 1 });
      await sql.begin(async (tx) => {
        await tx`select 1 from rooms where id = ${held!} for update`;
        const since = performance.now();
        await Bun.sleep(forSeconds * seconds);
        const waits = world.history.sends.flatMap(({ room, acknowledged, startedAt }) =>
          others.includes(room) && acknowledged && startedAt > since ? [acknowledged.at - startedAt] : [],
        );
        figures["acknowledged in other rooms meanwhile"] = waits.length;
        figures["longest wait in other rooms in ms"] = Math.round(Math.max(...waits));
      });
      await sql.close();
    },
  },
  {
    id: "K16b",
    title: "a node is stopped, in the middle of what it does, and goes on",
    shape: onPostgres,
    amount: { short: 6, long: 30 },
    isInTests: false,
    limits: { allAnswersMs: 10 * seconds },
    run: async (context, forSeconds) => {
      const node = anyNode(context);
      process.kill(node.server.pid, "SIGSTOP");
      node.isUp = false;
      await Bun.sleep(forSeconds * seconds);
      process.kill(node.server.pid, "SIGCONT");
      node.isUp = true;
    },
  },
  {
    id: "K17",
    title: "one node's connections to PostgreSQL fall silent, and speak again later",
    shape: onPostgres,
    amount: { short: 15, long: 45 },
    isInTests: false,
    limits: { allAnswersMs: 5 * seconds },
    run: async ({ cluster }, forSeconds) => {
      const [node] = cluster.nodes;
      node!.database!.silence();
      await Bun.sleep(forSeconds * seconds);
      node!.database!.heal();
      // What was held back arrives now, and must not happen any more.
      await Bun.sleep(2000);
    },
  },
  {
    id: "K18",
    title: "an older copy of the database comes back under running nodes",
    shape: { ...onPostgres, checks: ["what is shown is what is stored"] },
    amount: { short: 1, long: 3 },
    isInTests: false,
    limits: { allAnswersMs: 5 * seconds },
    figureLimits: { "clients that were not told": 0 },
    run: async ({ cluster, world, figures }, times) => {
      for (let round = 0; round < times; round++) {
        for (const room of world.rooms) await goBack(cluster.sql, room, 20);
        await Bun.sleep(4000);
      }
      figures["clients that were not told"] = world.clients.filter((client) => client.resyncs === 0).length;
    },
  },
  {
    id: "K19",
    title: "sockets fall silent without an end",
    shape: onPostgres,
    amount: { short: 3, long: 10 },
    isInTests: false,
    limits: { allAnswersMs: 15 * seconds },
    run: async ({ cluster }, times) => {
      for (let round = 0; round < times; round++) {
        for (const node of cluster.nodes) node.front.silence();
        await Bun.sleep(2000);
      }
    },
  },
  {
    id: "K20",
    title: "PostgreSQL takes no writes for a while",
    shape: onPostgres,
    amount: { short: 3, long: 20 },
    isInTests: false,
    limits: { firstAnswerMs: 5 * seconds },
    run: async ({ cluster }, forSeconds) => {
      const { sql } = cluster;
      const set = async (value: "on" | "off") => {
        await sql.unsafe(`alter system set default_transaction_read_only = ${value}`);
        await sql`select pg_reload_conf()`;
      };
      await set("on");
      await Bun.sleep(forSeconds * seconds);
      await set("off");
    },
  },
];
