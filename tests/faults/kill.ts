// kill -9 during a write loop: every acknowledged message is there afterwards, once and in order.
import { expect } from "bun:test";
import { join, type Person, type TestSocket } from "../support/person.ts";
import { startServer, type TestData } from "../support/server.ts";

export type KillReport = {
  kills: number;
  acknowledged: number;
  unknown: number;
  lost: number;
  doubled: number;
};

const writers = 4;
/** So many messages are acknowledged before each kill, however slow the machine is. */
const acknowledgedMin = 40;

/**
 * Writers send numbered messages without pause while the server is killed `kills` times. After each restart they
 * resend whatever was not acknowledged, with the same sendId. At the end the log is compared with what was
 * acknowledged.
 */
export async function runKills(data: TestData, kills: number, random: () => number): Promise<KillReport> {
  const env = { MESSAGES_PER_SECOND: "1000000" };
  let server = await startServer(data, { env });
  const { port } = server;
  const people = await Promise.all(
    Array.from({ length: writers }, (_, index) => join(server, `writer${index}`)),
  );
  const acknowledged = new Map<string, number>();
  const pending: { sendId: string; text: string }[][] = people.map(() => []);
  let unknown = 0;
  let number = 0;

  for (let round = 0; round < kills; round++) {
    const sockets = await Promise.all(people.map((person) => person.enter()));
    sockets.forEach((socket, index) => {
      for (const { sendId, text } of pending[index]!) socket.say(text, "general", sendId);
    });
    const until = Date.now() + 150 + random() * 350;
    while (Date.now() < until) {
      sockets.forEach((socket, index) => {
        const text = `${index}:${number++}`;
        pending[index]!.push({ sendId: socket.say(text), text });
      });
      await Bun.sleep(1);
    }
    // On a busy machine little is acknowledged yet, and what is not acknowledged cannot be lost.
    await sockets[0]!.until(() => sockets.some((socket) => socket.events.length >= acknowledgedMin), 20_000);
    await server.kill();
    await Promise.all(sockets.map((socket) => socket.closed));
    for (const [index, socket] of sockets.entries()) noteAcknowledged(socket, pending[index]!, acknowledged);
    unknown += pending.flat().length;
    server = await startServer(data, { env, port });
  }

  // Settle every unknown send: sent again, it must become one message.
  const sockets = await Promise.all(people.map((person) => person.enter()));
  await Promise.all(
    sockets.map(async (socket, index) => {
      const left = pending[index]!;
      for (const { sendId, text } of left) socket.say(text, "general", sendId);
      await socket.until(() => {
        const settled = settledIds(socket);
        return left.every(({ sendId }) => settled.has(sendId));
      }, 20_000);
    }),
  );
  for (const socket of sockets) socket.close();
  const log = await readLog(people[0]!);
  await server.stop();

  expect(log.map((event) => event.seq)).toEqual(log.map((_, index) => index + 1));
  const count = new Map<string, number>();
  for (const { sendId } of log) if (sendId) count.set(sendId, (count.get(sendId) ?? 0) + 1);
  const lost = [...acknowledged].filter(([sendId, seq]) => log[seq - 1]?.sendId !== sendId).length;
  const doubled = [...count.values()].filter((times) => times > 1).length;
  expect([...count.keys()].length, "every message that was sent is there").toBe(number);
  return { kills, acknowledged: acknowledged.size, unknown, lost, doubled };
}

/**
 * The sendIds that were acknowledged, by their event or by a reply that calls them a duplicate. One can have both:
 * what a killed server left in PostgreSQL may commit after the next server has greeted.
 */
function settledIds(socket: TestSocket): Set<string> {
  const sent = socket.events.flatMap((event) => (event.type === "message.sent" ? [event.sendId] : []));
  const duplicates = socket.frames.flatMap((frame) =>
    frame.type === "reply" && frame.ok && frame.result.duplicate ? [socket.sendIds.get(frame.re) ?? ""] : [],
  );
  return new Set([...sent, ...duplicates]);
}

/** Removes what the server acknowledged from `pending`: an event, or a reply with its seq. */
function noteAcknowledged(
  socket: TestSocket,
  pending: { sendId: string; text: string }[],
  acknowledged: Map<string, number>,
): void {
  for (const event of socket.events) {
    if (event.type === "message.sent") acknowledged.set(event.sendId, event.seq);
  }
  const rest = pending.filter(({ sendId }) => !acknowledged.has(sendId));
  pending.splice(0, pending.length, ...rest);
}

type LogEntry = { seq: number; sendId?: string };

async function readLog(person: Person): Promise<LogEntry[]> {
  const log: LogEntry[] = [];
  for (let before = Number.MAX_SAFE_INTEGER; before > 1; before = log[0]!.seq) {
    const query = before === Number.MAX_SAFE_INTEGER ? "" : `&before=${before}`;
    const response = await person.fetch(`/api/rooms/general/events?limit=200${query}`);
    const { events } = (await response.json()) as { events: LogEntry[] };
    if (events.length === 0) break;
    log.unshift(...events);
  }
  return log;
}
