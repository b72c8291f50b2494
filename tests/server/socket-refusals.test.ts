import { beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { closeCodes } from "@novax/protocol/close-codes";
import { generalRoomId } from "@novax/protocol/general-room";
import { openDatabase } from "../../server/src/db/open-database.ts";
import { silentLog } from "../../server/src/log/log.ts";
import type { SocketData } from "../../server/src/realtime/connection.ts";
import { createSocketHandlers } from "../../server/src/realtime/socket-handlers.ts";
import { endMembership } from "../../server/src/rooms/end-membership.ts";
import { transact } from "../../server/src/transaction/transact.ts";
import { createCore } from "../support/core.ts";
import { join, type TestSocket } from "../support/person.ts";
import { sendCommand, upgradeStatus } from "../support/socket-commands.ts";
import { describeServer } from "../support/use-server.ts";

const options = { only: "postgres", people: ["alice", "carol"] } as const;

describeServer("the socket refuses", options, ({ data, server, sql, alice, carol }) => {
  beforeAll(async () => {
    // A room that carol is not in, inserted directly.
    await sql`insert into rooms (id, name, created_at) values ('backstage', 'Backstage', 0)`;
    await sql`insert into memberships (room_id, account_id, joined_at)
      select 'backstage', id, 0 from accounts where username = 'alice'`;
  });

  test("[Q7] [W04] [Z02] an outsider gets the same response for a private room as for a missing one, for every command and route", async () => {
    expect(
      await (await alice.connect()).command({
        type: "room.attach",
        room: "backstage" as never,
        afterSeq: 0,
        epoch: "",
      }),
    ).toMatchObject({ ok: true });
    const socket = await carol.connect();
    const answers = async (room: string) => {
      const commands = [
        { type: "room.attach", room: room as never, afterSeq: 0, epoch: "" },
        { type: "room.mark_read", room: room as never, seq: 1 },
        sendCommand("let me in", crypto.randomUUID(), room),
        { type: "typing.start", room: room as never },
      ] as const;
      const replies = [];
      for (const command of commands) {
        const { re: _, ...reply } = await socket.command(command as never);
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
    await member.command({ type: "room.attach", room: "backstage" as never, afterSeq: 0, epoch: "" });
    member.say("a secret of the backstage", "backstage");
    await member.until(() => member.messageTexts.includes("a secret of the backstage"));
    await outsider.sayAndWait("later than the secret");
    expect(outsider.texts.join()).not.toContain("secret of");
    for (const socket of [outsider, member]) socket.close();
  });

  test("[W01] [A6] a foreign or missing Origin is refused before the upgrade", async () => {
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

  test("[W02] a missing, ended or forged session is refused before the upgrade", async () => {
    const gone = await carol.inAnotherBrowser();
    const cookie = gone.cookieHeader;
    await gone.post("/logout", {});
    for (const header of ["", cookie, `novax_session=${"A".repeat(43)}`]) {
      expect(await upgradeStatus(server.port, { cookie: header, origin: server.origin }, "carol")).toBe(401);
    }
  });

  test("an unknown subprotocol is refused, not replaced by another one", async () => {
    const headers = {
      cookie: alice.cookieHeader,
      origin: server.origin,
      "sec-websocket-protocol": "novax.v9",
    };
    expect(await upgradeStatus(server.port, headers)).toBe(400);
  });

  test("[W10] more than 20 messages a second are refused with the time to wait, and a client that goes on is closed", async () => {
    const [socket, witness] = [await carol.enter(), await alice.enter()];
    for (let index = 0; index < 100; index++) socket.say(`flood ${index}`);
    const refused = await socket.next((frame) => frame.type === "reply" && !frame.ok);
    expect(refused).toMatchObject({ code: "rate_limited" });
    expect(refused.retryInMs).toBeGreaterThan(0);
    expect((await socket.closed).code).toBe(closeCodes.rateLimited);
    await witness.sayAndWait("not touched by the flood");
    expect(witness.messageTexts.filter((body) => body.startsWith("flood")).length).toBeLessThan(60);
    witness.close();
  });

  test("[W10] a new connection doesn't bring a new budget", async () => {
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
    // Forty at once and twenty a second, however often the client reconnects.
    expect(accepted).toBeLessThan(40 + 8 * 20);
    expect(accepted).toBeGreaterThan(10);
  }, 20_000);

  test("[Q6] [W05] [A2] a removed member gets the removal and nothing after it, not even on a resume", async () => {
    const erin = await join(server, "erin");
    const [e, a] = [await erin.enter(), await alice.enter()];
    const before = await a.sayAndWait("erin is here");
    await e.until(() => e.events.some((event) => event.seq === before));
    // Another process removes her, and its bus message does not reach this one.
    const db = await openDatabase({ kind: "postgres", url: data.url! }, silentLog);
    const elsewhere = createCore(db);
    const idOf = (socket: TestSocket) =>
      socket.frames.flatMap((frame) => (frame.type === "hello" ? [frame.you] : []))[0]!;
    const remove = () =>
      transact(elsewhere, (transaction) =>
        endMembership(elsewhere, transaction, { room: generalRoomId, member: idOf(e), actor: idOf(a) }),
      );
    expect(await remove()).toBe(true);
    // A second time changes nothing.
    expect(await remove()).toBe(false);
    await db.close();
    const after = await a.sayAndWait("erin is gone");
    await e.next((frame) => frame.type === "room.left");
    expect(e.events.some((event) => event.seq >= after)).toBe(false);
    expect(e.events.at(-1)).toMatchObject({ type: "member.removed" });
    expect(await e.command(sendCommand("am I?"))).toMatchObject({ ok: false, code: "not_found" });
    const again = await erin.connect();
    const reply = await again.command({
      type: "room.attach",
      room: generalRoomId,
      afterSeq: before,
      epoch: "",
    });
    expect(reply).toMatchObject({ ok: false, code: "not_found" });
    expect([...e.texts, ...again.texts].join()).not.toContain("erin is gone");
    expect((await erin.fetch("/api/messages")).status).toBe(404);
    const basic = await erin.open();
    expect(await basic.next((frame) => (frame.type as string) === "error")).toMatchObject({
      code: "not_found",
    });
    expect(basic.isOpen).toBe(true);
    basic.close();
    const { events } = (await (await alice.fetch("/api/rooms/general/events")).json()) as {
      events: { type: string }[];
    };
    expect(events.filter((event) => event.type === "member.removed")).toHaveLength(1);
    for (const socket of [e, a, again]) socket.close();
  });
});

// With the usual limit the others would be closed for writing so much, before there is more than the buffers of both ends hold.
const fast = { only: "postgres", people: [], env: { MESSAGES_PER_SECOND: "100000" } } as const;

describeServer("the socket refuses a slow reader", fast, ({ server }) => {
  test("[W11] a client that stops reading is closed within a memory limit, and others notice nothing", async () => {
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
      Array.from({ length: 32 }, (_, index) => join(server, `talker${index}`)),
    );
    const sockets = await Promise.all(talkers.map((person) => person.enter()));
    const isGone = () => {
      // Messages of 4,000 characters at full speed, until more is under way than the buffers of both ends can hold.
      for (const socket of sockets) socket.say("x".repeat(4000));
      raw.write("");
      return isClosed || !hasSlow();
    };
    const hasSlow = () => {
      const last = sockets[0]!.frames.findLast((frame) => frame.type === "presence" && frame.left.length > 0);
      return last === undefined;
    };
    let gone = false;
    // As long as it takes on a busy machine.
    for (const deadline = Date.now() + 75_000; !gone && Date.now() < deadline; ) {
      gone = isGone();
      await Bun.sleep(60);
    }
    expect(gone).toBe(true);
    await sockets[0]!.until(() => sockets.every((socket) => socket.isOpen));
    for (const socket of sockets) socket.close();
    raw.destroy();
  }, 90_000);
});

describeServer(
  "a person whose network changes",
  { only: "embedded", people: ["alice"] },
  ({ server, alice }) => {
    /** A client that opens a WebSocket, and answers nothing from then on, as one whose network is gone. */
    const openDead = () =>
      new Promise<ReturnType<typeof connect>>((resolve) => {
        const socket = connect(server.port, "127.0.0.1");
        socket.on("error", () => {});
        socket.once("data", () => {
          socket.pause();
          resolve(socket);
        });
        socket.write(
          `GET /ws/alice HTTP/1.1\r\nHost: localhost:${server.port}\r\nOrigin: ${server.origin}\r\nCookie: ${alice.cookieHeader}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: novax.v1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
        );
      });

    test("[N3] gets in again, though ten dead connections are still counted", async () => {
      const dead = await Promise.all(Array.from({ length: 10 }, openDead));
      const refused = await alice.open("novax.v1");
      expect((await refused.closed).code).toBe(4509);
      await Bun.sleep(25_500);
      const again = await alice.connect();
      expect(await again.command({ type: "ping" })).toMatchObject({ ok: true });
      again.close();
      for (const socket of dead) socket.destroy();
    }, 60_000);
  },
);

describe("a dead connection", () => {
  test("[W12] a socket that doesn't answer pings is closed; one that does stays open", async () => {
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

const behindProxy = {
  only: "embedded",
  env: { PUBLIC_URL: "https://chat.example.org", TRUSTED_PROXIES: "127.0.0.1" },
  people: [],
} as const;

describeServer("behind a TLS proxy", behindProxy, ({ server }) => {
  test("[W03] a connection that reached the proxy without TLS is refused", async () => {
    const origin = "https://chat.example.org";
    const plain = await upgradeStatus(server.port, { origin, "x-forwarded-proto": "http" });
    const secure = await upgradeStatus(server.port, { origin, "x-forwarded-proto": "https" });
    // The second one gets as far as the session check.
    expect([plain, secure]).toEqual([403, 401]);
  });
});
