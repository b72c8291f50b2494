import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { SendId } from "@novax/protocol/ids";
import { isAvailable, redisUrl } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

describe.skipIf(!isAvailable("postgres") || !redisUrl)("two processes whose clocks differ by an hour", () => {
  const env = { REDIS_URL: redisUrl!, MESSAGES_PER_SECOND: "1000" };
  const { data, server: one, alice, bob } = useServer("postgres", { env, people: ["alice", "bob"] });
  const launch = { preload: join(import.meta.dir, "../support/fast-clock.ts") };
  const { server: two } = useServer(data, { env, people: [], launch });

  test("[N12] [K12] agree on when somebody may write again, who is silenced, and what time it is", async () => {
    const there = await bob.inAnotherBrowser(two);
    const { room } = await alice.run("room.create", {
      kind: "private",
      name: "Slow",
      people: [await bob.id()],
    });
    await alice.run("room.change", { room: room.id, slowModeSeconds: 60 });
    const message = () => ({
      room: room.id,
      sendId: crypto.randomUUID() as SendId,
      body: { kind: "text" as const, text: "a message" },
    });
    const waitOf = async (person: typeof bob) => {
      const response = await person.command("message.send", message());
      expect(response.status).toBe(429);
      return Number(response.headers.get("retry-after"));
    };
    // Written by the process whose clock is ahead, read by the other, and the other way round.
    await there.run("message.send", message());
    for (const person of [bob, there]) {
      const seconds = await waitOf(person);
      expect(seconds).toBeGreaterThan(50);
      expect(seconds).toBeLessThanOrEqual(60);
    }
    await alice.run("room.change", { room: room.id, slowModeSeconds: 0 });
    const until = Date.now() + 600_000;
    await alice.run("member.silence", { room: room.id, person: await bob.id(), until });
    for (const person of [bob, there])
      expect(await person.refusedWith("message.send", message())).toBe("silenced");
    // A session that began on one of them is neither over nor in the future on the other.
    expect((await bob.inAnotherBrowser(one)).cookies.size).toBeGreaterThan(0);
    const socket = await there.connect();
    const hello = socket.frames.find((frame) => frame.type === "hello");
    expect(Math.abs(Number(hello?.serverTime) - Date.now())).toBeLessThan(10_000);
    socket.close();
  }, 30_000);
});
