import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { RedisClient } from "bun";
import { checkRedis } from "../../server/src/bus/check-redis.ts";
import { createTestData, isAvailable, spawnServer } from "../support/server.ts";
import { freePort, isPresent, startRedis } from "../support/services.ts";

const channel = "novax:test:check";

describe.skipIf(!isPresent("redis") || !isAvailable("postgres"))("[B10] a Redis that can't be used", () => {
  let redis: NonNullable<Awaited<ReturnType<typeof startRedis>>>;
  const at = (user: string, protocol = "redis") => `${protocol}://${user}127.0.0.1:${redis.port}`;

  beforeAll(async () => {
    redis = (await startRedis())!;
    const admin = new RedisClient(redis.url);
    await admin.send("ACL", ["SETUSER", "bob", "on", ">secret", "~*", "&*", "+@all", "-eval"]);
    await admin.send("ACL", ["SETUSER", "carol", "on", ">secret", "~*", "&other:*", "+@all"]);
    await admin.send("CONFIG", ["SET", "requirepass", "secret"]);
    admin.close();
  });
  afterAll(() => redis.stop());

  test("is told apart by what is wrong, and by whether waiting helps", async () => {
    const seen = async (url: string) => (await checkRedis(url, channel))?.message ?? null;
    expect(await seen(at(":secret@"))).toBeNull();
    expect(await seen(at(""))).toContain("wants a password");
    expect(await seen(at(":wrong@"))).toContain("name or password");
    expect(await seen(at("dave:secret@"))).toContain("name or password");
    for (const user of ["bob:secret@", "carol:secret@"])
      expect(await seen(at(user))).toContain("EVAL, PUBLISH and SUBSCRIBE");
    expect(await seen(at(":secret@", "rediss"))).toContain("use redis://");
    const nothing = `redis://127.0.0.1:${await freePort()}`;
    expect(await checkRedis(nothing, channel)).toMatchObject({ isSetting: false });
    expect(await checkRedis("redis://nosuch.invalid", channel)).toMatchObject({ isSetting: false });
  });

  test("stops the start in one line, without the password", async () => {
    const data = await createTestData("postgres");
    const env = { ...data.env, PORT: String(await freePort()), REDIS_URL: at(":guessed@") };
    const { finished, output } = spawnServer(env);
    expect(await finished).toBe(78);
    expect(output()).toContain("novaX can't start: REDIS_URL: the server there refuses the name or password");
    expect(output()).not.toContain("guessed");
    await data.remove();
  }, 30_000);
});
