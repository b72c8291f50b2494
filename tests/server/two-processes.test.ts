import { describe, expect, test } from "bun:test";
import { closeCodes } from "@novax/protocol/close-codes";
import type { RoomId, SendId } from "@novax/protocol/ids";
import { join, Person } from "../support/person.ts";
import { createTestData, isAvailable, redisUrl, startServer, waitUntil } from "../support/server.ts";
import { freePort, startRedis } from "../support/services.ts";
import { useServer } from "../support/use-server.ts";

describe.skipIf(!isAvailable("postgres") || !redisUrl)("two processes over Redis", () => {
  const env = { REDIS_URL: redisUrl!, MESSAGES_PER_SECOND: "100000" };
  const { server: one, data, sql, alice } = useServer("postgres", { env, people: ["alice"] });
  const { server: two, bob } = useServer(data, { env, people: ["bob"] });

  test("serve one room: everybody has the same messages in the same order, whichever process they used", async () => {
    const sockets = [await alice.enter(), await bob.enter(), await (await bob.inAnotherBrowser(one)).enter()];
    const from = await sockets[0]!.sayAndWait("begin");
    for (const socket of sockets) await socket.until(() => socket.events.some((event) => event.seq === from));
    for (let index = 0; index < 200; index++) {
      for (const [who, socket] of sockets.entries()) socket.say(`${who}:${index}`);
    }
    const after = (socket: (typeof sockets)[number]) => socket.events.filter((event) => event.seq > from);
    for (const socket of sockets) await socket.until(() => after(socket).length === 600, 20_000);
    const log = after(sockets[0]!);
    expect(log.map((event) => event.seq)).toEqual(
      Array.from({ length: 600 }, (_, index) => from + 1 + index),
    );
    for (const socket of sockets) expect(after(socket)).toEqual(log);
    for (const socket of sockets) socket.close();
  }, 30_000);

  test("[W13] the same sendId sent to both at once is one message", async () => {
    const [a, b] = [await alice.enter(), await (await alice.inAnotherBrowser(two)).enter()];
    for (let round = 0; round < 20; round++) {
      const sendId = crypto.randomUUID();
      a.say(`round ${round}`, "general", sendId);
      b.say(`round ${round}`, "general", sendId);
    }
    const end = await a.sayAndWait("end of rounds");
    const isSettled = () => b.events.some((event) => event.seq === end);
    await b.until(isSettled);
    // The outcome of b's copies may arrive after a's last message.
    await b.sayAndWait("end of b");
    for (let round = 0; round < 20; round++) {
      expect(b.messageTexts.filter((text) => text === `round ${round}`)).toHaveLength(1);
    }
    for (const socket of [a, b]) socket.close();
  });

  test("[S05] [W06] a session ended on one process loses its sockets on the other within a second", async () => {
    const there = await alice.inAnotherBrowser(two);
    const socket = await there.enter();
    const here = new Person(one, "alice");
    for (const [name, value] of there.cookies) here.cookies.set(name, value);
    const startedAt = Date.now();
    expect((await here.post("/logout", {})).status).toBe(200);
    expect((await socket.closed).code).toBe(closeCodes.sessionEnded);
    expect(Date.now() - startedAt).toBeLessThan(1000);
    expect((await there.fetch("/api/messages")).status).toBe(401);
  });

  test("presence and typing reach the other process", async () => {
    const [a, b] = [await alice.enter(), await bob.enter()];
    const seesBob = () =>
      a.frames.some(
        (frame) => frame.type === "presence" && frame.joined.some((person) => person.username === "bob"),
      );
    await a.until(seesBob, 15_000);
    await b.command({ type: "typing.start", room: "general" as never });
    expect(await a.next((frame) => frame.type === "typing")).toMatchObject({ person: { username: "bob" } });
    for (const socket of [a, b]) socket.close();
  }, 20_000);

  test("[W05] [A2] memberships reach the other process: added on one, receives on the other; removed, not a frame more; read marks agree", async () => {
    const [a, b] = [await alice.connect(), await bob.connect()];
    for (const socket of [a, b]) {
      const hello = socket.frames[0]!;
      const epoch = hello.type === "hello" ? hello.epoch : "";
      await socket.command({ type: "rooms.attach", epoch, positions: [] });
    }
    const { room } = await alice.run("room.create", {
      kind: "private",
      name: "Over",
      people: [await bob.id()],
    });
    await b.next((frame) => frame.type === "room.joined" && frame.room.id === room.id);
    const seq = await alice.say(room.id, "welcome @bob");
    await b.next((frame) => frame.type === "mention");
    await b.until(() => b.messageTexts.includes("welcome @bob"));
    const elsewhere = await bob.inAnotherBrowser(one);
    const onOne = await elsewhere.enter();
    await bob.run("room.mark_read", { room: room.id, seq });
    expect(await onOne.next((frame) => frame.type === "read")).toMatchObject({
      room: room.id,
      unread: 0,
      mentions: 0,
    });
    await alice.run("member.remove", { room: room.id, person: await bob.id() });
    await alice.say(room.id, "without bob");
    await b.next((frame) => frame.type === "room.left" && frame.room === room.id);
    await a.until(() => a.messageTexts.includes("without bob"));
    // An old position brings nothing back.
    const again = await bob.connect();
    const hello = again.frames[0]!;
    const epoch = hello.type === "hello" ? hello.epoch : "";
    await again.command({ type: "rooms.attach", epoch, positions: [{ room: room.id, afterSeq: 0 }] });
    for (const socket of [b, again]) expect(socket.texts.join()).not.toContain("without bob");
    for (const socket of [a, b, onOne, again]) socket.close();
  }, 20_000);

  test("[L04] failed sign-ins are counted across both", async () => {
    await join(one, "victim");
    const statuses: number[] = [];
    for (let index = 0; index < 7; index++) {
      statuses.push((await new Person(index % 2 ? one : two, "victim").signIn("wrong password")).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });

  test("events that the bus lost are found in the log within seconds", async () => {
    const socket = await bob.enter();
    // A third process writes and dies before it can publish.
    const [row] = await sql`
      with head as (update rooms set head_seq = head_seq + 1 where id = 'general' returning head_seq),
        actor as (select id from accounts where username = 'alice'),
        event as (insert into room_events (room_id, seq, type, actor_id, at)
          select 'general', head_seq, 'message.sent', id, 0 from head, actor)
      insert into messages (room_id, seq, sender_id, send_id, sent_at, body)
      select 'general', head_seq, id, gen_random_uuid(), 0, '{"kind":"text","text":"nobody rang"}' from head, actor
      returning seq`;
    await socket.until(() => socket.events.some((event) => event.seq === Number(row.seq)), 6000);
    expect(socket.messageTexts).toContain("nobody rang");
    socket.close();
  });
});

describe.skipIf(!isAvailable("postgres") || !redisUrl)("the limits of two processes", () => {
  const perSecond = 5;
  const env = { REDIS_URL: redisUrl!, MESSAGES_PER_SECOND: String(perSecond) };
  const { server: one, data, alice } = useServer("postgres", { env, people: ["alice"] });
  const { server: two } = useServer(data, { env, people: [] });

  test("[A33] who sends to both at once may not send twice as much", async () => {
    const people = [alice, await alice.inAnotherBrowser(two)];
    expect(one.origin).not.toBe(two.origin);
    const seconds = 8;
    const endsAt = performance.now() + seconds * 1000;
    let sent = 0;
    const sendAll = async (person: Person) => {
      while (performance.now() < endsAt) {
        const body = { kind: "text", text: "as much as goes" } as const;
        const sendId = crypto.randomUUID() as SendId;
        const response = await person.command("message.send", { room: "general" as RoomId, sendId, body });
        await response.arrayBuffer();
        if (response.status === 200) sent += 1;
        else await Bun.sleep(20);
      }
    };
    await Promise.all(people.map(sendAll));
    const [burst, regained] = [2 * perSecond, seconds * perSecond];
    // Two processes give two bursts, and hear of each other a second later; each by itself would give all of it twice.
    expect(sent).toBeGreaterThan(regained / 2);
    expect(sent).toBeLessThan(2 * burst + regained + 2 * perSecond);
  }, 30_000);
});

describe.skipIf(!isAvailable("postgres") || !redisUrl)("two processes without Redis", () => {
  test("[Q2] [K6] [L08] go on: nothing is lost, order is kept, sessions hold; signing in is refused until it is back", async () => {
    const redis = (await startRedis())!;
    const data = await createTestData("postgres");
    const env = { REDIS_URL: redis.url };
    const [one, two] = [await startServer(data, { env }), await startServer(data, { env })];
    const [alice, bob] = [await join(one, "alice"), await join(two, "bob")];
    const [a, b] = [await alice.enter(), await bob.enter()];
    await a.sayAndWait("with redis");
    await redis.stop();
    for (let index = 0; index < 10; index++) await a.sayAndWait(`without redis ${index}`);
    await b.until(() => b.messageTexts.includes("without redis 9"), 6000);
    expect(b.messageTexts).toEqual([
      "with redis",
      ...Array.from({ length: 10 }, (_, index) => `without redis ${index}`),
    ]);
    expect((await bob.fetch("/api/messages")).status).toBe(200);
    const refused = await new Person(one, "alice").signIn();
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBeString();
    const again = (await startRedis(redis.port))!;
    await b.sayAndWait("with redis again");
    await a.until(() => a.messageTexts.includes("with redis again"), 6000);
    for (const socket of [a, b]) socket.close();
    await Promise.all([one.stop(), two.stop()]);
    await again.stop();
    await data.remove();
  }, 40_000);

  test("[B24] [N14] [N6] start, and bring people into new rooms; a Redis that falls silent is noticed", async () => {
    const port = await freePort();
    const data = await createTestData("postgres");
    const env = { REDIS_URL: `redis://127.0.0.1:${port}` };
    const [one, two] = [await startServer(data, { env }), await startServer(data, { env })];
    for (const said of ["redis.away", "bus.not_connected"]) expect(one.output()).toContain(said);
    // Signing up counts attempts, which needs Redis: that is refused, and no account is made.
    const early = await new Person(one, "alice").register();
    expect(early.status).toBe(503);
    const redis = (await startRedis(port))!;
    expect(
      await waitUntil(() => [one, two].every((server) => server.output().includes("redis.back")), 10_000),
    ).toBe(true);
    const [alice, bob] = [await join(one, "alice"), await join(two, "bob")];
    const b = await bob.connect();
    const { epoch } = await bob.read<{ epoch: string }>("/api/rooms/general/timeline");
    await b.command({ type: "rooms.attach", epoch, positions: [] });
    const invite = async (name: string) => {
      const people = [await bob.id()];
      const { room } = await alice.run("room.create", { kind: "private", name, people });
      await b.next((frame) => frame.type === "room.joined" && frame.room.id === room.id, 10_000);
    };
    await invite("With Redis");
    redis.silence();
    await invite("With a silent Redis");
    expect(
      await waitUntil(
        () => [one, two].every((server) => server.output().split("redis.away").length > 2),
        20_000,
      ),
    ).toBe(true);
    await invite("Without Redis");
    b.close();
    await Promise.all([one.stop(), two.stop()]);
    await redis.stop();
    await data.remove();
  }, 90_000);
});
