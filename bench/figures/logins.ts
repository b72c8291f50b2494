// F7: two hundred people sign in at once, from as many addresses, while the messages of F3 go on. Those who are told that the server is
// busy try again when it says.
import { availableParallelism } from "node:os";
import { openDatabase } from "../../server/src/db/open-database.ts";
import { silentLog } from "../../server/src/log/log.ts";
import { percentile, type Round, report } from "../lib/report.ts";
import { noLimits, openMember, roomName, startTarget, type Target, type TargetKind } from "../lib/target.ts";
import { drive } from "./latency.ts";

const people = 200;
const rooms = 50;
const peoplePerRoom = 20;
const password = "four quiet words";
/** Messages go on for so long beside the sign-ins. */
const besideSeconds = 20;

export async function runLogins(options: {
  rounds: number;
  seconds: number;
  kinds: TargetKind[];
  postgresUrl: string;
}): Promise<void> {
  const hash = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 12 });
  for (const kind of options.kinds) {
    const floor: Round[] = [];
    const results: Measured[] = [];
    for (let round = 0; round < options.rounds; round++) {
      floor.push({ value: await measureFloor(hash), faults: [] });
      results.push(await measure(kind, hash, options));
    }
    const base = { figure: "F7", durability: "fsync per commit" };
    const pick = (value: (result: Measured) => number) =>
      results.map((result): Round => ({ value: value(result), faults: result.faults }));
    report({
      ...base,
      unit: "sign-ins/s",
      what: `floor: the hash alone, ${availableParallelism()} cores`,
      rounds: floor,
    });
    report({
      ...base,
      unit: "sign-ins/s",
      what: `${people} people at once (${kind})`,
      rounds: pick(({ perSecond }) => perSecond),
      floor: { name: "floor", rounds: floor },
    });
    report({
      ...base,
      unit: "",
      what: "told to try again, of 200",
      rounds: pick(({ busy }) => busy),
    });
    report({
      ...base,
      unit: "ms",
      what: "p99 of others' messages meanwhile",
      rounds: pick(({ p99 }) => p99),
      floor: { name: "calm", rounds: pick(({ calmP99 }) => calmP99) },
    });
  }
}

type Measured = { perSecond: number; busy: number; p99: number; calmP99: number; faults: string[] };

async function measureFloor(hash: string): Promise<number> {
  const each = 12;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (let index = 0; index < each; index++) await Bun.password.verify(password, hash);
    }),
  );
  return (each * availableParallelism() * 1000) / (performance.now() - startedAt);
}

async function measure(
  kind: TargetKind,
  hash: string,
  { seconds, postgresUrl }: { seconds: number; postgresUrl: string },
): Promise<Measured> {
  const writers = rooms * peoplePerRoom;
  const settings = { ...noLimits, TRUSTED_PROXIES: "127.0.0.1, ::1", VISITOR_REQUESTS_PER_SECOND: "100000" };
  const world = { people: writers + people, rooms };
  const target = await startTarget(kind, postgresUrl, world, settings, async (config) => {
    const db = await openDatabase(config, silentLog);
    await db.sql`update accounts set password_hash = ${hash}`;
    await db.close();
  });
  const sockets = await Promise.all(
    target.people
      .slice(0, writers)
      .map((person, index) => openMember(target, person, roomName(index % rooms))),
  );
  let id = 2;
  const encode = (person: number, text: string) =>
    JSON.stringify({
      id: id++,
      type: "message.send",
      room: roomName(person % rooms),
      sendId: crypto.randomUUID(),
      body: { kind: "text", text },
    });
  const calm = await drive(sockets, seconds, peoplePerRoom, encode);
  const startedAt = performance.now();
  let lastAt = 0;
  let busy = 0;
  const faults: string[] = [];
  const signIns = target.people.slice(writers).map(async ({ username }, index) => {
    const status = await signIn(target, username, index, () => {
      busy += 1;
    });
    if (status !== 200) faults.push(`a sign-in was answered ${status}`);
    lastAt = performance.now();
  });
  const beside = await drive(sockets, besideSeconds, peoplePerRoom, encode);
  await Promise.all(signIns);
  for (const socket of sockets) socket.close();
  await target.stopAndCountMessages();
  return {
    perSecond: (people * 1000) / (lastAt - startedAt),
    busy,
    p99: percentile(beside.sorted, 0.99),
    calmP99: percentile(calm.sorted, 0.99),
    faults: [...new Set([...faults, ...calm.faults, ...beside.faults])],
  };
}

/** Signs in, as often as it takes. Returns the last answer's status. */
async function signIn(target: Target, username: string, index: number, onBusy: () => void): Promise<number> {
  for (;;) {
    const response = await fetch(new URL("/login", target.url), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        origin: target.url.origin,
        "x-forwarded-for": `10.0.${index >> 8}.${index & 255}`,
      },
      body: JSON.stringify({ username, password }),
    });
    await response.arrayBuffer();
    if (response.status !== 503) return response.status;
    onBusy();
    await Bun.sleep(Number(response.headers.get("retry-after") ?? 1) * 1000);
  }
}
