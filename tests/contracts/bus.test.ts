import { afterAll, describe, expect, test } from "bun:test";
import { generalRoomId } from "@novax/protocol/general-room";
import type { AccountId } from "@novax/protocol/ids";
import type { Bus, BusMessage } from "../../server/src/bus/bus.ts";
import { createLocalBus } from "../../server/src/bus/local-bus.ts";
import { createRedisBus } from "../../server/src/bus/redis-bus.ts";
import { silentLog as log } from "../../server/src/log/log.ts";
import { redisUrl, waitUntil } from "../support/server.ts";
import { startRedis } from "../support/services.ts";

const read = (seq: number): BusMessage => ({
  kind: "account_signal",
  account: "a" as AccountId,
  signal: { type: "mention", room: generalRoomId, seq },
});

const seqs = (messages: BusMessage[]) =>
  messages.map((message) =>
    message.kind === "account_signal" && message.signal.type === "mention" ? message.signal.seq : 0,
  );

for (const kind of ["local", "redis"] as const) {
  describe.skipIf(kind === "redis" && !redisUrl)(`the bus (${kind})`, async () => {
    const create = (processId: string): Promise<Bus> | Bus =>
      kind === "local"
        ? createLocalBus(log)
        : createRedisBus({ url: redisUrl ?? "", installation: `contract-${process.pid}`, processId, log });
    const bus = kind === "redis" && !redisUrl ? createLocalBus(log) : await create("one");
    afterAll(() => bus.close());

    test("a message reaches this process's listeners before publish returns, once and in order", async () => {
      const received: BusMessage[] = [];
      const stop = bus.on("account_signal", (message) => received.push(message));
      bus.publish(read(1));
      bus.publish(read(2));
      expect(seqs(received)).toEqual([1, 2]);
      // An echo from Redis would arrive later.
      await Bun.sleep(50);
      expect(seqs(received)).toEqual([1, 2]);
      stop();
      bus.publish(read(3));
      expect(seqs(received)).toEqual([1, 2]);
    });

    test("a listener that throws affects neither the publisher nor other listeners", () => {
      const received: BusMessage[] = [];
      const stops = [
        bus.on("account_signal", () => {
          throw new Error("broken");
        }),
        bus.on("account_signal", (message) => received.push(message)),
      ];
      bus.publish(read(1));
      expect(received).toHaveLength(1);
      for (const stop of stops) stop();
    });

    test("it reports that it is connected", () => expect(bus.isConnected()).toBe(true));
  });
}

describe.skipIf(!redisUrl)("the bus between processes", () => {
  test("a message reaches other processes, but not another installation", async () => {
    const options = { url: redisUrl!, log };
    const one = await createRedisBus({ ...options, installation: "here", processId: "one" });
    const two = await createRedisBus({ ...options, installation: "here", processId: "two" });
    const stranger = await createRedisBus({ ...options, installation: "there", processId: "three" });
    const received: BusMessage[] = [];
    two.on("account_signal", (message) => received.push(message));
    stranger.on("account_signal", () => received.push(read(-1)));
    for (let seq = 1; seq <= 100; seq++) one.publish(read(seq));
    await waitUntil(() => received.length >= 100);
    expect(seqs(received)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    await Promise.all([one.close(), two.close(), stranger.close()]);
  });

  test("after losing Redis it reports doubt, and delivers messages again", async () => {
    const redis = (await startRedis())!;
    const options = { url: redis.url, installation: "x", log };
    const one = await createRedisBus({ ...options, processId: "one" });
    const two = await createRedisBus({ ...options, processId: "two" });
    let doubts = 0;
    let received = 0;
    two.onDoubt(() => {
      doubts += 1;
    });
    two.on("account_signal", () => {
      received += 1;
    });
    await redis.stop();
    expect(await waitUntil(() => !two.isConnected())).toBe(true);
    // Publishing without a connection is no error: other processes read the database.
    one.publish(read(1));
    const again = (await startRedis(redis.port))!;
    expect(await waitUntil(() => doubts > 0, 10_000)).toBe(true);
    const isHeard = () => {
      one.publish(read(2));
      return received > 0;
    };
    expect(await waitUntil(isHeard, 10_000)).toBe(true);
    await Promise.all([one.close(), two.close()]);
    await again.stop();
  });
});
