import { afterAll, describe, expect, test } from "bun:test";
import {
  assertAttempt,
  createLocalAttemptLimits,
  createRedisAttemptLimits,
} from "../../server/src/auth/attempt-limits.ts";
import { silentLog } from "../../server/src/log/log.ts";
import { redisUrl, waitUntil } from "../support/server.ts";
import { startRedis } from "../support/services.ts";

// One suite for both implementations: limits work the same in one process as across many.
for (const kind of ["local", "redis"] as const) {
  describe.skipIf(kind === "redis" && !redisUrl)(`attempt limits (${kind})`, () => {
    let now = 0;
    const limits =
      kind === "local"
        ? createLocalAttemptLimits({ now: () => now })
        : createRedisAttemptLimits(redisUrl ?? "", crypto.randomUUID(), silentLog);
    const limit = { max: 5, windowMs: 300 };
    afterAll(() => limits.close());

    test("[L04] lets `max` attempts through and refuses the next, with the time to wait", async () => {
      for (let index = 0; index < 5; index++) await assertAttempt(limits, "account:a", limit);
      const refused = await assertAttempt(limits, "account:a", limit).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: "too_many_attempts" });
      expect((refused as { retryInMs: number }).retryInMs).toBeWithin(1, 301);
    });

    test("[L04] of 50 attempts at once exactly `max` get through", async () => {
      const results = await Promise.allSettled(
        Array.from({ length: 50 }, () => assertAttempt(limits, "race", limit)),
      );
      expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(5);
    });

    test("keys are counted separately, and a window ends", async () => {
      for (let index = 0; index < 6; index++) await limits.countAttempt("one", limit);
      expect((await limits.countAttempt("two", limit)).count).toBe(1);
      now += 301;
      expect(await waitUntil(async () => (await limits.countAttempt("one", limit)).count === 1, 2000)).toBe(
        true,
      );
    });

    test("an attempt that was taken back doesn't count", async () => {
      for (let index = 0; index < 20; index++) {
        await assertAttempt(limits, "forgiven", limit);
        await limits.forgiveAttempt("forgiven");
      }
      await limits.forgiveAttempt("never seen");
    });
  });
}

describe.skipIf(!redisUrl)("attempt limits without Redis", () => {
  test("[L08] everybody is refused as unavailable, until Redis is back", async () => {
    const redis = (await startRedis())!;
    const limits = createRedisAttemptLimits(redis.url, "x", silentLog);
    await assertAttempt(limits, "a", { max: 5, windowMs: 60_000 });
    await redis.stop();
    const refused = await assertAttempt(limits, "a", { max: 5, windowMs: 60_000 }).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: "unavailable" });
    const again = (await startRedis(redis.port))!;
    const isBack = () =>
      assertAttempt(limits, "a", { max: 5, windowMs: 60_000 }).then(
        () => true,
        () => false,
      );
    expect(await waitUntil(isBack, 10_000)).toBe(true);
    await limits.close();
    await again.stop();
  });
});
