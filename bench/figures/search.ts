// F11: searching in a large history. Messages in six languages in 600 rooms, twenty kinds of queries, three kinds of people,
// beside the query that one would write for PostgreSQL without an index of its own.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../../server/src/db/open-database.ts";
import { silentLog } from "../../server/src/log/log.ts";
import { launchBrowser } from "../../tests/support/browser.ts";
import { percentile, report, show } from "../lib/report.ts";
import { startTarget, type Target, type TargetKind } from "../lib/target.ts";
import { makeText, makeWords, queryKinds, seeded, type Words } from "../lib/texts.ts";
import { measureSeen } from "./search-seen.ts";

const roomCount = 600;
const perKind = 12;
const naivePerKind = 1;
const naiveMessagesMax = 1_000_000;
const days = 3 * 365;
const batch = 5000;

type Options = { kinds: TargetKind[]; postgresUrl: string; messages: number };
type Searcher = { name: string; rooms: readonly number[]; token: string };

export async function runSearch({ kinds, postgresUrl, messages }: Options): Promise<void> {
  for (const kind of kinds) {
    const words = makeWords(seeded(1));
    const target = await startTarget(
      kind,
      postgresUrl,
      { people: 3, rooms: roomCount },
      undefined,
      (config) => fill(config, messages, words),
    );
    const searchers = searchersOf(target);
    const built = await untilIndexed(target, searchers[0]!);
    const label = `${messages.toLocaleString("en")} messages, ${kind}`;
    console.log(
      `F11  ${label}: indexed in ${show(built.seconds)} s (${show(built.cpu)} s of CPU), file ${show(built.fileMb)} MB, resident ${show(built.residentMb)} MB`,
    );
    for (const searcher of searchers) await measure(target, searcher, words, label);
    const browser = await launchBrowser();
    await measureSeen(browser, target, { token: searchers[0]!.token, words, label });
    await browser.close();
    // At five million it takes a quarter of an hour.
    if (target.databaseUrl && messages <= naiveMessagesMax)
      await measureNaive(target, searchers, words, label);
    await target.stopAndCountMessages();
  }
}

/** The rooms are ordered by size: the first is the largest. */
const memberships = [
  { name: "in 500 rooms", rooms: Array.from({ length: 500 }, (_, index) => index) },
  { name: "in 5 small rooms", rooms: [590, 592, 594, 596, 598] },
  { name: "in 5 of the largest rooms", rooms: [0, 1, 2, 3, 4] },
];
const roomId = (room: number) => (room === 0 ? "general" : `room-${room}`);

const searchersOf = ({ people }: Target): Searcher[] =>
  memberships.map((membership, index) => ({ ...membership, token: people[index]!.token }));

async function fill(
  config: Parameters<typeof openDatabase>[0],
  messages: number,
  words: Words,
): Promise<void> {
  const random = seeded(2);
  const db = await openDatabase(config, silentLog);
  const accounts = await db.sql<{ id: string }>`select id from accounts order by username`;
  await db.sql`delete from memberships`;
  for (const [index, { rooms }] of memberships.entries())
    await db.sql`insert into memberships (room_id, account_id, joined_at)
      select r, ${accounts[index]!.id}::uuid, 0 from unnest(${db.sql.array(rooms.map(roomId), "text")}) r`;
  const heads = new Array<number>(roomCount).fill(0);
  const began = Date.now() - days * 86_400_000;
  for (let from = 0; from < messages; from += batch) {
    const rows = Array.from({ length: Math.min(batch, messages - from) }, (_, index) => {
      // By Zipf's law, so that a few rooms have most of the messages.
      const room = Math.floor(roomCount ** random()) - 1;
      heads[room]! += 1;
      const at = began + Math.floor(((from + index) / messages) * days * 86_400_000);
      const body = JSON.stringify({ kind: "text", text: makeText(random, words) });
      return {
        room: roomId(room),
        seq: heads[room]!,
        sender: accounts[index % accounts.length]!.id,
        at,
        body,
      };
    });
    const column = (name: "room" | "seq" | "sender" | "at" | "body", type: "text" | "bigint" | "uuid") =>
      db.sql.array(
        rows.map((row) => row[name]),
        type,
      );
    await db.sql`insert into room_events (room_id, seq, type, actor_id, at)
      select r, s, 'message.sent', p, t from unnest(${column("room", "text")}, ${column("seq", "bigint")}, ${column("sender", "uuid")}, ${column("at", "bigint")}) x (r, s, p, t)`;
    await db.sql`insert into messages (room_id, seq, sender_id, send_id, sent_at, body)
      select r, s, p, gen_random_uuid(), t, b::jsonb from unnest(${column("room", "text")}, ${column("seq", "bigint")}, ${column("sender", "uuid")}, ${column("at", "bigint")}, ${column("body", "text")}) x (r, s, p, t, b)`;
  }
  await db.sql`update rooms r set head_seq = x.head
    from unnest(${db.sql.array(
      heads.map((_, room) => roomId(room)),
      "text",
    )}, ${db.sql.array(heads, "bigint")}) x (id, head)
    where r.id = x.id`;
  // Otherwise the database does it by itself while it is measured.
  if (config.kind === "postgres") await db.sql`vacuum analyze`;
  await db.close();
}

async function untilIndexed(target: Target, searcher: Searcher) {
  const began = performance.now();
  while ((await ask(target, searcher, "anything")).indexed !== null) await Bun.sleep(200);
  const folder = join(target.dataDir, "search");
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  const status = readFileSync(`/proc/${target.pid}/status`, "utf8");
  return {
    seconds: (performance.now() - began) / 1000,
    cpu: target.cpuSeconds(),
    fileMb: bytes / 1e6,
    residentMb: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1000,
  };
}

type Answer = { hits: unknown[]; indexed: number | null };

async function ask(target: Target, { token }: Searcher, q: string): Promise<Answer> {
  const url = new URL(`/api/search?q=${encodeURIComponent(q)}`, target.url);
  const response = await fetch(url, { headers: { cookie: `novax_session=${token}` } });
  if (response.status === 503) return { hits: [], indexed: 0 };
  if (response.status !== 200) throw new Error(`${q}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

/** How long a request takes on loopback, which is what the server needs and a little more. */
async function measure(target: Target, searcher: Searcher, words: Words, label: string): Promise<void> {
  const random = seeded(3);
  const all: number[] = [];
  const slow: string[] = [];
  for (const [kind, make] of Object.entries(queryKinds)) {
    const times: number[] = [];
    let hits = 0;
    for (let turn = 0; turn < perKind; turn++) {
      const query = make(random, words);
      const began = performance.now();
      hits += (await ask(target, searcher, query)).hits.length;
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    all.push(...times);
    slow.push(
      `     ${kind.padEnd(24)} p50 ${show(percentile(times, 0.5))}  p95 ${show(percentile(times, 0.95))} ms, ${(hits / perKind).toFixed(1)} hits`,
    );
  }
  all.sort((a, b) => a - b);
  console.log(slow.join("\n"));
  const base = { figure: "F11", unit: "ms", durability: label };
  for (const [name, share] of [
    ["p50", 0.5],
    ["p95", 0.95],
    ["max", 1],
  ] as const)
    report({
      ...base,
      what: `${searcher.name}, ${name}`,
      rounds: [{ value: percentile(all, share), faults: [] }],
    });
}

async function measureNaive(
  target: Target,
  searchers: readonly Searcher[],
  words: Words,
  label: string,
): Promise<void> {
  const db = await openDatabase({ kind: "postgres", url: target.databaseUrl! }, silentLog);
  for (const [index, searcher] of searchers.entries()) {
    const random = seeded(3);
    const account = target.people[index]!.id;
    const times: number[] = [];
    for (const make of Object.values(queryKinds))
      for (let turn = 0; turn < naivePerKind; turn++) {
        const pattern = `%${make(random, words).replaceAll('"', "")}%`;
        const began = performance.now();
        await db.sql`
          select m.room_id, m.seq from messages m
            join memberships own on own.room_id = m.room_id and own.account_id = ${account}::uuid
          where m.deleted_at is null and m.body->>'text' ilike ${pattern}
          order by m.sent_at desc limit 20`;
        times.push(performance.now() - began);
      }
    times.sort((a, b) => a - b);
    const value = (share: number) => [{ value: percentile(times, share), faults: [] }];
    const base = { figure: "F11", unit: "ms", durability: label };
    report({ ...base, what: `naive: ${searcher.name}, p50`, rounds: value(0.5) });
    report({ ...base, what: `naive: ${searcher.name}, p95`, rounds: value(0.95) });
  }
  await db.close();
}
