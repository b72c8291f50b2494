// F4: durable ingest. 64 senders, 16 messages outstanding each, in one room and in 64; acknowledged messages per
// second.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQL } from "bun";
import { openDatabase } from "../../server/src/db/open-database.ts";
import { silentLog } from "../../server/src/log/log.ts";
import { type Round, report } from "../lib/report.ts";
import { openMember, roomName, type Settings, startTarget, type TargetKind } from "../lib/target.ts";

const senders = 64;
const outstanding = 16;
const warmUpMs = 1000;
const rowsPerStatement = 1000;
const text = "x".repeat(128);

export async function runIngest(options: {
  rounds: number;
  seconds: number;
  kinds: TargetKind[];
  postgresUrl: string;
}) {
  for (const kind of options.kinds) {
    const floor: Round[] = [];
    const one: Round[] = [];
    const many: Round[] = [];
    for (let round = 0; round < options.rounds; round++) {
      floor.push(await measureUnnest(kind, options));
      one.push(await measureSends(kind, 1, options));
      many.push(await measureSends(kind, 64, options));
    }
    const base = { figure: "F4", unit: "messages/s", durability: "fsync per commit" };
    report({ ...base, what: `floor: unnest, 1,000 rows a statement (${kind})`, rounds: floor });
    const floorOf = { name: "unnest floor", rounds: floor };
    report({ ...base, what: `(a) one room (${kind})`, rounds: one, floor: floorOf });
    report({ ...base, what: `(b) 64 rooms (${kind})`, rounds: many, floor: floorOf });
  }
}

export async function measureSends(
  kind: TargetKind,
  rooms: number,
  options: { seconds: number; postgresUrl: string; settings?: Settings },
): Promise<Round> {
  const target = await startTarget(kind, options.postgresUrl, { people: senders, rooms }, options.settings);
  const faults: string[] = [];
  let acknowledged = 0;
  let sent = 0;
  let open = 0;
  let isSending = true;
  const sockets = await Promise.all(
    target.people.map(async (person, index) => {
      const room = roomName(index % rooms);
      const socket = await openMember(target, person, room);
      const own = Buffer.from(`"actor":{"id":"${person.id}"`);
      let id = 2;
      const send = () => {
        sent += 1;
        open += 1;
        const sendId = crypto.randomUUID();
        socket.send(
          JSON.stringify({ id: id++, type: "message.send", room, sendId, body: { kind: "text", text } }),
        );
      };
      socket.onFrame = (payload) => {
        if (payload[9] === 0x72) faults.push(payload.toString().slice(0, 100));
        for (let at = payload.indexOf(own); at >= 0; at = payload.indexOf(own, at + 1)) {
          acknowledged += 1;
          open -= 1;
          if (isSending) send();
        }
      };
      return { socket, send };
    }),
  );
  for (const { send } of sockets) for (let index = 0; index < outstanding; index++) send();
  await Bun.sleep(warmUpMs);
  const before = {
    acknowledged,
    at: performance.now(),
    cpu: process.cpuUsage(),
    server: target.cpuSeconds(),
  };
  await Bun.sleep(options.seconds * 1000);
  const elapsedMs = performance.now() - before.at;
  const value = ((acknowledged - before.acknowledged) / elapsedMs) * 1000;
  const cpu = process.cpuUsage(before.cpu);
  const loadShare = (cpu.user + cpu.system) / 1000 / elapsedMs;
  const serverShare = ((target.cpuSeconds() - before.server) * 1000) / elapsedMs;
  isSending = false;
  for (let tries = 0; open > 0 && tries < 500; tries++) await Bun.sleep(20);
  if (open > 0) faults.push(`${open} never acknowledged`);
  if (loadShare > 0.9) faults.push(`the load client used ${(loadShare * 100).toFixed(0)} % of its core`);
  for (const { socket } of sockets) socket.close();
  const stored = await target.stopAndCountMessages();
  if (stored !== sent) faults.push(`${sent} sent, ${stored} stored`);
  return {
    value,
    faults: [...new Set(faults)],
    facts: { loadShare: Number(loadShare.toFixed(2)), serverShare: Number(serverShare.toFixed(2)) },
  };
}

/** The floor: inserts the same rows into the real tables, with nothing around it. */
async function measureUnnest(
  kind: TargetKind,
  options: { seconds: number; postgresUrl: string },
): Promise<Round> {
  const folder = mkdtempSync(join(tmpdir(), "novax-bench-"));
  const name = `floor_${Date.now()}`;
  const url = new URL(options.postgresUrl);
  if (kind === "postgres") {
    const admin = new SQL(options.postgresUrl, { max: 1 });
    await admin.unsafe(`create database ${name}`);
    await admin.close();
    url.pathname = `/${name}`;
  }
  const config =
    kind === "postgres" ? ({ kind, url: url.href } as const) : ({ kind, dataDir: folder } as const);
  const db = await openDatabase(config, silentLog);
  const account = Bun.randomUUIDv7();
  await db.sql`insert into accounts (id, username, username_key, email, server_role, created_at)
    values (${account}, 'x', 'x', 'x@example.org', 'member', 0)`;
  const body = JSON.stringify({ kind: "text", text });
  let rows = 0;
  const startedAt = performance.now();
  while (performance.now() - startedAt < options.seconds * 1000) {
    const sendIds = Array.from({ length: rowsPerStatement }, () => crypto.randomUUID());
    const bodies = sendIds.map(() => body);
    const base = rows;
    await db.transact(async (tx) => {
      await tx`insert into room_events (room_id, seq, type, actor_id, at)
        select 'general', ${base} + n, 'message.sent', ${account}, 0 from generate_series(1, ${rowsPerStatement}::int) n`;
      await tx`insert into messages (room_id, seq, sender_id, send_id, sent_at, body)
        select 'general', ${base} + n, ${account}, send_id, 0, body::jsonb
        from unnest(${tx.array(sendIds, "uuid")}, ${tx.array(bodies, "text")}) with ordinality as d (send_id, body, n)`;
    });
    rows += rowsPerStatement;
  }
  const value = (rows / (performance.now() - startedAt)) * 1000;
  await db.close();
  rmSync(folder, { recursive: true, force: true });
  return { value, faults: [] };
}
