import { expect, test } from "bun:test";
import type { RoomEvent } from "@novax/protocol/events";
import { generalRoomId } from "@novax/protocol/general-room";
import { serverFrameSchema } from "@novax/protocol/replies";
import { textOf } from "@novax/protocol/text";
import { join } from "../support/person.ts";
import { sendCommand, text } from "../support/socket-commands.ts";
import { describeServer } from "../support/use-server.ts";

const options = { env: { MESSAGES_PER_SECOND: "100000" }, people: ["alice", "bob"] } as const;

describeServer("the real-time protocol", options, ({ server, alice, bob }) => {
  test("the greeting says who you are and which rooms you are in, and the socket speaks novax.v1", async () => {
    const socket = await alice.connect();
    expect(socket.protocol).toBe("novax.v1");
    expect(socket.frames[0]).toMatchObject({
      type: "hello",
      you: { username: "alice" },
      rooms: [{ id: "general" }],
    });
    socket.close();
  });

  test("[Q3] a message reaches everybody attached, including the sender, once, with the server's time and order", async () => {
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

  test("[Q4] [W13] the same sendId twice is one message, with the first one's seq", async () => {
    const socket = await alice.enter();
    const sendId = crypto.randomUUID();
    const seq = await socket.sayAndWait("once", sendId);
    expect(await socket.command(sendCommand("once", sendId))).toMatchObject({
      ok: true,
      result: { seq, duplicate: true },
    });
    expect(await socket.command(sendCommand("another text", sendId.toUpperCase()))).toMatchObject({
      result: { seq, duplicate: true },
    });
    expect(socket.messageTexts.filter((body) => body === "once")).toHaveLength(1);
    // Another sender may use the same sendId.
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

  test("[Q1] a burst from many senders has one order for all: contiguous, and each sender's own order is kept", async () => {
    const people = await Promise.all(Array.from({ length: 6 }, (_, index) => join(server, `burst${index}`)));
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
      const fromSender = log.flatMap((event) =>
        event.type === "message.sent" && textOf(event.body).startsWith(`${who}:`) ? [textOf(event.body)] : [],
      );
      expect(fromSender).toEqual(Array.from({ length: 100 }, (_, index) => `${who}:${index}`));
    }
    for (const socket of all) socket.close();
  }, 40_000);

  test("[Q5] a resume brings what was missed, in order and without duplicates", async () => {
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
    const response = await bob.fetch(`/api/rooms/general/events?before=${last + 1}&limit=${last - seen}`);
    expect(((await response.json()) as { events: RoomEvent[] }).events).toEqual(again.events);
    for (const socket of [a, again]) socket.close();
  });

  test("five attaches at once count as one: every event arrives once, and presence ends when the person leaves", async () => {
    const frank = await join(server, "frank");
    const a = await alice.enter();
    const seq = await a.sayAndWait("for the replay");
    const socket = await frank.connect();
    const hello = socket.frames[0]!;
    const epoch = hello.type === "hello" ? hello.epoch : "";
    const attach = { type: "room.attach", room: generalRoomId, afterSeq: seq - 1, epoch } as const;
    await Promise.all(Array.from({ length: 5 }, () => socket.command(attach)));
    const later = await a.sayAndWait("after the replay");
    await socket.until(() => socket.events.some((event) => event.seq === later));
    expect(socket.events.map((event) => event.seq)).toEqual([seq, later]);
    const [id] = socket.frames.flatMap((frame) => (frame.type === "hello" ? [frame.you.id] : []));
    await a.until(() =>
      a.frames.some((frame) => frame.type === "presence" && frame.joined.some((person) => person.id === id)),
    );
    socket.close();
    await a.until(
      () => a.frames.some((frame) => frame.type === "presence" && frame.left.includes(id!)),
      10_000,
    );
    a.close();
  }, 20_000);

  test("[Q5] a position too far behind, ahead of the room or from another epoch gets a resync, and then only new events", async () => {
    const a = await alice.enter();
    const head = await a.sayAndWait("now");
    for (const [afterSeq, epoch] of [
      [head + 10, null],
      [0, "another epoch"],
    ] as const) {
      const socket = await bob.connect();
      const hello = socket.frames[0]!;
      const known = hello.type === "hello" ? hello.epoch : "";
      await socket.command({ type: "room.attach", room: generalRoomId, afterSeq, epoch: epoch ?? known });
      expect(socket.frames.find((frame) => frame.type === "resync")).toMatchObject({ epoch: known });
      const seq = await a.sayAndWait(`after resync ${afterSeq}`);
      await socket.until(() => socket.events.some((event) => event.seq === seq));
      expect(socket.events.every((event) => event.seq > head)).toBe(true);
      socket.close();
    }
    a.close();
  });

  test("[W09] an invalid command is answered as malformed; the third in ten seconds ends the connection", async () => {
    const socket = await alice.connect();
    socket.sendRaw("{");
    expect(await socket.next((frame) => frame.type === "reply")).toMatchObject({
      re: null,
      ok: false,
      code: "malformed",
    });
    socket.sendRaw(JSON.stringify({ ...sendCommand("x"), id: 9, extra: 1 }));
    expect(await socket.next((frame) => frame.type === "reply")).toMatchObject({
      re: 9,
      ok: false,
      code: "malformed",
    });
    socket.sendRaw(JSON.stringify({ id: 10, type: "message.destroy" }));
    expect((await socket.closed).code).toBe(1008);
  });

  test("[T1] refused values are ordinary replies, however many, and the connection goes on", async () => {
    const socket = await alice.connect();
    for (let id = 101; id <= 108; id++) {
      socket.sendRaw(
        JSON.stringify({ id, type: "room.set_topic", room: generalRoomId, topic: "x".repeat(160 + id) }),
      );
      expect(await socket.next((frame) => frame.type === "reply" && frame.re === id)).toMatchObject({
        ok: false,
        code: "malformed",
      });
    }
    expect(await socket.command({ type: "ping" })).toMatchObject({ ok: true });
    socket.close();
  });

  test("[W09] a binary frame ends the connection", async () => {
    const socket = await alice.connect();
    socket.sendRaw(new TextEncoder().encode(JSON.stringify({ id: 1, type: "ping" })));
    expect((await socket.closed).code).toBe(1008);
  });

  test("[W08] a frame over 64 KiB ends its connection, and no other", async () => {
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
    await a.command({ type: "typing.start", room: generalRoomId });
    expect(await b.next((frame) => frame.type === "typing")).toMatchObject({
      person: { username: "alice" },
    });
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

  test("a read mark only grows, and reaches the person's other devices and nobody else", async () => {
    const [here, there, other] = [
      await alice.enter(),
      await (await alice.inAnotherBrowser()).enter(),
      await bob.enter(),
    ];
    const seq = await here.sayAndWait("read me");
    expect(await here.command({ type: "room.mark_read", room: generalRoomId, seq })).toMatchObject({
      ok: true,
    });
    expect(await there.next((frame) => frame.type === "read")).toMatchObject({ seq });
    await here.command({ type: "room.mark_read", room: generalRoomId, seq: 1 });
    await here.command({ type: "room.mark_read", room: generalRoomId, seq: seq + 1_000_000 });
    const page = await (await alice.fetch("/chat")).text();
    expect(Number(/"readSeq":(\d+)/.exec(page)![1])).toBe(seq);
    expect(other.frames.some((frame) => frame.type === "read")).toBe(false);
    for (const socket of [here, there, other]) socket.close();
  });

  test("[Z04] every frame is exactly as the protocol says, and contains no secret", async () => {
    const socket = await bob.enter();
    await socket.sayAndWait("for the record");
    await socket.command({ type: "ping" });
    await socket.command(sendCommand("x", crypto.randomUUID(), "nowhere"));
    for (const frame of socket.frames) expect(serverFrameSchema.safeParse(frame).error).toBeUndefined();
    expect(socket.texts.join()).not.toMatch(/@example\.org|\$2b\$|password|token|address|user_?agent/i);
    socket.close();
  });
});
