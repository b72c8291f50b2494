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

    test("brings a message to this process's listeners before publish returns, once, in order", async () => {
      const heard: BusMessage[] = [];
      const stop = bus.on("account_signal", (message) => heard.push(message));
      bus.publish(read(1));
      bus.publish(read(2));
      expect(seqs(heard)).toEqual([1, 2]);
      // An echo from elsewhere would come later.
      await Bun.sleep(50);
      expect(seqs(heard)).toEqual([1, 2]);
      stop();
      bus.publish(read(3));
      expect(seqs(heard)).toEqual([1, 2]);
    });

    test("a listener that fails takes neither the publisher nor the others along", () => {
      const heard: BusMessage[] = [];
      const stops = [
        bus.on("account_signal", () => {
          throw new Error("broken");
        }),
        bus.on("account_signal", (message) => heard.push(message)),
      ];
      bus.publish(read(1));
      expect(heard).toHaveLength(1);
      for (const stop of stops) stop();
    });

    test("says that it is connected", () => expect(bus.isConnected()).toBe(true));
  });
}

describe.skipIf(!redisUrl)("the bus between processes", () => {
  test("brings a message to the others, and not to another installation", async () => {
    const options = { url: redisUrl!, log };
    const one = await createRedisBus({ ...options, installation: "here", processId: "one" });
    const two = await createRedisBus({ ...options, installation: "here", processId: "two" });
    const stranger = await createRedisBus({ ...options, installation: "there", processId: "three" });
    const heard: BusMessage[] = [];
    two.on("account_signal", (message) => heard.push(message));
    stranger.on("account_signal", () => heard.push(read(-1)));
    for (let seq = 1; seq <= 100; seq++) one.publish(read(seq));
    await waitUntil(() => heard.length >= 100);
    expect(seqs(heard)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    await Promise.all([one.close(), two.close(), stranger.close()]);
  });

  test("survives the loss of Redis: it says that it is in doubt, and brings messages again", async () => {
    const redis = (await startRedis())!;
    const options = { url: redis.url, installation: "x", log };
    const one = await createRedisBus({ ...options, processId: "one" });
    const two = await createRedisBus({ ...options, processId: "two" });
    let doubts = 0;
    let heard = 0;
    two.onDoubt(() => {
      doubts += 1;
    });
    two.on("account_signal", () => {
      heard += 1;
    });
    await redis.stop();
    expect(await waitUntil(() => !two.isConnected())).toBe(true);
    // Publishing into nothing is no error: the database has it.
    one.publish(read(1));
    const again = (await startRedis(redis.port))!;
    expect(await waitUntil(() => doubts > 0, 10_000)).toBe(true);
    const isHeard = () => {
      one.publish(read(2));
      return heard > 0;
    };
    expect(await waitUntil(isHeard, 10_000)).toBe(true);
    await Promise.all([one.close(), two.close()]);
    await again.stop();
  });
});
