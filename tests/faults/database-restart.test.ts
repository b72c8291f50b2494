import { describe, expect, test } from "bun:test";
import { join } from "../support/person.ts";
import { isAvailable, startServer, waitUntil } from "../support/server.ts";
import { startPostgres } from "../support/services.ts";

describe.skipIf(!isAvailable("postgres"))("a PostgreSQL server that restarts", () => {
  test("[K4] [K2] sends are refused as unavailable, nothing is acknowledged that is not stored, and a retry is stored once", async () => {
    const postgres = (await startPostgres({ isDurable: false }))!;
    const folder = {
      kind: "postgres",
      url: postgres.url,
      env: { DATABASE_URL: postgres.url },
      remove: async () => {},
    } as const;
    const server = await startServer(folder);
    const [alice, bob] = [await join(server, "alice"), await join(server, "bob")];
    const [a, b] = [await alice.enter(), await bob.enter()];
    await a.sayAndWait("before");
    await postgres.halt();

    const sendIds = Array.from({ length: 10 }, () => crypto.randomUUID());
    const say = () => sendIds.forEach((sendId, index) => void a.say(`during ${index}`, "general", sendId));
    say();
    await a.until(() => a.frames.filter((frame) => frame.type === "reply" && !frame.ok).length >= 10, 15_000);
    for (const frame of a.frames) {
      if (frame.type === "reply" && !frame.ok) expect(frame).toMatchObject({ code: "unavailable" });
    }
    expect(a.messageTexts).toEqual(["before"]);
    const refused = await alice.fetch("/api/messages");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);

    await postgres.resume();
    const backAt = Date.now();
    const all = ["before", ...sendIds.map((_, index) => `during ${index}`)];
    const isThere = () => a.messageTexts.length === all.length;
    while (!isThere() && Date.now() - backAt < 15_000) {
      say();
      await waitUntil(isThere, 200);
    }
    expect(isThere()).toBe(true);
    expect(Date.now() - backAt).toBeLessThan(5000);
    await b.until(() => b.messageTexts.length === all.length);
    // Retries from the last round come back as duplicates, not as messages.
    await a.sayAndWait("after");
    expect(a.messageTexts).toEqual([...all, "after"]);
    expect(a.isOpen && b.isOpen).toBe(true);
    // The operator is told once that it went, and once that it is back.
    for (const event of ["database.away", "database.back"])
      expect(server.output().split(`"event":"${event}"`), event).toHaveLength(2);
    expect(server.output()).not.toContain('"stack"');
    for (const socket of [a, b]) socket.close();
    await server.stop();
    await postgres.stop();
  }, 60_000);
});
