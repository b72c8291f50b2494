import { describe, expect, test } from "bun:test";
import { closeCodes } from "@novax/protocol/close-codes";
import type { AccountId } from "@novax/protocol/ids";
import { parseConfig } from "../../server/src/config/read-config.ts";
import { sha256 } from "../../server/src/lib/sha256.ts";
import { silentLog } from "../../server/src/log/log.ts";
import { startServer as startInProcess } from "../../server/src/main.ts";
import { join, Person } from "../support/person.ts";
import { createTestData, startServer, type TestData, type TestServer, waitUntil } from "../support/server.ts";
import { freePort } from "../support/services.ts";
import { describeServer } from "../support/use-server.ts";

const hourMs = 3_600_000;

describeServer("sessions", { only: "postgres", people: ["alice", "bob"] }, ({ server, sql, alice, bob }) => {
  const isSignedIn = async (person: Person) => (await person.fetch("/api/messages")).status === 200;
  const withToken = (token: string) => {
    const person = new Person(server, "alice");
    person.cookies.set("novax_session", token);
    return person;
  };

  test("[S01] the cookie is HttpOnly, SameSite=Lax and for the whole host; over https also Secure and bound to it", async () => {
    const response = await new Person(server, "alice").signIn();
    const cookie = response.headers.getSetCookie().find((text) => text.startsWith("novax_session="))!;
    expect(cookie).toContain("HttpOnly");
    expect(cookie).toContain("SameSite=Lax");
    expect(cookie).toContain("Path=/");
    expect(cookie).not.toMatch(/Domain|Secure/);

    const secureData = await createTestData("embedded");
    const secure = await startServer(secureData, { env: { PUBLIC_URL: "https://chat.example.org" } });
    const code = /"setupCode":"([^"]+)"/.exec(secure.output())![1]!;
    const owner = new Person({ ...secure, origin: "https://chat.example.org" }, "alice");
    const registered = await owner.register({ setup_code: code });
    const secureCookie = registered.headers
      .getSetCookie()
      .find((text) => text.startsWith("__Host-novax_session="))!;
    expect(secureCookie).toContain("Secure");
    expect(secureCookie).not.toContain("Domain");
    expect(registered.headers.get("strict-transport-security")).toBe("max-age=31536000");
    await secure.stop();
    await secureData.remove();
  });

  test("[S02] the token has 256 bits; the database has only its SHA-256, and no response repeats it", async () => {
    const person = new Person(server, "alice");
    const response = await person.signIn();
    const token = person.sessionToken!;
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await response.text()).not.toContain(token);
    const rows = await sql`select * from sessions where token_hash = ${sha256(token)}`;
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(server.output()).not.toContain(token);
    for (const path of ["/chat", "/api/rooms/general/events", "/api/openapi.json"]) {
      expect(await (await person.fetch(path)).text()).not.toContain(token);
    }
  });

  test("[S03] [A8] signing in makes a new token and ends the session presented with it", async () => {
    const person = await alice.inAnotherBrowser();
    const planted = person.sessionToken!;
    await person.signIn();
    expect(person.sessionToken).not.toBe(planted);
    expect(await isSignedIn(withToken(planted))).toBe(false);
    expect(await isSignedIn(person)).toBe(true);
  });

  test("an invalid token opens nothing: empty, a prefix, a hash, words", async () => {
    const token = alice.sessionToken!;
    const forged = [
      "",
      "undefined",
      "null",
      token.slice(0, 20),
      `${token}x`,
      sha256(token).toString("hex"),
      "ä".repeat(43),
      "%00",
    ];
    for (const text of forged) expect(await isSignedIn(withToken(text)), text).toBe(false);
  });

  test("[S04] a session ends after 14 days without use and 30 days after it began; an owner's after 24 idle hours", async () => {
    const age = async (person: Person, idleMs: number, ageMs: number) => {
      const now = Date.now();
      await sql`update sessions set last_seen_at = ${now - idleMs}, created_at = ${now - ageMs}
        where token_hash = ${sha256(person.sessionToken!)}`;
      return isSignedIn(person);
    };
    const member = await bob.inAnotherBrowser();
    expect(await age(member, 13.9 * 24 * hourMs, 20 * 24 * hourMs)).toBe(true);
    expect(await age(member, 14.1 * 24 * hourMs, 20 * 24 * hourMs)).toBe(false);
    expect(await age(member, 0, 29.9 * 24 * hourMs)).toBe(true);
    expect(await age(member, 0, 30.1 * 24 * hourMs)).toBe(false);
    const owner = await alice.inAnotherBrowser();
    expect(await age(owner, 23.9 * hourMs, 48 * hourMs)).toBe(true);
    expect(await age(owner, 24.1 * hourMs, 48 * hourMs)).toBe(false);
  });

  test("[S05] [W06] signing out ends the session and its sockets at once, and clears the browser's data", async () => {
    const person = await alice.inAnotherBrowser();
    const token = person.sessionToken!;
    const socket = await person.enter();
    const other = await alice.enter();
    const startedAt = Date.now();
    const response = await person.post("/logout", {});
    expect(response.status).toBe(200);
    expect(response.headers.get("clear-site-data")).toBe('"cache", "storage"');
    expect(person.sessionToken).toBeUndefined();
    expect(await isSignedIn(withToken(token))).toBe(false);
    expect((await socket.closed).code).toBe(closeCodes.sessionEnded);
    expect(Date.now() - startedAt).toBeLessThan(1000);
    expect(other.isOpen).toBe(true);
    other.close();
  });

  test("[S08] an ended session stays ended, whatever the clock says", async () => {
    const person = await bob.inAnotherBrowser();
    const token = person.sessionToken!;
    await person.post("/logout", {});
    for (const shiftMs of [-hourMs, hourMs]) {
      await sql`update sessions set last_seen_at = last_seen_at + ${shiftMs}, created_at = created_at + ${shiftMs},
        ended_at = ended_at + ${2 * shiftMs} where token_hash = ${sha256(token)}`;
      expect(await isSignedIn(withToken(token))).toBe(false);
    }
  });

  test("[W04] a command after the session's end is refused, even if the bus message was lost", async () => {
    const person = await bob.inAnotherBrowser();
    const socket = await person.enter();
    // As if the bus were down: the database row has changed, but no message was published.
    await sql`update sessions set ended_at = 1 where token_hash = ${sha256(person.sessionToken!)}`;
    const reply = await socket.command({
      type: "message.send",
      room: "general" as never,
      sendId: crypto.randomUUID() as never,
      body: { kind: "text", text: "too late" },
    });
    expect(reply).toMatchObject({ ok: false, code: "not_found" });
    const { messages } = (await (await bob.fetch("/api/messages")).json()) as {
      messages: { text: string }[];
    };
    expect(messages.map((message) => message.text)).not.toContain("too late");
    socket.close();
  });

  test("200 people at once each get their own response", async () => {
    const people = await Promise.all(Array.from({ length: 20 }, (_, index) => join(server, `crowd${index}`)));
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const person = people[index % people.length]!;
        return { person, page: await (await person.fetch("/chat")).text() };
      }),
    );
    for (const { person, page } of answers)
      expect(/"you":\{"id":"[^"]+","username":"([^"]+)"/.exec(page)![1]).toBe(person.username);
  }, 60_000);
});

/** A server in this process, with its parts accessible to a test. */
async function startHere(data: TestData) {
  const port = await freePort();
  const env = { ...data.env, PORT: String(port), BCRYPT_COST: "10", LOGIN_FAILURES_PER_ADDRESS: "1000" };
  const running = await startInProcess(parseConfig(env, { folder: "/", configJson: null }), silentLog);
  return {
    running,
    server: { url: `http://localhost:${port}`, origin: `http://localhost:${port}` } as TestServer,
  };
}

describe("a disabled account", () => {
  test("[S06] [A2] loses every session and every socket within a second, and can't sign in", async () => {
    const data = await createTestData("embedded");
    const { running, server } = await startHere(data);
    const alice = await join(server, "alice");
    const dave = await join(server, "dave");
    const devices = [dave, await dave.inAnotherBrowser()];
    const sockets = await Promise.all(devices.map((device) => device.enter()));
    const witness = await alice.enter();

    const [row] = await running.app.db.sql<{
      id: AccountId;
    }>`select id from accounts where username = 'dave'`;
    const startedAt = Date.now();
    expect((await alice.post(`/admin/people/${row!.id}/disable`, {})).status).toBe(200);
    for (const socket of sockets) expect((await socket.closed).code).toBe(closeCodes.sessionEnded);
    expect(Date.now() - startedAt).toBeLessThan(1000);
    for (const device of devices) expect((await device.fetch("/api/messages")).status).toBe(401);
    expect((await new Person(server, "dave").signIn()).status).toBe(401);
    expect(witness.isOpen).toBe(true);

    witness.close();
    expect(await waitUntil(() => running.realtime.hub.size === 0)).toBe(true);
    await running.stop();
    await data.remove();
  });
});

describe("a lost bus message", () => {
  test("[W07] the periodic check closes the sockets of ended sessions, and no other", async () => {
    const data = await createTestData("embedded");
    const { running, server } = await startHere(data);
    const [alice, bob] = [await join(server, "alice"), await join(server, "bob")];
    const [a, b] = [await alice.enter(), await bob.enter()];
    await running.app.db.sql`update sessions set ended_at = 1
      where account_id = (select id from accounts where username = 'bob')`;
    await running.realtime.hub.checkSessions();
    expect((await b.closed).code).toBe(closeCodes.sessionEnded);
    expect(a.isOpen).toBe(true);
    a.close();
    await running.stop();
    await data.remove();
  });
});
