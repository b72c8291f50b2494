// What is measured: a novaX in its own process, with people and rooms created without registration; or a bare floor.
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { SQL } from "bun";
import { openDatabase } from "../../server/src/db/open-database.ts";
import { silentLog } from "../../server/src/log/log.ts";
import { freePort } from "../../tests/support/services.ts";
import { LoadSocket } from "./load-socket.ts";

const root = resolve(import.meta.dir, "../..");

export type TargetKind = "embedded" | "postgres";
export type Settings = Record<string, string>;
export const noLimits: Settings = { MESSAGES_PER_SECOND: "1000000" };
export type BenchPerson = { username: string; id: string; token: string };

export type Target = {
  url: URL;
  pid: number;
  dataDir: string;
  people: BenchPerson[];
  /** Null if it is embedded. */
  databaseUrl: string | null;
  /** The server's processes: one, or its workers and the one that started them. */
  pids(): number[];
  /** CPU seconds used by the server's processes so far. */
  cpuSeconds(): number;
  /** How many messages are stored. Call it after the server has stopped. */
  stopAndCountMessages(): Promise<number>;
};

/**
 * Starts novaX with `people` signed-in people; person `i` is only in room `i % rooms`. Limits are off, unless `settings`
 * says otherwise. `fill` puts more into the database before the start. `through`: the server reaches PostgreSQL at this port.
 */
export async function startTarget(
  kind: TargetKind,
  postgresUrl: string,
  world: { people: number; rooms: number },
  settings: Settings = noLimits,
  fill: (config: Parameters<typeof openDatabase>[0]) => Promise<void> = async () => {},
  through?: { port: number },
): Promise<Target> {
  const dataDir = mkdtempSync(join(tmpdir(), "novax-bench-"));
  const env: Record<string, string> = {
    DATA_DIR: dataDir,
    LOG_FORMAT: "json",
    ...settings,
  };
  if (kind === "postgres") env.DATABASE_URL = await createDatabaseAt(postgresUrl);
  const config =
    kind === "postgres"
      ? ({ kind, url: env.DATABASE_URL! } as const)
      : ({ kind: "embedded", dataDir } as const);
  const people = await createWorld(config, world);
  await fill(config);
  const port = await freePort();
  const child = Bun.spawn([process.execPath, "--no-env-file", join(root, "build/server/cli.js")], {
    cwd: dataDir,
    env: {
      PATH: process.env.PATH!,
      ...env,
      ...reachedThrough(env.DATABASE_URL, through),
      PORT: String(port),
    },
    stdout: "pipe",
    stderr: "inherit",
  });
  const url = new URL(`http://127.0.0.1:${port}`);
  await untilReady(url);
  await untilPrinted(child.stdout, env.WORKERS ? "workers.started" : "server.started");
  return {
    url,
    pid: child.pid,
    dataDir,
    people,
    databaseUrl: env.DATABASE_URL ?? null,
    pids: () => withChildren(child.pid),
    cpuSeconds: () => withChildren(child.pid).reduce((sum, pid) => sum + readCpuSeconds(pid), 0),
    stopAndCountMessages: async () => {
      child.kill("SIGTERM");
      await child.exited;
      const db = await openDatabase(config, silentLog);
      const [row] = await db.sql<{ count: string }>`select count(*) from messages`;
      await db.close();
      rmSync(dataDir, { recursive: true, force: true });
      return Number(row!.count);
    },
  };
}

function reachedThrough(url: string | undefined, through: { port: number } | undefined): Settings {
  if (!url || !through) return {};
  const address = new URL(url);
  address.port = String(through.port);
  return { DATABASE_URL: address.href };
}

/** Creates a new, empty database on a PostgreSQL server; returns its URL. */
export async function createDatabaseAt(postgresUrl: string): Promise<string> {
  const name = `bench_${randomBytes(4).toString("hex")}`;
  const admin = new SQL(postgresUrl, { max: 1 });
  await admin.unsafe(`create database ${name}`);
  await admin.close();
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function createWorld(
  config: Parameters<typeof openDatabase>[0],
  world: { people: number; rooms: number },
): Promise<BenchPerson[]> {
  const db = await openDatabase(config, silentLog);
  const now = Date.now();
  const people = Array.from({ length: world.people }, (_, index) => ({
    id: Bun.randomUUIDv7(),
    username: `person${index}`,
    token: randomBytes(32).toString("base64url"),
  }));
  for (let room = 1; room < world.rooms; room++) {
    await db.sql`insert into rooms (id, name, created_at) values (${roomName(room)}, ${roomName(room)}, ${now})`;
  }
  for (const [index, { id, username, token }] of people.entries()) {
    const hash = createHash("sha256").update(token).digest();
    await db.transact(async (tx) => {
      await tx`insert into accounts (id, username, username_key, email, server_role, created_at)
        values (${id}, ${username}, ${username}, 'x@example.org', 'member', ${now})`;
      await tx`insert into sessions (id, account_id, token_hash, created_at, last_seen_at, user_agent, address)
        values (${Bun.randomUUIDv7()}, ${id}, ${hash}, ${now}, ${now}, '', '')`;
      await tx`insert into memberships (room_id, account_id, joined_at) values (${roomName(index % world.rooms)}, ${id}, ${now - 3_600_000})`;
    });
  }
  await db.close();
  return people;
}

export function roomName(room: number): string {
  return room === 0 ? "general" : `room-${room}`;
}

/** The headers with which a person's client opens the full protocol. */
export function memberHeaders(target: Pick<Target, "url">, person: BenchPerson): Record<string, string> {
  return {
    Origin: target.url.origin,
    Cookie: `novax_session=${person.token}`,
    "Sec-WebSocket-Protocol": "novax.v1",
  };
}

/** Opens a person's connection and attaches it to the room, from its current end on. */
export async function openMember(
  target: Pick<Target, "url">,
  person: BenchPerson,
  room: string,
): Promise<LoadSocket & { attachCommand: string }> {
  const socket = Object.assign(new LoadSocket(), { attachCommand: "" });
  const { promise: attached, resolve: done } = Promise.withResolvers<void>();
  socket.onFrame = (payload) => {
    const frame = JSON.parse(payload.toString()) as {
      type: string;
      epoch?: string;
      rooms?: { headSeq: number }[];
    };
    if (frame.type === "hello") {
      const afterSeq = frame.rooms![0]!.headSeq;
      socket.attachCommand = JSON.stringify({
        id: 1,
        type: "room.attach",
        room,
        afterSeq,
        epoch: frame.epoch,
      });
      socket.send(socket.attachCommand);
    }
    if (frame.type === "reply") done();
  };
  await socket.connect(new URL(`/ws/${person.username}`, target.url), memberHeaders(target, person));
  await attached;
  return socket;
}

/** Starts a bare server that figures are compared with. */
export async function startFloor(
  name = "fan-out.ts",
): Promise<{ url: URL; pid: number; stop(): Promise<void> }> {
  const port = await freePort();
  const child = Bun.spawn([process.execPath, join(root, "bench/floors", name), String(port)], {
    stdout: "ignore",
    stderr: "inherit",
  });
  const url = new URL(`http://127.0.0.1:${port}`);
  await untilReady(url);
  return {
    url,
    pid: child.pid,
    stop: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** Resolves when the text has been printed, and reads on, so that what prints it is not held up. */
function untilPrinted(stream: ReadableStream<Uint8Array>, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    void (async () => {
      let text = "";
      const decoder = new TextDecoder();
      for await (const chunk of stream) {
        if (!text.includes(wanted)) text += decoder.decode(chunk, { stream: true });
        if (text.includes(wanted)) resolve();
      }
    })();
  });
}

async function untilReady(url: URL): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const response = await fetch(new URL("/readyz", url)).catch(() => null);
    if (response?.ok) return;
    await Bun.sleep(20);
  }
  throw new Error(`${url} does not respond`);
}

function withChildren(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return [pid, ...children.filter(Boolean).map(Number)];
}

/** User and system time of a process and of those of its children that it has waited for, from /proc; clock ticks are 1/100 s on Linux. */
export function readCpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}
