// F8: a page of 50 messages from a random place in a long room, 32 people at once; beside pgbench with the SELECT that reads
// such a page.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQL } from "bun";
import { postgresProgram } from "../../tests/support/services.ts";
import { percentile, type Round, report } from "../lib/report.ts";
import { memberHeaders, noLimits, startTarget, type Target } from "../lib/target.ts";

const clients = 32;
const pageRows = 50;
const warmUpMs = 1000;

type Options = { rounds: number; seconds: number; messages: number; kinds: string[]; postgresUrl: string };

export async function runHistory(options: Options): Promise<void> {
  if (!options.kinds.includes("postgres")) return;
  for (const messages of [10_000, options.messages]) {
    const target = await startTarget(
      "postgres",
      options.postgresUrl,
      { people: clients, rooms: 1 },
      noLimits,
    );
    await fill(target, messages);
    const floor: Round[] = [];
    const pages: Round[] = [];
    const p99: Round[] = [];
    for (let round = 0; round < options.rounds; round++) {
      floor.push(await measurePgbench(target, messages, options.seconds));
      const { perSecond, slowest, faults } = await measurePages(target, messages, options.seconds);
      pages.push({ value: perSecond, faults });
      p99.push({ value: slowest, faults });
    }
    const base = { figure: "F8", durability: "reads" };
    const where = `of a room with ${messages.toLocaleString("en")} messages`;
    report({
      ...base,
      unit: "pages/s",
      what: `floor: pgbench, the SELECT of a page ${where}`,
      rounds: floor,
    });
    report({
      ...base,
      unit: "pages/s",
      what: `a page ${where}`,
      rounds: pages,
      floor: { name: "pgbench", rounds: floor },
    });
    report({ ...base, unit: "ms", what: `a page ${where}, p99`, rounds: p99 });
    await target.stopAndCountMessages();
  }
}

async function fill(target: Target, messages: number): Promise<void> {
  const sql = new SQL(target.databaseUrl!, { max: 1 });
  const ids = target.people.map((person) => person.id);
  await sql.begin(async (tx) => {
    await tx`update rooms set head_seq = ${messages} where id = 'general'`;
    await tx`
      insert into room_events (room_id, seq, type, actor_id, at, is_shown)
      select 'general', i, 'message.sent', (${tx.array(ids, "uuid")})[1 + i % ${clients}], i, true
      from generate_series(1, ${messages}::int) i`;
    await tx`
      insert into messages (room_id, seq, sender_id, send_id, sent_at, body)
      select 'general', i, (${tx.array(ids, "uuid")})[1 + i % ${clients}], gen_random_uuid(), i,
        jsonb_build_object('kind', 'text', 'text', repeat('a message ', 12))
      from generate_series(1, ${messages}::int) i`;
  });
  await sql`vacuum analyze`;
  await sql.close();
}

/** The statement of `readShown`, without columns that are null here. */
async function measurePgbench(target: Target, messages: number, seconds: number): Promise<Round> {
  const folder = mkdtempSync(join(tmpdir(), "novax-bench-"));
  const script = join(folder, "page.sql");
  writeFileSync(
    script,
    `\\set before random(${pageRows + 2}, ${messages})
    select e.seq, e.type, e.at, e.payload, e.subject_id, subject.username, subject.display_name, m.send_id, m.body, m.edited_at,
      m.thread_root, m.reply_count, m.last_reply_at, m.pinned_at, m.mentions_all, m.poll_closed_at, actor.id, actor.username,
      actor.display_name, q.seq, q.body, quoted.id, quoted.username, quoted.display_name
    from room_events e
      join accounts actor on actor.id = e.actor_id
      left join accounts subject on subject.id = e.subject_id
      left join messages m on m.room_id = e.room_id and m.seq = e.seq
      left join messages q on q.room_id = m.room_id and q.seq = m.reply_to
      left join accounts quoted on quoted.id = q.sender_id
    where e.room_id = 'general' and e.is_shown and e.seq < :before order by e.seq desc limit ${pageRows + 1};\n`,
  );
  const run = Bun.spawn(
    [
      postgresProgram("pgbench"),
      ...["-n", "-M", "prepared", "-c", String(clients), "-j", "1", "-T", String(seconds), "-f", script],
      target.databaseUrl!,
    ],
    { stdout: "pipe", stderr: "ignore" },
  );
  const text = await new Response(run.stdout).text();
  rmSync(folder, { recursive: true, force: true });
  return { value: Number(/tps = ([\d.]+)/.exec(text)?.[1] ?? Number.NaN), faults: [] };
}

async function measurePages(
  target: Target,
  messages: number,
  seconds: number,
): Promise<{ perSecond: number; slowest: number; faults: string[] }> {
  const times: number[] = [];
  const faults = new Set<string>();
  const startedAt = performance.now() + warmUpMs;
  const until = startedAt + seconds * 1000;
  await Promise.all(
    target.people.map(async (person) => {
      const { Origin: origin = "", Cookie: cookie = "" } = memberHeaders(target, person);
      for (let askedAt = performance.now(); askedAt < until; ) {
        const before = pageRows + 2 + Math.floor(Math.random() * (messages - pageRows - 2));
        const path = `/api/rooms/general/timeline?before=${before}&limit=${pageRows}`;
        const response = await fetch(new URL(path, target.url), { headers: { origin, cookie } });
        const { byteLength } = await response.arrayBuffer();
        if (response.status !== 200 || byteLength < 10_000)
          faults.add(`${response.status}, ${byteLength} bytes`);
        const answeredAt = performance.now();
        if (askedAt > startedAt) times.push(answeredAt - askedAt);
        askedAt = answeredAt;
      }
    }),
  );
  return {
    perSecond: times.length / seconds,
    slowest: percentile(
      times.sort((a, b) => a - b),
      0.99,
    ),
    faults: [...faults],
  };
}
