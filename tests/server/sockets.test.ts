import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { applyEvents, type RoomSnapshot, toTimelineEntry } from "@novax/protocol/apply-event";
import type { RoomEvent } from "@novax/protocol/events";
import { generalRoomId } from "@novax/protocol/ids";
import { serverFrameSchema } from "@novax/protocol/replies";
import { SQL } from "bun";
import type { SocketData } from "../../server/src/realtime/connection.ts";
import { createSocketHandlers } from "../../server/src/realtime/socket-handlers.ts";
import { join, type Person } from "../support/person.ts";
import {
  createTestData,
  databaseKinds,
  isAvailable,
  startServer,
  type TestData,
  type TestServer,
} from "../support/server.ts";

const text = (body: string) => ({ kind: "text", text: body }) as const;
const sendOrder = (body: string, sendId: string = crypto.randomUUID(), room = "general") =>
  ({ type: "message.send", room: room as never, sendId: sendId as never, body: text(body) }) as const;

for (const kind of databaseKinds) {
  describe.skipIf(!isAvailable(kind))(`the real-time protocol (${kind})`, () => {
    let data: TestData;
    let server: TestServer;
    let alice: Person;
    let bob: Person;

    beforeAll(async () => {
      data = await createTestData(kind);
      server = await startServer(data, { env: { MESSAGES_PER_SECOND: "100000" } });
      alice = await join(server, "alice");
      bob = await join(server, "bob");
    });
    afterAll(async () => {
      await server.stop();
      await data.remove();
    });

    test("greets with who one is and which rooms one is in, and speaks novax.v1", async () => {
      const socket = await alice.connect();
      expect(socket.protocol).toBe("novax.v1");
      expect(socket.frames[0]).toMatchObject({
        type: "hello",
        you: { username: "alice" },
        rooms: [{ id: "general" }],
      });
      socket.close();
    });

    test("a message reaches everybody who is attached, the sender too, once, with the server's time and order", async () => {
      const [a, b] = [await alice.enter(), await bob.enter()];
      const seq = await a.sayAndWait("hello");
      await b.until(() => b.messageTexts.includes("hello"));
      const [event] = b.events.filter((candidate) => candidate.seq === seq);
      expect(event).toMatchObject({
        type: "message.sent",
        actor: { username: "alice" },
        body: text("hello"),
      });
      expect(event!.at).toBeWithin(Date.now() - 5000, Date.now() + 1000);
      expect(a.events).toEqual(b.events);
      for (const socket of [a, b]) socket.close();
    });

    test("[W13] the same sendId twice is one message, with the first one's place", async () => {
      const socket = await alice.enter();
      const sendId = crypto.randomUUID();
      const seq = await socket.sayAndWait("once", sendId);
      expect(await socket.order(sendOrder("once", sendId))).toMatchObject({ ok: true, seq, duplicate: true });
      expect(await socket.order(sendOrder("another text", sendId.toUpperCase()))).toMatchObject({
        seq,
        duplicate: true,
      });
      expect(socket.messageTexts.filter((body) => body === "once")).toHaveLength(1);
      // Somebody else's sendId is their own affair.
      const other = await bob.enter();
      expect(await other.sayAndWait("once too", sendId)).toBeGreaterThan(seq);
      for (const opened of [socket, other]) opened.close();
    });

    test("[W13] 50 copies at once, over two connections, are one message", async () => {
      const sockets = [await alice.enter(), await (await alice.inAnotherBrowser()).enter()];
      const sendId = crypto.randomUUID();
      for (let index = 0; index < 50; index++) sockets[index % 2]!.say("copied", "general", sendId);
      const end = await sockets[0]!.sayAndWait("end of copies");
      await sockets[1]!.until(() => sockets[1]!.events.some((event) => event.seq === end));
      for (const socket of sockets)
        expect(socket.messageTexts.filter((body) => body === "copied")).toHaveLength(1);
      for (const socket of sockets) socket.close();
    });

    test("a burst from many senders is one order for all: contiguous, each sender's own order kept", async () => {
      const people = await Promise.all(
        Array.from({ length: 6 }, (_, index) => join(server, `burst${index}`)),
      );
      const sockets = await Promise.all(people.map((person) => person.enter()));
      const watcher = await bob.enter();
      const from = await watcher.sayAndWait("before the burst");
      sockets.forEach((socket, who) => {
        for (let index = 0; index < 100; index++) socket.say(`${who}:${index}`);
      });
      const all = [...sockets, watcher];
      const isComplete = (socket: (typeof all)[number]) =>
        socket.events.filter((event) => event.seq > from).length === 600;
      for (const socket of all) await socket.until(() => isComplete(socket), 20_000);
      const log = watcher.events.filter((event) => event.seq > from);
      expect(log.map((event) => event.seq)).toEqual(
        Array.from({ length: 600 }, (_, index) => from + 1 + index),
      );
      for (const socket of all) expect(socket.events.filter((event) => event.seq > from)).toEqual(log);
      for (let who = 0; who < 6; who++) {
        const own = log.flatMap((event) =>
          event.type === "message.sent" && event.body.text.startsWith(`${who}:`) ? [event.body.text] : [],
        );
        expect(own).toEqual(Array.from({ length: 100 }, (_, index) => `${who}:${index}`));
      }
      for (const socket of all) socket.close();
    }, 40_000);

    test("a resume brings what was missed, in order and without doubles; old snapshot and events make the new one", async () => {
      const a = await alice.enter();
      const b = await bob.enter();
      const seen = await a.sayAndWait("seen by both");
      await b.until(() => b.events.some((event) => event.seq === seen));
      b.terminate();
      for (let index = 0; index < 40; index++) a.say(`missed ${index}`);
      const last = await a.sayAndWait("missed last");
      const again = await bob.enter(seen);
      await again.until(() => again.events.some((event) => event.seq === last));
      expect(again.events.map((event) => event.seq)).toEqual(
        Array.from({ length: last - seen }, (_, index) => seen + 1 + index),
      );
      const load = async (before: number) => {
        const response = await bob.fetch(`/api/rooms/general/events?before=${before}&limit=200`);
        return ((await response.json()) as { events: RoomEvent[] }).events;
      };
      const snapshot = (events: RoomEvent[]): RoomSnapshot => ({
        room: generalRoomId,
        headSeq: events.at(-1)!.seq,
        timeline: events.map(toTimelineEntry),
        members: new Map(),
      });
      const old = snapshot(await load(seen + 1));
      const grown = applyEvents(old, again.events);
      const whole = snapshot(await load(last + 1)).timeline;
      expect(grown.timeline.slice(-whole.length)).toEqual([...whole].slice(-grown.timeline.length));
      for (const socket of [a, again]) socket.close();
    });

    test("five attaches at once are one: every event once, and nobody stays here who has gone", async () => {
      const frank = await join(server, "frank");
      const a = await alice.enter();
      const seq = await a.sayAndWait("for the replay");
      const socket = await frank.connect();
      const hello = socket.frames[0]!;
      const epoch = hello.type === "hello" ? hello.epoch : "";
      const order = { type: "room.attach", room: generalRoomId, afterSeq: seq - 1, epoch } as const;
      await Promise.all(Array.from({ length: 5 }, () => socket.order(order)));
      const later = await a.sayAndWait("after the replay");
      await socket.until(() => socket.events.some((event) => event.seq === later));
      expect(socket.events.map((event) => event.seq)).toEqual([seq, later]);
      const [id] = socket.frames.flatMap((frame) => (frame.type === "hello" ? [frame.you.id] : []));
      await a.until(() =>
        a.frames.some(
          (frame) => frame.type === "presence" && frame.joined.some((person) => person.id === id),
        ),
      );
      socket.close();
      await a.until(
        () => a.frames.some((frame) => frame.type === "presence" && frame.left.includes(id!)),
        10_000,
      );
      a.close();
    }, 20_000);

    test("too far behind, ahead of the room, or from another epoch: resync, and then only what is new", async () => {
      const a = await alice.enter();
      const head = await a.sayAndWait("now");
      for (const [afterSeq, epoch] of [
        [head + 10, null],
        [0, "another epoch"],
      ] as const) {
        const socket = await bob.connect();
        const hello = socket.frames[0]!;
        const known = hello.type === "hello" ? hello.epoch : "";
        await socket.order({ type: "room.attach", room: generalRoomId, afterSeq, epoch: epoch ?? known });
        expect(socket.frames.find((frame) => frame.type === "resync")).toMatchObject({ epoch: known });
        const seq = await a.sayAndWait(`after resync ${afterSeq}`);
        await socket.until(() => socket.events.some((event) => event.seq === seq));
        expect(socket.events.every((event) => event.seq > head)).toBe(true);
        socket.close();
      }
      a.close();
    });

    test("[W09] what is no command is answered as malformed; the third in ten seconds ends the connection", async () => {
      const socket = await alice.connect();
      socket.sendRaw("{");
      expect(await socket.next((frame) => frame.type === "reply")).toMatchObject({
        re: null,
        ok: false,
        code: "malformed",
      });
      socket.sendRaw(JSON.stringify({ ...sendOrder("x"), id: 9, extra: 1 }));
      expect(await socket.next((frame) => frame.type === "reply")).toMatchObject({
        re: 9,
        ok: false,
        code: "malformed",
      });
      socket.sendRaw(JSON.stringify({ id: 10, type: "message.destroy" }));
      expect((await socket.closed).code).toBe(1008);
    });

    test("[W09] a binary frame ends the connection", async () => {
      const socket = await alice.connect();
      socket.sendRaw(new TextEncoder().encode(JSON.stringify({ id: 1, type: "ping" })));
      expect((await socket.closed).code).toBe(1008);
    });

    test("[W08] a frame over 64 KiB ends the connection, and no other", async () => {
      const [socket, witness] = [await alice.connect(), await bob.enter()];
      socket.sendRaw("x".repeat(64 * 1024 + 1));
      expect([1006, 1009]).toContain((await socket.closed).code);
      await witness.sayAndWait("still here");
      witness.close();
    });

    test("[W10] the eleventh connection of one account is closed", async () => {
      const carol = await join(server, "carol");
      const sockets = await Promise.all(Array.from({ length: 10 }, () => carol.connect()));
      const eleventh = await carol.open("novax.v1");
      expect((await eleventh.closed).code).toBe(4509);
      expect(sockets.every((socket) => socket.isOpen)).toBe(true);
      for (const socket of sockets) socket.close();
    });

    test("typing reaches the others, and presence says who comes and goes", async () => {
      const [a, b] = [await alice.enter(), await bob.enter()];
      await a.order({ type: "typing.start", room: generalRoomId });
      expect(await b.next((frame) => frame.type === "typing")).toMatchObject({ who: { username: "alice" } });
      const erin = await join(server, "erin");
      const e = await erin.enter();
      const present = e.frames.find((frame) => frame.type === "presence");
      expect(present?.type === "presence" && present.joined.map((person) => person.username)).toContain(
        "alice",
      );
      const names = (socket: typeof a) =>
        socket.frames.flatMap((frame) =>
          frame.type === "presence" ? frame.joined.map((person) => person.username) : [],
        );
      await a.until(() => names(a).includes("erin"));
      e.close();
      const hasLeft = () => a.frames.some((frame) => frame.type === "presence" && frame.left.length > 0);
      await a.until(hasLeft, 10_000);
      for (const socket of [a, b]) socket.close();
    }, 20_000);

    test("a read mark grows, reaches the person's other devices and nobody else, and never shrinks", async () => {
      const [here, there, other] = [
        await alice.enter(),
        await (await alice.inAnotherBrowser()).enter(),
        await bob.enter(),
      ];
      const seq = await here.sayAndWait("read me");
      expect(await here.order({ type: "room.mark_read", room: generalRoomId, seq })).toMatchObject({
        ok: true,
      });
      expect(await there.next((frame) => frame.type === "read")).toMatchObject({ seq });
      await here.order({ type: "room.mark_read", room: generalRoomId, seq: 1 });
      await here.order({ type: "room.mark_read", room: generalRoomId, seq: seq + 1_000_000 });
      const page = await (await alice.fetch("/chat")).text();
      expect(Number(/"readSeq":(\d+)/.exec(page)![1])).toBe(seq);
      expect(other.frames.some((frame) => frame.type === "read")).toBe(false);
      for (const socket of [here, there, other]) socket.close();
    });

    test("[Z04] every frame is exactly what the protocol says, and holds no secret", async () => {
      const socket = await bob.enter();
      await socket.sayAndWait("for the record");
      await socket.order({ type: "ping" });
      await socket.order(sendOrder("x", crypto.randomUUID(), "nowhere"));
      for (const frame of socket.frames) expect(serverFrameSchema.safeParse(frame).error).toBeUndefined();
      expect(socket.texts.join()).not.toMatch(/@example\.org|\$2b\$|password|token|address|user_?agent/i);
      socket.close();
    });
  });
}

describe.skipIf(!isAvailable("postgres"))("who may not", () => {
  let data: TestData;
  let server: TestServer;
  let sql: SQL;
  let alice: Person;
  let carol: Person;

  beforeAll(async () => {
    data = await createTestData("postgres");
    server = await startServer(data);
    sql = new SQL(data.url!, { max: 2 });
    alice = await join(server, "alice");
    carol = await join(server, "carol");
    // A room that carol is not in. Rooms cannot be made by people yet.
    await sql`insert into rooms (id, name, created_at) values ('backstage', 'Backstage', 0)`;
    await sql`insert into memberships (room_id, account_id, joined_at)
      select 'backstage', id, 0 from accounts where username = 'alice'`;
  });
  afterAll(async () => {
    await sql.close();
    await server.stop();
    await data.remove();
  });

  test("[W04] [Z02] an outsider gets the same answer for a closed room as for no room, for every command and route", async () => {
    expect(
      await (await alice.connect()).order({
        type: "room.attach",
        room: "backstage" as never,
        afterSeq: 0,
        epoch: "",
      }),
    ).toMatchObject({ ok: true });
    const socket = await carol.connect();
    const answers = async (room: string) => {
      const orders = [
        { type: "room.attach", room: room as never, afterSeq: 0, epoch: "" },
        { type: "room.mark_read", room: room as never, seq: 1 },
        sendOrder("let me in", crypto.randomUUID(), room),
        { type: "typing.start", room: room as never },
      ] as const;
      const replies = [];
      for (const order of orders) {
        const { re: _, ...reply } = await socket.order(order as never);
        replies.push(reply);
      }
      for (const path of [`/api/rooms/${room}/events`, `/api/messages?room_id=${room}`]) {
        const response = await carol.fetch(path);
        replies.push(`${response.status} ${await response.text()}`);
      }
      return JSON.stringify(replies);
    };
    const closed = await answers("backstage");
    expect(closed).toBe(await answers("no-such-room"));
    expect(closed).toContain("not_found");
    expect(await sql`select 1 from messages where room_id = 'backstage'`).toHaveLength(0);
    socket.close();
  });

  test("[W05] an outsider's sockets get not one byte of a room they are not in", async () => {
    const outsider = await carol.enter();
    const member = await alice.connect();
    await member.order({ type: "room.attach", room: "backstage" as never, afterSeq: 0, epoch: "" });
    member.say("a secret of the backstage", "backstage");
    await member.until(() => member.messageTexts.includes("a secret of the backstage"));
    await outsider.sayAndWait("later than the secret");
    expect(outsider.texts.join()).not.toContain("secret of");
    for (const socket of [outsider, member]) socket.close();
  });

  test("[W01] [A6] an Origin that is not ours, or none, is refused before the upgrade", async () => {
    const { port } = server;
    const origins = [
      null,
      "null",
      "http://evil.example",
      `http://sub.localhost:${port}`,
      `http://localhost:${port}.evil.example`,
      `https://localhost:${port}`,
      `http://localhost:${port + 1}`,
      `http://localhost:${port}%00`,
      `http://localhost:${port}/`,
    ];
    for (const origin of origins) {
      const status = await upgradeStatus(port, {
        cookie: alice.cookieHeader,
        ...(origin === null ? {} : { origin }),
      });
      expect(status, String(origin)).toBe(403);
    }
    for (const name of ["localhost", "127.0.0.1", "[::1]"]) {
      const status = await upgradeStatus(port, {
        cookie: alice.cookieHeader,
        origin: `http://${name}:${port}`,
      });
      expect(status, name).toBe(101);
    }
  });

  test("[W02] no session, an ended one and a forged one are refused before the upgrade", async () => {
    const gone = await carol.inAnotherBrowser();
    const cookie = gone.cookieHeader;
    await gone.post("/logout", {});
    for (const header of ["", cookie, `novax_session=${"A".repeat(43)}`]) {
      expect(await upgradeStatus(server.port, { cookie: header, origin: server.origin }, "carol")).toBe(401);
    }
  });

  test("a subprotocol that we do not speak is refused, and no other is spoken instead", async () => {
    const headers = {
      cookie: alice.cookieHeader,
      origin: server.origin,
      "sec-websocket-protocol": "novax.v9",
    };
    expect(await upgradeStatus(server.port, headers)).toBe(400);
  });

  test("[W10] more than 20 messages a second are refused with the time to wait, and whoever goes on is closed", async () => {
    const [socket, witness] = [await carol.enter(), await alice.enter()];
    for (let index = 0; index < 100; index++) socket.say(`flood ${index}`);
    const refused = await socket.next((frame) => frame.type === "reply" && !frame.ok);
    expect(refused).toMatchObject({ code: "rate_limited" });
    expect(refused.retryInMs).toBeGreaterThan(0);
    expect((await socket.closed).code).toBe(4429);
    await witness.sayAndWait("not touched by the flood");
    expect(witness.messageTexts.filter((body) => body.startsWith("flood")).length).toBeLessThan(60);
    witness.close();
  });

  test("[W10] a new connection does not bring a new budget", async () => {
    const quick = await join(server, "quick");
    let accepted = 0;
    for (let round = 0; round < 6; round++) {
      const socket = await quick.open("novax.v1").catch(() => null);
      if (!socket) continue;
      await socket
        .until(() => socket.frames.some((frame) => frame.type === "hello") || !socket.isOpen)
        .catch(() => {});
      for (let index = 0; index < 40 && socket.isOpen; index++) socket.say(`round ${round} ${index}`);
      await socket.until(() => socket.frames.length > 30 || !socket.isOpen, 1000).catch(() => {});
      accepted += socket.frames.filter((frame) => frame.type === "reply" && frame.ok).length;
      socket.close();
    }
    // Forty at once and twenty a second, however often one comes back.
    expect(accepted).toBeLessThan(40 + 8 * 20);
    expect(accepted).toBeGreaterThan(10);
  }, 20_000);

  test("[W05] [A2] whoever is removed gets the removal and nothing after it, also on a resume", async () => {
    const erin = await join(server, "erin");
    const [e, a] = [await erin.enter(), await alice.enter()];
    const before = await a.sayAndWait("erin is here");
    await e.until(() => e.events.some((event) => event.seq === before));
    // As a moderator's command will do it: one transaction, an event in the room's own order.
    await sql.begin(async (tx) => {
      const [head] =
        await tx`update rooms set head_seq = head_seq + 1 where id = 'general' returning head_seq`;
      await tx`delete from memberships using accounts where account_id = id and username = 'erin'`;
      await tx`insert into room_events (room_id, seq, type, actor_id, at, subject_id)
        select 'general', ${head.head_seq}, 'member.removed', id, 0, id from accounts where username = 'erin'`;
    });
    const after = await a.sayAndWait("erin is gone");
    await e.next((frame) => frame.type === "left");
    expect(e.events.some((event) => event.seq >= after)).toBe(false);
    expect(e.events.at(-1)).toMatchObject({ type: "member.removed" });
    expect(await e.order(sendOrder("am I?"))).toMatchObject({ ok: false, code: "not_found" });
    const again = await erin.connect();
    const reply = await again.order({
      type: "room.attach",
      room: generalRoomId,
      afterSeq: before,
      epoch: "",
    });
    expect(reply).toMatchObject({ ok: false, code: "not_found" });
    expect([...e.texts, ...again.texts].join()).not.toContain("erin is gone");
    expect((await erin.fetch("/api/messages")).status).toBe(404);
    for (const socket of [e, a, again]) socket.close();
  });

  test("[W11] a reader that stops is closed within a bound of memory, and the others feel nothing", async () => {
    const slow = await join(server, "slow");
    const raw = connect(server.port, "127.0.0.1");
    raw.on("error", () => {});
    let isClosed = false;
    raw.on("close", () => {
      isClosed = true;
    });
    const key = "dGhlIHNhbXBsZSBub25jZQ==";
    raw.write(
      `GET /ws/slow HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nOrigin: ${server.origin}\r\nCookie: ${slow.cookieHeader}\r\n\r\n`,
    );
    raw.pause();
    const talkers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => join(server, `talker${index}`)),
    );
    const sockets = await Promise.all(talkers.map((person) => person.enter()));
    const isGone = () => {
      // 4,000 characters at the limit of speed, until more than the buffers of both ends is under way.
      for (const socket of sockets) socket.say("x".repeat(4000));
      raw.write("");
      return isClosed || !hasSlow();
    };
    const hasSlow = () => {
      const last = sockets[0]!.frames.findLast((frame) => frame.type === "presence" && frame.left.length > 0);
      return last === undefined;
    };
    let gone = false;
    for (let round = 0; round < 400 && !gone; round++) {
      gone = isGone();
      await Bun.sleep(60);
    }
    expect(gone).toBe(true);
    await sockets[0]!.until(() => sockets.every((socket) => socket.isOpen));
    for (const socket of sockets) socket.close();
    raw.destroy();
  }, 60_000);
});

describe("a line that fell silent", () => {
  test("[W12] a socket that does not answer pings is closed; one that does stays open", async () => {
    const silentSeconds = 8;
    const closed: string[] = [];
    const handlers = createSocketHandlers(() => undefined as never, silentSeconds);
    const listener = Bun.serve<SocketData>({
      port: 0,
      fetch: (request, self) => {
        const data = { actor: { username: new URL(request.url).pathname } } as unknown as SocketData;
        return self.upgrade(request, { data }) ? undefined : new Response(null, { status: 400 });
      },
      websocket: {
        ...handlers,
        open: () => {},
        close: (socket) => void closed.push(socket.data.actor.username),
      },
    });
    const alive = new WebSocket(`ws://127.0.0.1:${listener.port}/alive`);
    const silent = connect(listener.port!, "127.0.0.1");
    silent.on("error", () => {});
    silent.write(
      "GET /silent HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    const deadline = Date.now() + 3 * silentSeconds * 1000;
    while (closed.length === 0 && Date.now() < deadline) await Bun.sleep(50);
    expect(closed).toEqual(["/silent"]);
    expect(alive.readyState).toBe(WebSocket.OPEN);
    alive.close();
    silent.destroy();
    await listener.stop(true);
  }, 40_000);
});

describe("behind a TLS proxy", () => {
  test("[W03] a connection that reached the proxy in the clear is refused", async () => {
    const data = await createTestData("embedded");
    const env = { PUBLIC_URL: "https://chat.example.org", TRUSTED_PROXIES: "127.0.0.1" };
    const server = await startServer(data, { env });
    const origin = "https://chat.example.org";
    const plain = await upgradeStatus(server.port, { origin, "x-forwarded-proto": "http" });
    const secure = await upgradeStatus(server.port, { origin, "x-forwarded-proto": "https" });
    // The second gets as far as the session.
    expect([plain, secure]).toEqual([403, 401]);
    await server.stop();
    await data.remove();
  });
});

/** Asks for an upgrade as raw bytes, with exactly these headers, and returns the status. */
function upgradeStatus(port: number, headers: Record<string, string>, user = "alice"): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.on("error", reject);
    socket.on("data", (bytes) => {
      resolve(Number(bytes.toString("latin1").split(" ")[1]));
      socket.destroy();
    });
    socket.write(
      `GET /ws/${user} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${lines.join("")}\r\n`,
    );
  });
}
