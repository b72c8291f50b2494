import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RoomEvent } from "@novax/protocol/events";
import { generalRoomId } from "@novax/protocol/general-room";
import type { AccountId, RoomId, SendId, SessionId } from "@novax/protocol/ids";
import type { ServerFrame } from "@novax/protocol/replies";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import { openDatabase } from "../db/open-database.ts";
import { systemClock } from "../lib/clock.ts";
import { systemRandom } from "../lib/random.ts";
import { createServerSecret } from "../lib/server-secret.ts";
import { silentLog as log } from "../log/log.ts";
import { MessageWriter } from "../messages/message-writer.ts";
import { readLogPositions, timeMark } from "../rooms/queries.ts";
import { novaxDelivery, resume, roomTopic } from "./novax-subscriber.ts";
import { RoomFeed, RoomFeeds } from "./room-feed.ts";
import type { Delivery, Opening, Subscriber } from "./subscriber.ts";

const alice = { id: "01a00000-0000-7000-8000-000000000001" as AccountId, username: "alice" };
const sessionId = "01a00000-0000-7000-8000-000000000002" as SessionId;

const actor = { id: alice.id, sessionId };

/** A subscriber of `novax.v1`, which reads the frames of its topics. */
function createTopicSubscriber() {
  const seqs: number[] = [];
  const topics = new Set<string>();
  const sendText = (text: string) => {
    const frame = JSON.parse(text) as ServerFrame;
    if (frame.type === "events") seqs.push(...frame.events.map((event) => event.seq));
  };
  const subscriber: Subscriber = {
    actor,
    isOpen: true,
    delivery: novaxDelivery,
    attached: (room) => topics.add(roomTopic(room)),
    detached: (room) => topics.delete(roomTopic(room)),
  };
  const publish = (topic: string, text: string) => {
    if (topics.has(topic)) sendText(text);
  };
  const openFrom = (afterSeq: number) => resume({ send: () => {}, sendText }, { afterSeq, epoch: "e" });
  return { subscriber, seqs, publish, openFrom };
}

type DirectSubscriber = Subscriber & { seqs: number[] };

const directDelivery: Delivery<DirectSubscriber> = {
  deliver: ({ events }, subscribers) => {
    for (const { seqs } of subscribers) seqs.push(...events.map((event) => event.seq));
  },
};

/** A subscriber that is handed the events themselves. */
function createDirectSubscriber() {
  const seqs: number[] = [];
  const subscriber: DirectSubscriber = {
    actor,
    isOpen: true,
    delivery: directDelivery,
    attached: () => {},
    detached: () => {},
    seqs,
  };
  const openFrom =
    (afterSeq: number): Opening =>
    async ({ read }) => {
      const replayed = await read(afterSeq);
      return (missed) => {
        seqs.push(...[...replayed, ...missed].map((event) => event.seq));
        return true;
      };
    };
  return { subscriber, seqs, publish: () => {}, openFrom };
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
    // Making the database takes long on a busy machine.
  }, 60_000);
  afterAll(async () => {
    await db.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    test(`[K7] every subscriber gets every event once, in order, wherever it came in (seed ${seed})`, async () => {
      const below = seeded(seed);
      type Attached = { seqs: number[]; publish: (topic: string, text: string) => void; from: number };
      const attached: Attached[] = [];
      const feed = new RoomFeed(
        {
          db,
          log,
          epoch: "e",
          presence: { joined: () => {}, removed: () => {} },
          publishToSockets: (topic, frame) => {
            for (const { publish } of attached) publish(topic, frame);
          },
        },
        generalRoomId,
      );
      const published: RoomEvent[][] = [];
      const bus: Bus = {
        publish: (message) => {
          if (message.kind === "events") published.push(message.events);
        },
        on: () => () => {},
        onDoubt: () => () => {},
        isShared: true,
        isConnected: () => true,
        close: async () => {},
      };
      const needs = { db, log, bus, clock: systemClock, random: systemRandom, identity: { name: "novaX" } };
      const secret = createServerSecret(new Uint8Array(32));
      const publicUrl = new URL("http://localhost");
      const writer = new MessageWriter({ ...needs, secret, publicUrl, sendSteps: [], sharedSteps: [] });
      const send = () =>
        writer.send(generalRoomId, {
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
      const check = async () => {
        const { position } = feed;
        for (const found of await readLogPositions(db.sql, [{ room: generalRoomId, ...position }]))
          feed.checkPosition(found, position);
      };
      const attach = async () => {
        const at = await head();
        const from = Math.max(0, at - below(8));
        const receiver = below(3) > 0 ? createTopicSubscriber() : createDirectSubscriber();
        attached.push({ ...receiver, from });
        await feed.attach(receiver.subscriber, receiver.openFrom(from));
      };
      await attach();
      for (let step = 0; step < 120; step++) {
        const choice = below(10);
        if (choice < 5) await Promise.all(Array.from({ length: 1 + below(4) }, send));
        // The bus brings events late, twice, in any order, or never.
        if (choice < 8 && published.length > 0) {
          const [events] = published.splice(below(published.length), 1);
          if (below(4) > 0) feed.offer(events!);
          if (below(4) === 0) feed.offer(events!);
        }
        if (choice === 8) void attach();
        if (choice === 9) await check();
      }
      const last = await head();
      await check();
      const isComplete = () => attached.every(({ seqs, from }) => seqs.length >= last - from);
      for (let wait = 0; wait < 500 && !isComplete(); wait++) await Bun.sleep(5);
      for (const { seqs, from } of attached) {
        expect(seqs).toEqual(Array.from({ length: last - from }, (_, index) => from + 1 + index));
      }
    });
  }

  test("[N9] a subscriber for whom the database does not answer keeps no event from the others", async () => {
    const silent = Object.assign(() => new Promise<never>(() => {}), {
      fragment: db.sql.fragment,
      limit: db.sql.limit,
      array: db.sql.array,
    });
    const app = {
      db: { ...db, sql: silent },
      log,
      epoch: "e",
      presence: { joined: () => {}, removed: () => {} },
    };
    const feed = new RoomFeed({ ...app, publishToSockets: () => {} }, generalRoomId);
    const there = createDirectSubscriber();
    expect(await feed.attachMember(there.subscriber, 10, there.openFrom(10))).toBe(true);
    const waiting = createDirectSubscriber();
    void feed.attach(waiting.subscriber, waiting.openFrom(0));
    void feed.attachMember(waiting.subscriber, 10, waiting.openFrom(0));
    await Bun.sleep(1);
    feed.offer([{ at: 0, actor: alice, seq: 11, type: "message.pinned", target: 1 }]);
    expect(there.seqs).toEqual([11]);
    expect(waiting.seqs).toEqual([]);
    // The feed is still needed.
    feed.detach(there.subscriber);
    expect(feed.isIdle).toBe(false);
  });

  test("[N4] a log that went back is noticed also if the bus has lost its first event, and then others", async () => {
    const frames: string[] = [];
    const app = { db, log, epoch: "e", presence: { joined: () => {}, removed: () => {} } };
    const publishToSockets = (_topic: string, frame: string) => void frames.push(frame);
    const feed = new RoomFeed({ ...app, publishToSockets }, generalRoomId);
    const there = createTopicSubscriber();
    await feed.attachMember(there.subscriber, 10, there.openFrom(10));
    const event = { actor: alice, type: "message.pinned", target: 1 } as const;
    feed.offer([{ ...event, seq: 11, at: 100 }]);
    // The log goes back to 10, and on: another 11, which the bus loses, and a 12, which follows what was delivered.
    feed.offer([{ ...event, seq: 12, at: 200 }]);
    const { position } = feed;
    const found = { room: generalRoomId, headSeq: 12, seq: 12, at: 200 };
    feed.checkPosition({ ...found, marks: timeMark(150) + timeMark(200) }, position);
    for (let wait = 0; wait < 200 && !frames.join().includes("resync"); wait++) await Bun.sleep(5);
    expect(frames.at(-1)).toContain('"type":"resync"');
    // What agrees is no reason to start anew.
    const again = feed.position;
    feed.checkPosition({ ...found, seq: again.seq, headSeq: again.seq, at: 0, marks: 0 }, again);
    await Bun.sleep(1);
    expect(frames.filter((frame) => frame.includes("resync"))).toHaveLength(1);
  });

  test("what happens while it is read what a subscriber is sent first is sent with it, and a removal keeps it out", async () => {
    const app = { db, log, epoch: "e", presence: { joined: () => {}, removed: () => {} } };
    const feed = new RoomFeed({ ...app, publishToSockets: () => {} }, generalRoomId);
    const there = createDirectSubscriber();
    await feed.attachMember(there.subscriber, 10, there.openFrom(10));
    const event = { at: 0, actor: alice };
    const bob = { id: "01a00000-0000-7000-8000-000000000003" as AccountId, username: "bob" };
    const answers: (() => void)[] = [];
    const late =
      (subscriber: DirectSubscriber): Opening =>
      async () => {
        await new Promise<void>((answer) => answers.push(answer));
        return (missed) => {
          subscriber.seqs.push(...missed.map(({ seq }) => seq));
          return true;
        };
      };
    const [staying, leaving] = [createDirectSubscriber(), createDirectSubscriber()];
    const attached = [
      feed.attachMember(staying.subscriber, 10, late(staying.subscriber)),
      feed.attachMember(
        { ...leaving.subscriber, actor: bob } as DirectSubscriber,
        10,
        late(leaving.subscriber),
      ),
    ];
    while (answers.length < 2) await Bun.sleep(1);
    feed.offer([{ ...event, seq: 11, type: "message.pinned", target: 1 }]);
    feed.offer([{ ...event, seq: 12, type: "member.removed", member: bob }]);
    for (const answer of answers) answer();
    expect(await Promise.all(attached)).toEqual([true, false]);
    feed.offer([{ ...event, seq: 13, type: "message.unpinned", target: 1 }]);
    expect([there.seqs, staying.seqs, leaving.seqs]).toEqual([[11, 12, 13], [11, 12, 13], []]);
  });

  test("a removed member gets the removal and nothing after it; the others stay attached", async () => {
    const app = { db, log, epoch: "e", presence: { joined: () => {}, removed: () => {} } };
    const feed = new RoomFeed({ ...app, publishToSockets: () => {} }, generalRoomId);
    const leaving = createDirectSubscriber();
    const staying = createDirectSubscriber();
    const detached: [string, boolean][] = [];
    const subscribe = async ({ subscriber, openFrom }: typeof leaving, actor: Subscriber["actor"]) => {
      const note = (room: string, isRemoved: boolean) => detached.push([room, isRemoved]);
      const isAttached = await feed.attachMember({ ...subscriber, actor, detached: note }, 10, openFrom(10));
      expect(isAttached).toBe(true);
    };
    const bob = { id: "01a00000-0000-7000-8000-000000000003" as AccountId, username: "bob" };
    await subscribe(leaving, bob);
    await subscribe(staying, actor);
    const event = { at: 0, actor: alice };
    feed.offer([
      { ...event, seq: 11, type: "message.pinned", target: 1 },
      { ...event, seq: 12, type: "member.removed", member: bob },
      { ...event, seq: 13, type: "message.unpinned", target: 1 },
    ]);
    expect(leaving.seqs).toEqual([11, 12]);
    expect(staying.seqs).toEqual([11, 12, 13]);
    expect(detached).toEqual([[generalRoomId, true]]);
  });

  test("[K15] what is kept of all rooms together is bounded, however many are open and however much is written", async () => {
    const app = { db, log, epoch: "e", presence: { joined: () => {}, removed: () => {} } };
    const feeds = new RoomFeeds({ ...app, publishToSockets: () => {} });
    const rooms = Array.from({ length: 500 }, (_, index) => `room-${index}` as RoomId);
    for (const room of rooms) {
      const { subscriber, openFrom } = createDirectSubscriber();
      await feeds.open(room).attachMember(subscriber, 0, openFrom(0));
    }
    const kept = () => [...feeds.all()].reduce((sum, feed) => sum + feed.kept, 0);
    for (let first = 1; first < 1500; first += 100) {
      const events = Array.from({ length: 100 }, (_, index): RoomEvent => {
        return { at: 0, actor: alice, seq: first + index, type: "message.pinned", target: 1 };
      });
      for (const room of rooms) feeds.open(room).offer(events);
      expect(kept()).toBeLessThanOrEqual(100_000);
    }
    // One room has as much as ever.
    const alone = new RoomFeeds({ ...app, publishToSockets: () => {} });
    const { subscriber, openFrom } = createDirectSubscriber();
    await alone.open(generalRoomId).attachMember(subscriber, 10, openFrom(10));
    for (let seq = 11; seq < 600; seq++)
      alone.open(generalRoomId).offer([{ at: 0, actor: alice, seq, type: "message.pinned", target: 1 }]);
    expect(alone.open(generalRoomId).kept).toBeGreaterThan(500);
  });
});
