import { describe, expect, test } from "bun:test";
import { closeCodes } from "@novax/protocol/close-codes";
import { setUpFactor } from "../support/factors.ts";
import { tokenOf } from "../support/mail.ts";
import { join, Person, password, problemOf } from "../support/person.ts";
import { isAvailable, redisUrl, startServer, waitUntil } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

type Devices = { sessions: { id: string; userAgent: string; address: string }[]; current: string };

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";

describe.skipIf(!isAvailable("postgres") || !redisUrl)("your devices", () => {
  // Both have the same secret, as processes on two machines do.
  const env = { REDIS_URL: redisUrl!, SECRET_KEY: Buffer.alloc(32, 5).toString("base64") };
  const { server: one, data, sql, smtp } = useServer("postgres", { env, hasMail: true, people: ["alice"] });
  const { server: two } = useServer(data, {
    env: () => ({ ...env, SMTP_URL: smtp.url, ALLOWED_ORIGINS: one.origin }),
    people: [],
  });

  const list = async (person: Person) =>
    (await (await person.fetch("/api/account/devices")).json()) as Devices;
  const noticesOf = async (person: Person) => {
    const account = (await (await person.fetch("/api/account")).json()) as {
      notices: { kind: string; detail: string }[];
    };
    return account.notices;
  };

  test("[S07] the list names each browser, marks the current one, and contains no token", async () => {
    const person = await join(one, "lister");
    const other = new Person(one, "lister");
    await other.fetch("/login", {
      method: "POST",
      body: JSON.stringify({ username: "lister", password }),
      headers: { "content-type": "application/json", "user-agent": firefox },
    });
    const devices = await list(person);
    expect(devices.sessions).toHaveLength(2);
    expect(devices.sessions.find((session) => session.id === devices.current)?.userAgent).toContain("Bun");
    expect(JSON.stringify(devices)).not.toContain(person.sessionToken!);
    const page = await (await person.fetch("/account/devices")).text();
    expect(page).toContain("Firefox on Linux");
    expect(page.match(/>This device</g)).toHaveLength(1);
  });

  test("[S07] ending a session closes its sockets within a second on every process, and leaves the others", async () => {
    const person = await join(one, "ender");
    const elsewhere = await person.inAnotherBrowser(two);
    const [own, theirs] = [await person.enter(), await elsewhere.enter()];
    const { sessions, current } = await list(person);
    const target = sessions.find((session) => session.id !== current)!.id;
    const startedAt = Date.now();
    expect((await person.post("/account/devices/end", { session: target })).status).toBe(200);
    expect((await theirs.closed).code).toBe(closeCodes.sessionEnded);
    expect(Date.now() - startedAt).toBeLessThan(1000);
    expect((await elsewhere.fetch("/api/messages")).status).toBe(401);
    expect(own.isOpen).toBe(true);
    own.close();
    expect((await person.post("/account/devices/end", { session: target })).status).toBe(404);
  });

  test("[S07] nobody can end somebody else's session", async () => {
    const victim = await join(one, "victim");
    const outsider = await join(one, "outsider");
    const { current } = await list(victim);
    expect((await outsider.post("/account/devices/end", { session: current })).status).toBe(404);
    expect((await outsider.post("/account/devices/end", { session: crypto.randomUUID() })).status).toBe(404);
    expect((await victim.fetch("/api/messages")).status).toBe(200);
  });

  test("[S07] ending all others leaves this one", async () => {
    const person = await join(one, "leaver");
    const others = await Promise.all([person.inAnotherBrowser(), person.inAnotherBrowser(two)]);
    const sockets = await Promise.all(others.map((other) => other.enter()));
    expect((await person.post("/account/devices/end-others", {})).status).toBe(200);
    for (const socket of sockets) expect((await socket.closed).code).toBe(closeCodes.sessionEnded);
    expect((await list(person)).sessions).toHaveLength(1);
  });

  test("[S07] managing devices needs a recent proof", async () => {
    const person = await join(one, "stale");
    await sql`update sessions set proved_at = ${Date.now() - 301_000}`;
    for (const [path, body] of [
      ["/account/devices/end", { session: crypto.randomUUID() }],
      ["/account/devices/end-others", {}],
    ] as const)
      expect((await problemOf(await person.post(path, body))).code).toBe("reauth_required");
    expect((await problemOf(await person.fetch("/api/account/devices"))).code).toBe("reauth_required");
    // A proof from a clock that was an hour ahead proves nothing, either.
    await sql`update sessions set proved_at = ${Date.now() + 3_600_000}`;
    expect((await person.fetch("/api/account/devices")).status).toBe(401);
  });

  test("[S08] no clock change brings an ended session back", async () => {
    const person = await join(one, "clocked");
    const other = await person.inAnotherBrowser();
    await person.post("/account/devices/end-others", {});
    for (const shift of [-3_600_000, 3_600_000]) {
      // As a clock that is an hour off would have written it.
      await sql`update sessions set ended_at = ended_at + ${shift}, last_seen_at = ${Date.now() + shift},
        created_at = ${Date.now() + shift} where ended_at is not null`;
      expect((await other.fetch("/api/messages")).status).toBe(401);
      await expect(other.open("novax.v1")).rejects.toThrow();
    }
  });

  test("[A8] when all sessions are ended during 20 sign-ins, none that started before survives", async () => {
    const person = await join(one, "busy");
    const next = "another four quiet words";
    const logins = Array.from({ length: 20 }, (_, index) => new Person(index % 2 ? two : one, "busy"));
    // Five failures would lock a stranger out; these are not failures, they only come late.
    const answers = Promise.all(logins.map((login) => login.signIn()));
    const change = { current_password: password, password: next, confirm_password: next };
    expect((await person.post("/account/password", change)).status).toBe(200);
    await answers;
    for (const login of logins) expect((await login.fetch("/api/messages")).status).toBe(401);
    expect((await person.fetch("/api/messages")).status).toBe(200);
  }, 30_000);

  test("[L11] a sign-in from a new browser, and one after failures, is reported by mail and in the app at once", async () => {
    const person = await join(one, "told");
    const mail = await smtp.next("told@example.org", /is your code/);
    await person.post("/verify", { token: tokenOf(mail.link) });
    const socket = await person.enter();
    await person.inAnotherBrowser(two);
    const signal = await socket.next((frame) => frame.type === "notice");
    expect(signal).toMatchObject({ title: "New sign-in" });
    expect((await smtp.next("told@example.org", /New sign-in/)).text).toContain("127.0.0.1");
    // A known browser is not reported.
    const before = (await noticesOf(person)).length;
    await person.signIn();
    expect(await noticesOf(person)).toHaveLength(before);
    const stranger = new Person(one, "told");
    for (let index = 0; index < 3; index++) await stranger.signIn("wrong password");
    await stranger.signIn();
    expect((await noticesOf(person)).map((notice) => notice.kind)).toContain("login_after_failures");
    await smtp.next("told@example.org", /after failed attempts/);
    socket.close();
  });

  test("no mail is sent to an unconfirmed address", async () => {
    const person = await join(one, "typo");
    await person.inAnotherBrowser();
    expect((await noticesOf(person)).map((notice) => notice.kind)).toEqual(["new_device"]);
    expect(await waitUntil(async () => (await sql`select 1 from jobs`).length === 0)).toBe(true);
    expect(smtp.to("typo@example.org").map((mail) => mail.subject)).toEqual([
      expect.stringContaining("is your code"),
    ]);
  });

  test("[R08] changing the password or a factor is reported", async () => {
    const person = await join(one, "changer");
    const mail = await smtp.next("changer@example.org", /is your code/);
    await person.post("/verify", { token: tokenOf(mail.link) });
    const next = "another four quiet words";
    await person.post("/account/password", {
      current_password: password,
      password: next,
      confirm_password: next,
    });
    await smtp.next("changer@example.org", /password was changed/);
    await setUpFactor(person);
    await smtp.next("changer@example.org", /Two-factor authentication was turned on/);
  });

  test("a notice that was seen is no longer new", async () => {
    const person = await join(one, "reader");
    await person.inAnotherBrowser();
    const unseen = async () => /"unseenNotices":(\d+)/.exec(await (await person.fetch("/chat")).text())![1];
    expect(await unseen()).toBe("1");
    await person.fetch("/account", { headers: { accept: "text/html" } });
    expect(await unseen()).toBe("0");
  });

  test("[M03] [A10] second-factor attempts are counted across both processes, and a code used on one is refused on the other", async () => {
    const person = await join(one, "split");
    await setUpFactor(person);
    const here = new Person(one, "split");
    await here.signIn();
    const there = new Person(two, "split");
    there.cookies.set("novax_challenge", here.cookies.get("novax_challenge")!);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? here : there).post("/login/code", { code: "000000" }),
      ),
    );
    const codes = await Promise.all(answers.map(async (response) => (await problemOf(response)).code));
    expect(codes.filter((code) => code === "code_wrong").length).toBeLessThanOrEqual(5);
    expect(codes).toContain("challenge_ended");
    const other = await join(one, "split2");
    const factor = await setUpFactor(other);
    await sql`update accounts set totp_last_step = 0 where username = 'split2'`;
    const both = [new Person(one, "split2"), new Person(two, "split2")];
    await Promise.all(both.map((one) => one.signIn()));
    const code = factor.app.code();
    const results = await Promise.all(both.map((one) => one.post("/login/code", { code })));
    expect(results.map((response) => response.status).sort()).toEqual([200, 401]);
  });

  test("[A20] two processes with different secrets can't share a database", async () => {
    const env = { REDIS_URL: redisUrl!, SECRET_KEY: Buffer.alloc(32, 6).toString("base64") };
    await expect(startServer(data, { env })).rejects.toThrow(/set up with another secret/);
  });
});
