import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RoomEvent } from "@novax/protocol/events";
import { generalRoomId } from "@novax/protocol/general-room";
import type { AccountId, SendId, SessionId } from "@novax/protocol/ids";
import type { ServerFrame } from "@novax/protocol/replies";
import type { Database } from "../db/database.ts";
import { openDatabase } from "../db/open-database.ts";
import { systemRandom } from "../lib/random.ts";
import { createServerSecret } from "../lib/server-secret.ts";
import { silentLog as log } from "../log/log.ts";
import { RoomWriter } from "../messages/room-writer.ts";
import type { NovaxConnection } from "./connection.ts";
import { RoomFeed } from "./room-feed.ts";

const alice = { id: "01a00000-0000-7000-8000-000000000001" as AccountId, username: "alice" };
const sessionId = "01a00000-0000-7000-8000-000000000002" as SessionId;

/** The part of a connection that a feed uses, keeping what it was sent. */
class FakeConnection {
  readonly actor = { ...alice, sessionId, serverRole: "member" as const };
  readonly protocol = "novax.v1";
  readonly rooms = new Set();
  readonly isOpen = true;
  readonly topics = new Set<string>();
  leftRoom() {}
  readonly frames: ServerFrame[] = [];
  send(frame: ServerFrame) {
    this.frames.push(frame);
  }
  sendText(text: string) {
    this.frames.push(JSON.parse(text) as ServerFrame);
  }
  subscribe(topic: string) {
    this.topics.add(topic);
  }
  unsubscribe(topic: string) {
    this.topics.delete(topic);
  }
  get seqs(): number[] {
    return this.frames.flatMap((frame) =>
      frame.type === "events" ? frame.events.map((event) => event.seq) : [],
    );
  }
}

/** A message that replies to nothing and mentions nobody. */
const plain = { replyTo: null, threadRoot: null, mentionsEveryone: false, names: [], accounts: [] };

/** Numbers from a seed, so that a failing run can be run again. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
}

describe("a room's feed behind a bus that loses, doubles and reorders", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "novax-feed-"));
  let db: Database;

  beforeAll(async () => {
    db = await openDatabase({ kind: "embedded", dataDir }, log);
    await db.sql`insert into accounts (id, username, username_key, email, server_role, created_at)
      values (${alice.id}, 'alice', 'alice', 'a@example.org', 'member', 0)`;
    await db.sql`insert into sessions (id, account_id, token_hash, created_at, last_seen_at, user_agent, address)
      values (${sessionId}, ${alice.id}, '\\x00', 0, 0, '', '')`;
    await db.sql`insert into memberships (room_id, account_id, joined_at) values ('general', ${alice.id}, 0)`;
  });
  afterAll(async () => {
    await db.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    test(`[K7] every connection gets every event once, in order, wherever it came in (seed ${seed})`, async () => {
      const below = seeded(seed);
      const connections: { connection: FakeConnection; from: number }[] = [];
      const feed = new RoomFeed(
        {
          db,
          log,
          epoch: "e",
          presence: { joined: () => {}, removed: () => {} },
          publishToSockets: (topic, frame) => {
            for (const { connection } of connections)
              if (connection.topics.has(topic)) connection.sendText(frame);
          },
        },
        generalRoomId,
      );
      const rung: RoomEvent[][] = [];
      const writer = new RoomWriter(
        {
          db,
          log,
          random: systemRandom,
          secret: createServerSecret(new Uint8Array(32)),
          publicUrl: new URL("http://localhost"),
          sendSteps: [],
          clock: { now: () => 0 },
          bus: {
            publish: (message) => {
              if (message.kind === "events") rung.push(message.events);
            },
            on: () => () => {},
            onDoubt: () => () => {},
            isConnected: () => true,
            close: async () => {},
          },
        },
        generalRoomId,
      );
      const send = () =>
        writer.send({
          sender: alice,
          sessionId,
          sendId: crypto.randomUUID() as SendId,
          body: { kind: "text", text: `seed ${seed}` },
          ...plain,
        });
      const head = async () => {
        const [row] = await db.sql<{ head_seq: number }>`select head_seq from rooms where id = 'general'`;
        return row!.head_seq;
      };
      const attach = async () => {
        const at = await head();
        const from = Math.max(0, at - below(8));
        const connection = new FakeConnection();
        connections.push({ connection, from });
        await feed.attach(connection as unknown as NovaxConnection, from, "e");
      };
      await attach();
      for (let step = 0; step < 120; step++) {
        const choice = below(10);
        if (choice < 5) await Promise.all(Array.from({ length: 1 + below(4) }, send));
        // What was rung arrives late, twice, in any order, or never.
        if (choice < 8 && rung.length > 0) {
          const [events] = rung.splice(below(rung.length), 1);
          if (below(4) > 0) feed.offer(events!);
          if (below(4) === 0) feed.offer(events!);
        }
        if (choice === 8) void attach();
        if (choice === 9) feed.checkPosition(await head());
      }
      const last = await head();
      feed.checkPosition(last);
      const isComplete = () =>
        connections.every(({ connection, from }) => connection.seqs.length >= last - from);
      for (let wait = 0; wait < 500 && !isComplete(); wait++) await Bun.sleep(5);
      for (const { connection, from } of connections) {
        expect(connection.seqs).toEqual(Array.from({ length: last - from }, (_, index) => from + 1 + index));
      }
    });
  }
});
