import { describe, expect, test } from "bun:test";
import { join, Person, password } from "../support/person.ts";
import { createTestData, isAvailable, redisUrl, startServer } from "../support/server.ts";

describe.skipIf(!isAvailable("postgres") || !redisUrl)(
  "one password tried on every account, from many addresses",
  () => {
    test("[A11] is stopped for unknown browsers, across both processes, and logged; known browsers can still sign in", async () => {
      const data = await createTestData("postgres");
      const env = {
        REDIS_URL: redisUrl!,
        LOGIN_FAILURES_OVERALL: "60",
        LOGIN_FAILURES_PER_ADDRESS: "10",
        TRUSTED_PROXIES: "127.0.0.1, ::1",
      };
      const first = await startServer(data, { env });
      const second = await startServer(data, { env });
      const alice = await join(first, "alice");
      const statuses: number[] = [];
      for (let index = 0; index < 80; index += 10) {
        const round = Array.from({ length: 10 }, (_, offset) => {
          const number = index + offset;
          const headers = { "x-forwarded-for": `10.${number}.1.1` };
          const server = number % 2 ? first : second;
          const guess = { username: `person${number}`, password: "Summer2026!" };
          return new Person(server, "x").post("/login", guess, headers);
        });
        statuses.push(...(await Promise.all(round)).map((response) => response.status));
      }
      expect(statuses.slice(0, 60)).toEqual(Array<number>(60).fill(401));
      expect(statuses.slice(70)).toEqual(Array<number>(10).fill(429));
      expect(first.output() + second.output()).toContain("login.spray");
      expect((await alice.signIn()).status).toBe(200);
      const elsewhere = new Person(first, "alice");
      const headers = { "x-forwarded-for": "10.99.1.1" };
      expect((await elsewhere.post("/login", { username: "alice", password }, headers)).status).toBe(429);
      await first.stop();
      await second.stop();
      await data.remove();
    }, 60_000);

    test("[A11] [P10] the chat doesn't wait for the hashes of guessed passwords", async () => {
      const data = await createTestData("postgres");
      const server = await startServer(data, { env: { BCRYPT_COST: "12" } });
      const alice = await join(server, "alice");
      const socket = await alice.enter();
      let hashed = 0;
      const guesses = Array.from({ length: 60 }, async (_, index) => {
        const guess = { username: `p${index}`, password: "Summer2026!" };
        const { status } = await new Person(server, "x").post("/login", guess);
        if (status === 401) hashed += 1;
        return status;
      });
      for (let index = 0; index < 20; index++) await socket.sayAndWait(`still here ${index}`);
      // Every message was stored and delivered while most of the hashes were still queued.
      expect(hashed).toBeLessThan(40);
      for (const status of await Promise.all(guesses)) expect([401, 503]).toContain(status);
      socket.close();
      await server.stop();
      await data.remove();
    }, 60_000);
  },
);
