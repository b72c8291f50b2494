// H: what the attacks that were found do to somebody else's messages. Bystanders talk in a room of their own, 60 messages a
// second, from due time to receipt; calm and attacked in turn. The server has its usual limits.
import { SQL } from "bun";
import { attacks, type Order, type Sent } from "../lib/attacker.ts";
import { percentile, type Round, report } from "../lib/report.ts";
import { openMember, roomName, startTarget, type Target, type TargetKind } from "../lib/target.ts";

const people = 122;
const messagesPerSecond = 60;
const speakers = 4;
const password = "four quiet words here";
const settings = {
  SIGN_UPS_PER_ADDRESS: "10000",
  LOGIN_FAILURES_PER_ADDRESS: "10000",
  LOGIN_FAILURES_PER_ACCOUNT: "100",
};

export async function runAttacks(options: {
  rounds: number;
  seconds: number;
  kinds: TargetKind[];
  postgresUrl: string;
}) {
  // One is enough: the loop, the queue and the budgets are the same for both. Data is put in by SQL.
  if (!options.kinds.includes("postgres")) return;
  const target = await startTarget("postgres", options.postgresUrl, { people, rooms: 2 }, settings);
  await furnish(target);
  const talk = await openTalk(target);
  await talk(2);
  const wanted = process.argv.find((argument) => argument.startsWith("--attacks="))?.slice(10) ?? "";
  for (const name of Object.keys(attacks).filter((attack) => attack.startsWith(wanted))) {
    const calm: Round[] = [];
    const attacked: Round[] = [];
    for (let round = 0; round < options.rounds; round++) {
      calm.push({ value: await talk(options.seconds), faults: [] });
      const { value, sent } = await during(target, name, () => talk(options.seconds));
      attacked.push({
        value,
        faults: sent.requests === 0 ? ["no request was answered"] : [],
        facts: sent.statuses,
      });
    }
    report({
      figure: "H",
      what: `${name}, p99 of others`,
      unit: "ms",
      durability: "fsync per commit",
      rounds: attacked,
      floor: { name: "calm", rounds: calm },
    });
  }
  talk.close();
  await target.stopAndCountMessages();
}

async function during(
  target: Target,
  name: string,
  work: () => Promise<number>,
): Promise<{ value: number; sent: Sent }> {
  const worker = new Worker(new URL("../lib/attacker.ts", import.meta.url).href);
  const done = new Promise<Sent>((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<Sent>) => resolve(data);
  });
  const attackers = target.people.filter((_, index) => index % 2 === 0).slice(0, 60);
  worker.postMessage({ name, url: target.url.origin, people: attackers, password } satisfies Order);
  const value = await work();
  worker.postMessage("stop");
  const sent = await done;
  worker.terminate();
  return { value, sent };
}

/** Opens the bystanders' connections. Returns what measures the p99 of their messages, in ms. */
async function openTalk(target: Target): Promise<((seconds: number) => Promise<number>) & { close(): void }> {
  const room = roomName(1);
  const bystanders = target.people.filter((_, index) => index % 2 === 1);
  const from = await Promise.all(
    bystanders.slice(1, 1 + speakers).map((person) => openMember(target, person, room)),
  );
  const to = await openMember(target, bystanders[0]!, room);
  let latencies: number[] = [];
  const mark = Buffer.from('"text":"due ');
  to.onFrame = (payload) => {
    const now = performance.now();
    for (let at = payload.indexOf(mark); at >= 0; at = payload.indexOf(mark, at + 1)) {
      const begin = at + mark.length;
      latencies.push(now - Number(payload.toString("latin1", begin, payload.indexOf(" ", begin))));
    }
  };
  let id = 2;
  const talk = async (seconds: number) => {
    latencies = [];
    const begin = performance.now();
    const count = seconds * messagesPerSecond;
    for (let index = 0; index < count; index++) {
      const due = begin + (index * 1000) / messagesPerSecond;
      await Bun.sleep(Math.max(0, due - performance.now()));
      const body = { kind: "text", text: `due ${due} .` };
      from[index % speakers]!.send(
        JSON.stringify({ id: id++, type: "message.send", room, sendId: crypto.randomUUID(), body }),
      );
    }
    // What is still under way counts with all the time that it took.
    for (let wait = 0; wait < 200 && latencies.length < count; wait++) await Bun.sleep(50);
    while (latencies.length < count) latencies.push(10_000);
    return percentile(
      latencies.sort((a, b) => a - b),
      0.99,
    );
  };
  const close = () => {
    for (const socket of [...from, to]) socket.close();
  };
  return Object.assign(talk, { close });
}

/** Rooms that are costly to read, and passwords. */
async function furnish(target: Target): Promise<void> {
  const sql = new SQL(target.databaseUrl!, { max: 1 });
  const reader = target.people[0]!.id;
  const hash = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 12 });
  await sql`update accounts set password_hash = ${hash}`;
  await sql`update sessions set proved_at = ${Date.now()}`.catch(() => {});
  const fill = async (room: string, body: object, count: number) => {
    await sql`insert into rooms (id, name, created_at, head_seq) values (${room}, ${room}, 0, ${count})`;
    await sql`insert into memberships (room_id, account_id, joined_at) values (${room}, ${reader}, 0)`;
    await sql`
      insert into room_events (room_id, seq, type, actor_id, at)
      select ${room}, i, 'message.sent', ${reader}, i from generate_series(1, ${count}) i`;
    await sql`
      insert into messages (room_id, seq, sender_id, send_id, sent_at, body)
      select ${room}, i, ${reader}, gen_random_uuid(), i, ${JSON.stringify(body)}::text::jsonb
      from generate_series(1, ${count}) i`;
  };
  const choices = Array.from({ length: 10 }, (_, index) => `choice ${index}`);
  await fill(
    "polls",
    { kind: "poll", question: "which?", choices, isMultiple: true, isAnonymous: false, closesAt: null },
    200,
  );
  await sql`
    insert into poll_votes (room_id, seq, account_id, choice)
    select 'polls', seq, a.id, c from generate_series(1, 200) seq, accounts a, generate_series(0, 9) c`;
  await fill("texts", { kind: "text", text: "x".repeat(3900) }, 1000);
  await sql.close();
}
