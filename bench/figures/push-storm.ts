// P: a push storm. A thousand people have notifications on, and somebody calls all of them: how soon the first and the last
// one is sent to the push service, and what that costs the server's processor. What others send meanwhile is measured too.
import { createECDH, randomBytes } from "node:crypto";
import { percentile, type Round, report } from "../lib/report.ts";
import { noLimits, openMember, roomName, startTarget, type Target, type TargetKind } from "../lib/target.ts";

const peopleCount = 1000;
const subscribedAtOnce = 20;
const sendEveryMs = 50;

type Options = { rounds: number; kinds: TargetKind[]; postgresUrl: string };

export async function runPushStorm({ rounds, kinds, postgresUrl }: Options): Promise<void> {
  for (const kind of kinds) {
    const measured = { first: [] as Round[], last: [] as Round[], cpu: [] as Round[], others: [] as Round[] };
    for (let round = 0; round < rounds; round++) {
      const { first, last, cpu, others, faults } = await measureStorm(kind, postgresUrl);
      measured.first.push({ value: first, faults });
      measured.last.push({ value: last, faults });
      measured.cpu.push({ value: cpu, faults });
      measured.others.push({ value: others, faults });
    }
    const base = { figure: "P", durability: kind };
    report({ ...base, unit: "s", what: "@room to 1,000 people, first one", rounds: measured.first });
    report({ ...base, unit: "s", what: "@room to 1,000 people, last one", rounds: measured.last });
    report({ ...base, unit: "ms", what: "processor for each", rounds: measured.cpu });
    report({ ...base, unit: "ms", what: "p99 of others' messages meanwhile", rounds: measured.others });
  }
}

async function measureStorm(kind: TargetKind, postgresUrl: string) {
  const arrivals: number[] = [];
  const service = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      await request.arrayBuffer();
      arrivals.push(performance.now());
      return new Response(null, { status: 201 });
    },
  });
  const origin = `http://127.0.0.1:${service.port}`;
  const settings = { ...noLimits, PUSH_SERVICES: origin };
  const target = await startTarget(kind, postgresUrl, { people: peopleCount + 2, rooms: 1 }, settings);
  await subscribeAll(target, origin);
  const [caller, writer] = [target.people.at(-1)!, target.people.at(-2)!];
  const socket = await openMember(target, writer, roomName(0));
  const faults: string[] = [];
  const latencies: number[] = [];
  let id = 100;
  const sent = new Map<string, number>();
  // A message is acknowledged by its own event; a reply is a refusal.
  socket.onFrame = (payload) => {
    const frame = JSON.parse(payload.toString()) as { type: string; events?: { sendId?: string }[] };
    if (frame.type === "reply") faults.push(payload.toString().slice(0, 100));
    for (const { sendId } of frame.events ?? []) {
      const at = sent.get(sendId ?? "");
      if (at !== undefined) latencies.push(performance.now() - at);
    }
  };
  const cpu = target.cpuSeconds();
  const began = performance.now();
  await command(target, caller.token, "message.send", {
    ...{ room: roomName(0), sendId: crypto.randomUUID(), mentionsEveryone: true },
    body: { kind: "text", text: "@room the lathe is back" },
  });
  while (arrivals.length < peopleCount && performance.now() - began < 60_000) {
    const sendId = crypto.randomUUID();
    sent.set(sendId, performance.now());
    const body = { kind: "text", text: "meanwhile" };
    socket.send(JSON.stringify({ id: ++id, type: "message.send", room: roomName(0), sendId, body }));
    await Bun.sleep(sendEveryMs);
  }
  const used = target.cpuSeconds() - cpu;
  if (arrivals.length !== peopleCount) faults.push(`${arrivals.length} arrived`);
  socket.close();
  await target.stopAndCountMessages();
  await service.stop(true);
  latencies.sort((a, b) => a - b);
  return {
    first: (arrivals[0]! - began) / 1000,
    last: (arrivals.at(-1)! - began) / 1000,
    cpu: (used * 1000) / peopleCount,
    others: percentile(latencies, 0.99),
    faults,
  };
}

async function subscribeAll(target: Target, origin: string): Promise<void> {
  const p256dh = createECDH("prime256v1").generateKeys("base64url");
  const waiting = target.people.slice(0, peopleCount);
  const work = async () => {
    for (let person = waiting.pop(); person; person = waiting.pop())
      await command(target, person.token, "push.subscribe", {
        ...{ endpoint: `${origin}/send/${crypto.randomUUID()}`, p256dh, content: "full" },
        auth: randomBytes(16).toString("base64url"),
      });
  };
  await Promise.all(Array.from({ length: subscribedAtOnce }, work));
}

async function command(target: Target, token: string, type: string, fields: object): Promise<void> {
  const response = await fetch(new URL(`/api/commands/${type}`, target.url), {
    method: "POST",
    headers: {
      ...{ cookie: `novax_session=${token}`, origin: target.url.origin },
      "content-type": "application/json",
    },
    body: JSON.stringify(fields),
  });
  if (!response.ok) throw new Error(`${type}: ${response.status} ${await response.text()}`);
}
