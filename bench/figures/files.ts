// U: files. 200 MB up and down by one person, and twenty uploads at once, beside bare Bun that writes the same bytes; the
// server's memory meanwhile; and other people's messages while ten people upload.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { percentile, type Round, report } from "../lib/report.ts";
import { openMember, startFloor, startTarget, type Target, type TargetKind } from "../lib/target.ts";
import { uploadBytes } from "../lib/upload.ts";
import { drive } from "./latency.ts";

const root = resolve(import.meta.dir, "../..");
const largeMb = 200;
const manyCount = 20;
const manyMb = 20;
const uploaders = 10;
const bystanders = 20;

type Measured = Record<"up" | "down" | "many" | "memoryLarge" | "memoryMany", Round[]>;
const empty = (): Measured => ({ up: [], down: [], many: [], memoryLarge: [], memoryMany: [] });

export async function runFiles(options: {
  rounds: number;
  seconds: number;
  kinds: TargetKind[];
  postgresUrl: string;
}) {
  const large = Buffer.alloc(largeMb * 1_000_000, crypto.getRandomValues(new Uint8Array(65_536)));
  const floors = { up: [] as Round[], down: [] as Round[] };
  const measured = new Map<TargetKind, Measured>();
  for (let round = 0; round < options.rounds; round++) {
    await measureFloor(large, floors);
    for (const kind of options.kinds) {
      const into = measured.get(kind) ?? empty();
      measured.set(kind, into);
      await measureNovax(kind, options.postgresUrl, large, into);
    }
  }
  const base = { figure: "U", durability: "fsync per piece" };
  report({ ...base, what: "floor: bare Bun, 200 MB up", unit: "MB/s", rounds: floors.up });
  report({ ...base, what: "floor: bare Bun, 200 MB down", unit: "MB/s", rounds: floors.down });
  for (const [kind, { up, down, many, memoryLarge, memoryMany }] of measured) {
    const floor = (rounds: Round[]) => ({ floor: { name: "the floor", rounds } });
    report({ ...base, what: `200 MB up (${kind})`, unit: "MB/s", rounds: up, ...floor(floors.up) });
    report({ ...base, what: `200 MB down (${kind})`, unit: "MB/s", rounds: down, ...floor(floors.down) });
    report({
      ...base,
      what: `20 x 20 MB at once (${kind})`,
      unit: "MB/s",
      rounds: many,
      ...floor(floors.up),
    });
    report({ ...base, what: `memory gained, 200 MB up and down (${kind})`, unit: "MB", rounds: memoryLarge });
    report({ ...base, what: `memory gained, 20 at once (${kind})`, unit: "MB", rounds: memoryMany });
  }
  for (const kind of options.kinds) {
    const calm: Round[] = [];
    const busy: Round[] = [];
    for (let round = 0; round < options.rounds; round++) {
      calm.push(await measureMessages(kind, options, 0));
      busy.push(await measureMessages(kind, options, uploaders));
    }
    report({ ...base, what: `messages of others, p99, calm (${kind})`, unit: "ms", rounds: calm });
    report({
      ...base,
      what: `messages of others, p99, 10 upload (${kind})`,
      unit: "ms",
      rounds: busy,
      floor: { name: "calm", rounds: calm },
    });
  }
}

async function measureFloor(large: Buffer<ArrayBuffer>, into: Record<"up" | "down", Round[]>): Promise<void> {
  const server = await startFloor("files.ts");
  const file = new URL("/file", server.url);
  into.up.push(await speed(largeMb, async () => void (await fetch(file, { method: "POST", body: large }))));
  into.down.push(await speed(largeMb, () => drain(fetch(file))));
  await server.stop();
}

async function measureNovax(
  kind: TargetKind,
  postgresUrl: string,
  large: Buffer<ArrayBuffer>,
  into: Measured,
): Promise<void> {
  const target = await startTarget(kind, postgresUrl, { people: 1, rooms: 1 });
  const { token } = target.people[0]!;
  const headers = { origin: target.url.origin, cookie: `novax_session=${token}` };
  await uploadBytes(target.url, token, large.subarray(0, 1_000_000));
  const watch = watchMemory(target);
  let path = "";
  into.up.push(
    await speed(largeMb, async () => {
      path = await uploadBytes(target.url, token, large);
    }),
  );
  const described = await fetch(new URL(path, target.url), { headers });
  const { file } = (await described.json()) as { file: { id: string } };
  into.down.push(
    await speed(largeMb, () => drain(fetch(new URL(`/api/files/${file.id}`, target.url), { headers }))),
  );
  into.memoryLarge.push({ value: watch.stop(), faults: [] });
  const watchMany = watchMemory(target);
  const part = large.subarray(0, manyMb * 1_000_000);
  into.many.push(
    await speed(manyCount * manyMb, async () => {
      // One person has twelve at once at most; the rest follow.
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          for (let turn = 0; turn < manyCount / 10; turn++) await uploadBytes(target.url, token, part);
        }),
      );
    }),
  );
  into.memoryMany.push({ value: watchMany.stop(), faults: [] });
  await target.stopAndCountMessages();
}

async function measureMessages(
  kind: TargetKind,
  { seconds, postgresUrl }: { seconds: number; postgresUrl: string },
  count: number,
): Promise<Round> {
  const target = await startTarget(kind, postgresUrl, { people: bystanders + count, rooms: 1 });
  const people = target.people.slice(0, bystanders);
  const sockets = await Promise.all(people.map((person) => openMember(target, person, "general")));
  const busy = target.people
    .slice(bystanders)
    .map(({ token }) =>
      Bun.spawn([process.execPath, join(root, "bench/lib/uploader.ts"), target.url.origin, token, "5"]),
    );
  if (count > 0) await Bun.sleep(1000);
  let id = 2;
  const { sorted, faults } = await drive(
    sockets,
    seconds,
    bystanders,
    (_person, text) =>
      JSON.stringify({
        id: id++,
        type: "message.send",
        room: "general",
        sendId: crypto.randomUUID(),
        body: { kind: "text", text },
      }),
    3,
  );
  for (const child of busy) child.kill("SIGKILL");
  for (const socket of sockets) socket.close();
  await target.stopAndCountMessages();
  return { value: percentile(sorted, 0.99), faults };
}

async function speed(megabytes: number, run: () => Promise<void>): Promise<Round> {
  const startedAt = performance.now();
  await run();
  return { value: megabytes / ((performance.now() - startedAt) / 1000), faults: [] };
}

async function drain(response: Promise<Response>): Promise<void> {
  let count = 0;
  for await (const chunk of (await response).body!) count += chunk.byteLength;
  if (count !== largeMb * 1_000_000) throw new Error(`${count} bytes came back`);
}

/** Watches the server's memory. `stop` returns by how much it grew at most, in MB. */
function watchMemory({ pid }: Target): { stop(): number } {
  const resident = () => Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
  const before = resident();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, resident());
  }, 20);
  return {
    stop: () => {
      clearInterval(timer);
      return (most - before) / 1_000_000;
    },
  };
}
