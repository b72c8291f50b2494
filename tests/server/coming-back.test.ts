// Signing in as people do it: by email address, from a link, on a phone whose keyboard adds things.
import { expect, test } from "bun:test";
import { setUpFactor } from "../support/factors.ts";
import { tokenOf } from "../support/mail.ts";
import { join, Person, password, problemOf } from "../support/person.ts";
import { describeServer } from "../support/use-server.ts";

const options = {
  only: "postgres",
  hasMail: true,
  env: { LOGIN_FAILURES_PER_ADDRESS: "1000", SECURITY_CONTACT: "security@example.org" },
  people: ["alice", "bob"],
} as const;

describeServer("coming back", options, ({ server, sql, smtp, alice, bob }) => {
  const confirm = async (email: string) => {
    await new Person(server, "x").post("/verify", { token: tokenOf((await smtp.next(email, /code/)).link) });
  };
  const signIn = async (username: string, secret: string = password) => {
    const person = new Person(server, username);
    const response = await person.post("/login", { username, password: secret });
    return { person, status: response.status, answer: response.ok ? null : await problemOf(response) };
  };

  test("[B5] a confirmed email address signs in, in any case, and so does a name written as a mention or with spaces", async () => {
    await confirm("bob@example.org");
    for (const name of ["bob@example.org", " BOB@example.org ", "@bob", "bob ", " @BOB "]) {
      const { status, person } = await signIn(name);
      expect([name, status]).toEqual([name, 200]);
      expect((await (await person.fetch("/api/account")).json()) as object).toMatchObject({
        username: "bob",
      });
    }
    const long = "n".repeat(32);
    await join(server, long);
    expect((await signIn(`${long} `)).status).toBe(200);
  });

  test("[B5] an address that nobody confirmed signs nobody in, and its answer is that of an unknown one", async () => {
    const unconfirmed = await signIn("alice@example.org");
    const unknown = await signIn("nobody@example.org");
    expect([unconfirmed.status, unconfirmed.answer]).toEqual([unknown.status, unknown.answer]);
    expect(unconfirmed.answer!.detail).toContain("username");
    expect((await signIn("bob@example.org", "not the password")).answer).toEqual(unknown.answer);
    // Whether somebody else has failed with a name tells nothing about whose address one asks for.
    for (let attempt = 0; attempt < 6; attempt++) await signIn("bob", "wrong password here");
    expect((await signIn("bob")).status).toBe(429);
    expect((await signIn("bob@example.org", "wrong password here")).status).toBe(401);
  });

  test("[B4] addresses that a browser takes are taken; a name in another script is one address in both forms", async () => {
    for (const [name, email] of [
      ["intranet", "me@intranet"],
      ["ampersand", "a&b@example.org"],
      ["umlaut", "user@bücher.example"],
    ] as const)
      expect([email, (await new Person(server, name).register({ email })).status]).toEqual([email, 200]);
    await new Person(server, "ivan").register({ email: "user@пример.рф" });
    const [row] = await sql`select email from accounts where username = 'ivan'`;
    expect(row.email).toBe("user@xn--e1afmkfd.xn--p1ai");
    await confirm("user@пример.рф");
    for (const email of ["user@пример.рф", "USER@XN--E1AFMKFD.XN--P1AI"])
      expect([email, (await signIn(email)).status]).toEqual([email, 200]);
    const ivan = (await signIn("ivan")).person;
    expect(await (await ivan.fetch("/account")).text()).toContain("user@пример.рф");
  });

  test("[B6] a code is taken in digits of any width, with a dash or a space", async () => {
    const person = await join(server, "wide");
    const { app } = await setUpFactor(person);
    await sql`update accounts set totp_last_step = 0 where username = 'wide'`.catch(() => {});
    const { person: again } = await signIn("wide");
    const code = [...(await app.freshCode())].map((digit) => String.fromCodePoint(0xff10 + Number(digit)));
    const typed = `${code.slice(0, 3).join("")}-${code.slice(3).join("")}`;
    expect((await again.post("/login/code", { code: typed })).status).toBe(200);
  }, 45_000);

  test("[B17] a link that was opened signed out is where one is after signing in, by form, by program and with a code", async () => {
    const open = (person: Person, path: string) => person.fetch(path, { headers: { accept: "text/html" } });
    const submit = (person: Person, path: string, fields: Record<string, string>) =>
      person.fetch(path, {
        method: "POST",
        body: new URLSearchParams(fields).toString(),
        headers: { "content-type": "application/x-www-form-urlencoded", accept: "text/html" },
      });
    const credentials = { username: "alice", password };
    for (const path of [
      "/chat/general/17",
      "/chat?open=inbox",
      "/chat/general",
      "/account/devices",
      "/chat?join=abc-1",
    ]) {
      const person = new Person(server, "alice");
      expect((await open(person, path)).headers.get("location")).toBe("/");
      expect((await submit(person, "/login", credentials)).headers.get("location")).toBe(path);
      // Only once.
      await submit(person, "/logout", {});
      expect((await submit(person, "/login", credentials)).headers.get("location")).toBe("/chat");
    }
    const coded = new Person(server, "coded");
    const maker = await join(server, "coded");
    const { recoveryCodes } = await setUpFactor(maker);
    await open(coded, "/chat/general/3");
    expect((await submit(coded, "/login", { username: "coded", password })).headers.get("location")).toBe(
      "/login/code",
    );
    expect((await submit(coded, "/login/code", { code: recoveryCodes[0]! })).headers.get("location")).toBe(
      "/chat/general/3",
    );
    // Somebody new, by the page's own link.
    const newcomer = new Person(server, "newcomer");
    await open(newcomer, "/chat/general/5");
    const made = await submit(newcomer, "/register", {
      ...{ email: "new@example.org", username: "newcomer", password, confirm_password: password },
    });
    expect(made.headers.get("location")).toBe("/chat/general/5");
  }, 30_000);

  test("[B17] a planted cookie leads nowhere else", async () => {
    for (const path of [
      "//evil.example",
      "/\\evil.example",
      "https://evil.example/chat",
      "/chat/../logout",
      "/account/sso/link",
      "/chat?join=x&y",
      "/chat/general/0x",
      "/api/me",
    ]) {
      const person = new Person(server, "alice");
      person.cookies.set("novax_wanted", encodeURIComponent(path));
      const response = await person.fetch("/login", {
        method: "POST",
        body: new URLSearchParams({ username: "alice", password }).toString(),
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
      expect([path, response.headers.get("location")]).toEqual([path, "/chat"]);
    }
  });

  test("[V13] somebody whose session was ended is told so, and comes back to the page they were on", async () => {
    const person = new Person(server, "alice");
    await person.signIn();
    await alice.post("/account/devices/end-others", {});
    const away = await person.fetch("/chat/general/2", { headers: { accept: "text/html" } });
    expect(away.headers.get("location")).toBe("/?done=session-ended");
    expect(await (await person.fetch("/?done=session-ended")).text()).toContain(
      "You&#39;ve been signed out.",
    );
    await person.signIn();
    expect((await bob.fetch("/")).status).toBe(303);
  });

  test("[B25] an invitation that is opened signed in says so, and security.txt says where to write", async () => {
    const page = await (await alice.fetch("/join/abc")).text();
    expect(page).toContain("already signed in");
    expect(page).toContain("alice");
    const text = await (await fetch(`${server.url}/.well-known/security.txt`)).text();
    expect(text).toMatch(
      /^Contact: mailto:security@example\.org\nExpires: \d{4}-\d\d-\d\dT[\d:.]+Z\nCanonical: /,
    );
  });

  test("[B20] a database fault is logged with its route, constraint and statement, and no value", async () => {
    await sql`alter table accounts add constraint no_nora check (display_name <> 'Nora Secret')`;
    const response = await bob.post("/account/profile", { display_name: "Nora Secret" });
    expect(response.status).toBe(500);
    const { detail } = await problemOf(response);
    const line = server
      .output()
      .split("\n")
      .find((one) => one.includes("request.failed"))!;
    expect(JSON.parse(line)).toMatchObject({
      ...{
        level: "error",
        method: "POST",
        route: "/account/profile",
        constraint: "no_nora",
        table: "accounts",
      },
      statement: expect.stringContaining("update accounts set display_name = ?"),
    });
    expect(detail).toContain((JSON.parse(line) as { faultId: string }).faultId);
    expect(line).not.toContain("Nora");
    await sql`alter table accounts drop constraint no_nora`;
  });
});
