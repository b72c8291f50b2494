// Ways to get into, or stay in, somebody else's account.
import { expect, test } from "bun:test";
import { connect } from "node:net";
import {
  AuthenticatorApp,
  addPasskey,
  PasskeyAuthenticator,
  passkeyOptions,
  setUpFactor,
} from "../support/factors.ts";
import { tokenOf } from "../support/mail.ts";
import { join, Person, password, problemOf } from "../support/person.ts";
import { createTestData, spawnServer, startServer } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

const next = "another four quiet words";

const options = { only: "postgres", hasMail: true, people: ["alice"] } as const;

describeServer("attacks on somebody else's account", options, ({ data, server, smtp, sql, alice }) => {
  const idOf = async (name: string): Promise<string> => {
    const [row] = await sql`select id from accounts where username = ${name}`;
    return row.id;
  };
  const asOwner = async (path: string, body: object = {}) => {
    await sql`update sessions set proved_at = ${Date.now()} where account_id = (select id from accounts where username = 'alice')`;
    return alice.post(path, body);
  };
  const change = (by: Person, current = password) =>
    by.post("/account/password", { current_password: current, password: next, confirm_password: next });
  const reset = (token: string, secret = next) =>
    new Person(server, "x").post("/reset", { token, password: secret, confirm_password: secret });
  const linkFor = async (name: string) => {
    await new Person(server, "x").post("/forgot", { email: `${name}@example.org` });
    return tokenOf((await smtp.next(`${name}@example.org`, /Reset your password/)).link);
  };
  const confirmAddress = async (person: Person) => {
    const mail = await smtp.next(`${person.username}@example.org`, /is your code/);
    await person.post("/verify", { token: tokenOf(mail.link) });
  };

  test("[M05] [A9] a session opened with the password alone ends when the second factor is turned on", async () => {
    const victim = await join(server, "enroller");
    const thief = await victim.inAnotherBrowser();
    await setUpFactor(victim);
    expect((await thief.fetch("/api/messages")).status).toBe(401);
    expect((await thief.post("/account/two-factor/disable", {})).status).toBe(401);
    expect((await victim.fetch("/api/messages")).status).toBe(200);
  });

  test("[M08] a session limited to setting up a factor isn't unlocked by another session's set-up", async () => {
    await join(server, "demanded");
    await asOwner(`/admin/people/${await idOf("demanded")}/require-factor`);
    const [thief, victim] = [new Person(server, "demanded"), new Person(server, "demanded")];
    await thief.signIn();
    await victim.signIn();
    await setUpFactor(victim);
    expect((await thief.fetch("/api/messages")).status).toBe(401);
    expect((await thief.post("/account/two-factor/recovery-codes", {})).status).toBe(401);
  });

  test("[S05] [R06] a request whose body arrives late does nothing if its session has ended meanwhile", async () => {
    const thief = await join(server, "dripped");
    const victim = await thief.inAnotherBrowser();
    const authenticator = new PasskeyAuthenticator(server.origin);
    const options = await passkeyOptions(thief, "/account/passkeys/options");
    const body = JSON.stringify({ response: authenticator.register(options as never), name: "mine" });
    const finish = await hold(thief, "/account/passkeys", body);
    expect((await change(victim)).status).toBe(200);
    expect(await finish()).toContain(" 401 ");
    expect(await sql`select 1 from passkeys where id = ${authenticator.id}`).toHaveLength(0);

    const admin = await join(server, "dripadmin");
    await sql`update accounts set server_role = 'admin' where username = 'dripadmin'`;
    const finishInvite = await hold(admin, "/admin/invites", JSON.stringify({ max_uses: 1000, days: 90 }));
    await asOwner(`/admin/people/${await idOf("dripadmin")}/disable`);
    expect(await finishInvite()).toContain(" 401 ");
    expect(await sql`select 1 from invites where max_uses = 1000`).toHaveLength(0);
  });

  test("a pending address change ends with a reset and with a password change", async () => {
    for (const name of ["planted1", "planted2"]) {
      const attacker = await join(server, name);
      await attacker.post("/account/email", { email: `${name}@evil.example` });
      const planted = tokenOf((await smtp.next(`${name}@evil.example`, /is your code/)).link);
      if (name === "planted1") expect((await reset(await linkFor(name))).status).toBe(200);
      else expect((await change(attacker)).status).toBe(200);
      expect((await problemOf(await new Person(server, "x").post("/verify", { token: planted }))).code).toBe(
        "link_invalid",
      );
      const [row] = await sql`select email from accounts where username = ${name}`;
      expect(row.email).toBe(`${name}@example.org`);
    }
  });

  test("a key planted after the reset mail was sent makes its link worthless", async () => {
    const attacker = await join(server, "latekey");
    const token = await linkFor("latekey");
    await addPasskey(attacker);
    expect((await problemOf(await reset(token))).code).toBe("link_invalid");
    const [row] = await sql`select email_verified_at from accounts where username = 'latekey'`;
    expect(row.email_verified_at).toBeNull();
  });

  test("a link from an old mailbox opens nothing once the address or the password has changed", async () => {
    const person = await join(server, "removed");
    await confirmAddress(person);
    const old = await linkFor("removed");
    await person.post("/account/email", { email: "removed@new.example" });
    await person.post("/verify", {
      token: tokenOf((await smtp.next("removed@new.example", /is your code/)).link),
    });
    expect((await reset(old)).status).toBe(400);
    const second = await join(server, "changed");
    const link = await linkFor("changed");
    await change(second);
    expect((await reset(link, "a third of four words")).status).toBe(400);
  });

  test("[Z03] a reset link an admin made for a member doesn't open their account once they are an owner", async () => {
    await join(server, "promoted");
    const admin = await join(server, "linkadmin");
    await sql`update accounts set server_role = 'admin' where username = 'linkadmin'`;
    const response = await admin.post(`/admin/people/${await idOf("promoted")}/reset-link`, {});
    const { link } = (await response.json()) as { link: string };
    expect((await asOwner(`/admin/people/${await idOf("promoted")}/role`, { role: "owner" })).status).toBe(
      200,
    );
    expect((await reset(tokenOf(link))).status).toBe(400);
  });

  test("a proof required in the middle of an action leads to where it can be given, and back", async () => {
    const person = await join(server, "latechanger");
    await setUpFactor(person);
    await sql`update sessions set proved_at = 0 where account_id = (select id from accounts where username = 'latechanger')`;
    const response = await person.fetch("/account/password", {
      method: "POST",
      body: new URLSearchParams({ current_password: password, password: next, confirm_password: next }),
      headers: { referer: `${server.origin}/account/password` },
    });
    expect([response.status, response.headers.get("location")]).toEqual([
      303,
      "/account/confirm?next=%2Faccount%2Fpassword%3Fdone%3Dagain",
    ]);
    expect((await person.post("/account/confirm", { password, next: "/account/sso/link" })).status).toBe(400);
  });

  test("[A19] an invitation ends with its maker's right to invite", async () => {
    const admin = await join(server, "inviter");
    await sql`update accounts set server_role = 'admin' where username = 'inviter'`;
    const response = await admin.post("/admin/invites", { max_uses: 9, days: 9 });
    const token = new URL(((await response.json()) as { link: string }).link).pathname.replace("/join/", "");
    expect((await new Person(server, "x").fetch(`/join/${token}`)).status).toBe(200);
    await asOwner(`/admin/people/${await idOf("inviter")}/disable`);
    expect((await new Person(server, "x").fetch(`/join/${token}`)).status).toBe(404);
    expect((await new Person(server, "invitee").register({ invite: token })).status).toBe(404);
    await asOwner(`/admin/people/${await idOf("inviter")}/enable`);
    expect((await new Person(server, "invitee").register({ invite: token })).status).toBe(404);
  });

  test("a required factor isn't lost by removing the last passkey", async () => {
    const person = await join(server, "stripper");
    const key = await addPasskey(person);
    await person.post("/account/two-factor/passkeys", {});
    await asOwner(`/admin/people/${await idOf("stripper")}/require-factor`);
    expect((await person.post(`/account/passkeys/${key.id}/remove`, {})).status).toBe(403);
    const [row] = await sql`select factor_on_at from accounts where username = 'stripper'`;
    expect(row.factor_on_at).not.toBeNull();
  });

  test("sending the set-up form twice shows no second set of codes, and the first ones stay valid", async () => {
    const person = await join(server, "reloader");
    const start = await person.post("/account/two-factor/start", {});
    const { seed, enrolment } = (await start.json()) as { seed: string; enrolment: string };
    const send = () =>
      person.post("/account/two-factor", { enrolment, code: new AuthenticatorApp(seed).code() });
    const first = (await (await send()).json()) as { recovery_codes: string[] };
    expect((await problemOf(await send())).code).toBe("second_factor_on");
    const browser = new Person(server, "reloader");
    await browser.signIn();
    expect((await browser.post("/login/code", { code: first.recovery_codes[0] })).status).toBe(200);
  });

  test("[L04] [L06] of 200 wrong guesses at once from one address few are checked, and no neighbour locks out a known browser", async () => {
    const fresh = await createTestData("postgres");
    const limited = await startServer(fresh, { env: { LOGIN_FAILURES_PER_ADDRESS: "10" } });
    const bob = await join(limited, "bob");
    const guesses = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        new Person(limited, "x").post("/login", { username: `guess${index}`, password: "wrong password" }),
      ),
    );
    const looked = guesses.filter((response) => response.status === 401).length;
    // Guesses whose hash was under way when the tenth failed exceed it, by at most the number of cores.
    expect(looked).toBeLessThanOrEqual(10 + 2 * navigator.hardwareConcurrency);
    expect((await bob.signIn()).status).toBe(200);
    expect((await new Person(limited, "bob").signIn()).status).toBe(429);
    await limited.stop();
    await fresh.remove();
  }, 60_000);

  test("[A20] no text a person can choose breaks the audit log's chain", async () => {
    const person = await join(server, "chainbreaker");
    await addPasskey(person, `${"a".repeat(59)}😀😀`);
    const { child, output, finished } = spawnServer(
      { ...data.env, BCRYPT_COST: "10" },
      { args: ["admin", "audit-verify"] },
    );
    await finished;
    expect([child.exitCode, output()]).toEqual([0, expect.stringContaining("The audit log is intact")]);
  });

  test("no text from a stranger's User-Agent gets into a mail", async () => {
    const person = await join(server, "mailed");
    await confirmAddress(person);
    const words = "Unlock your account at https://help.example/unlock";
    await fetch(`${server.url}/login`, {
      method: "POST",
      headers: { origin: server.origin, "content-type": "application/json", "user-agent": words },
      body: JSON.stringify({ username: "mailed", password }),
    });
    const mail = await smtp.next("mailed@example.org", /New sign-in/);
    expect(mail.text + mail.html).not.toContain("help.example");
    expect(mail.text).toContain("Unknown device");
  });

  test("[A15] NUL and malformed text are refused wherever text is accepted, never with a fault", async () => {
    const person = await join(server, "nuller");
    const key = await addPasskey(person);
    const answers = [
      await person.post("/login/passkey", {
        response: { ...key.answer(await passkeyOptions(person, "/login/passkey/options")), id: "\0" },
      }),
      await person.post("/account/passkeys/%00/rename", { name: "x" }),
      await person.post("/account/email", { email: "a\0@example.org" }),
      await person.post("/forgot", { email: "a\0@example.org" }),
      await person.post("/verify", { token: "\0" }),
      await person.post("/login/code", { code: "\0" }),
      await alice.fetch("/api/admin/people?search=%00"),
      await alice.fetch("/api/admin/people?after=%00"),
      await alice.fetch("/api/admin/audit?who=%00"),
      await alice.fetch("/admin/people/%00"),
      await person.fetch("/join/%00"),
      await asOwner("/admin/invites", { max_uses: 1, days: 1, note: "\0" }),
    ];
    for (const response of answers) {
      expect(response.status, response.url).toBeGreaterThanOrEqual(400);
      expect(response.status, response.url).toBeLessThan(500);
    }
  });

  test("confirming and changing an address at the same time causes no fault, in either order", async () => {
    const person = await join(server, "meeting");
    const faults: number[] = [];
    for (let round = 0; round < 4; round++) {
      await sql`delete from verification_mails`;
      await person.post("/account/email", { email: `meeting${round}@example.org` });
      const token = tokenOf((await smtp.next(`meeting${round}@example.org`, /is your code/)).link);
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          index % 2
            ? person.post("/account/email", { email: `meeting${round}-${index}@example.org` })
            : new Person(server, "x").post("/verify", { token }),
        ),
      );
      faults.push(...answers.map((response) => response.status).filter((status) => status >= 500));
    }
    expect(faults).toEqual([]);
  }, 30_000);

  test("a username can be changed three times a day, so that nobody hoards usernames", async () => {
    const person = await join(server, "collector");
    const statuses: number[] = [];
    for (let index = 0; index < 5; index++)
      statuses.push((await person.post("/account/username", { username: `collected${index}` })).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
  });

  test("after a rename, open sockets use the new name", async () => {
    const person = await join(server, "oldname");
    const [socket, watcher] = [await person.enter(), await alice.enter()];
    await person.post("/account/username", { username: "newname" });
    await person.post("/account/profile", { display_name: "New Name" });
    await socket.sayAndWait("who is this");
    await watcher.until(() => watcher.messageTexts.includes("who is this"));
    expect(watcher.events.at(-1)!.actor).toMatchObject({ username: "newname", displayName: "New Name" });
    socket.close();
    watcher.close();
  });
});

/** Sends a request except for the last byte of its body; the returned function sends that and reads the response. */
async function hold(person: Person, path: string, body: string): Promise<() => Promise<string>> {
  const bytes = Buffer.from(body);
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: localhost:${person.server.port}`,
    `Origin: ${person.server.origin}`,
    `Cookie: ${person.cookieHeader}`,
    "Content-Type: application/json",
    `Content-Length: ${bytes.length}`,
    "Connection: close",
  ].join("\r\n");
  const socket = connect(person.server.port, "127.0.0.1");
  let answer = "";
  const done = new Promise<string>((resolve, reject) => {
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
  await new Promise<void>((resolve) => socket.write(`${head}\r\n\r\n`, () => resolve()));
  await new Promise<void>((resolve) => socket.write(bytes.subarray(0, -1), () => resolve()));
  // By now the server has checked the session; there is no signal to wait for.
  await Bun.sleep(100);
  return () => {
    socket.write(bytes.subarray(-1));
    return done;
  };
}
