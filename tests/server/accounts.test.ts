import { expect, test } from "bun:test";
import { closeCodes } from "@novax/protocol/close-codes";
import { hueDistance, hueOf } from "@novax/protocol/hue";
import fc from "fast-check";
import { mannWhitneyP } from "../support/mann-whitney.ts";
import { join, Person, password, problemOf, untilTaken } from "../support/person.ts";
import { createTestData, startServer } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

describeServer("accounts", { only: "postgres", people: ["alice", "bob"] }, ({ server, sql }) => {
  let count = 0;
  const fresh = () => new Person(server, `person${count++}`);

  test("[O04] the first account is the owner, later ones are members", async () => {
    const rows =
      await sql`select username, server_role from accounts where username in ('alice', 'bob') order by username`;
    expect(rows.map((row: { server_role: string }) => row.server_role)).toEqual(["owner", "member"]);
  });

  test("[V18] the people of a small team have colours that are told apart", async () => {
    for (let at = 0; at < 8; at++) await join(server, `colour-${at}`);
    const rows = await sql`select id from accounts order by id desc limit 10`;
    const hues = rows.map((row: { id: string }) => hueOf(row.id));
    for (const [at, hue] of hues.entries())
      for (const other of hues.slice(at + 1)) expect(hueDistance(hue, other)).toBeGreaterThan(0);
  });

  test("[P01] [P02] [P04] [P09] a password that breaks a rule is refused with the reason, and no account is created", async () => {
    const refused = {
      short: "password_too_short",
      ["x".repeat(129)]: "password_too_long",
      password123: "password_common",
      "nul\0nul\0nul": "password_invalid",
    };
    for (const [text, code] of Object.entries(refused)) {
      const person = fresh();
      const response = await person.register({ password: text, confirm_password: text });
      expect(response.status).toBe(422);
      expect(await problemOf(response)).toMatchObject({ code, field: "password" });
      expect(await sql`select 1 from accounts where username = ${person.username}`).toHaveLength(0);
    }
    const weak = fresh();
    const response = await weak.register({
      password: `${weak.username}1!`,
      confirm_password: `${weak.username}1!`,
    });
    expect(await problemOf(response)).toMatchObject({ code: "password_common" });
  });

  test("[P03] a passphrase of lower-case letters and spaces is fine", async () => {
    const text = "a mild tea at ten";
    expect((await fresh().register({ password: text, confirm_password: text })).status).toBe(200);
  });

  test("[P05] passwords that differ only after 72 bytes are different passwords", async () => {
    const person = fresh();
    const long = (end: string) => "correct-horse-battery-staple-".repeat(3).slice(0, 72) + end;
    expect((await person.register({ password: long("b"), confirm_password: long("b") })).status).toBe(200);
    expect((await person.signIn(long("c"))).status).toBe(401);
    expect((await person.signIn(long("b"))).status).toBe(200);
  });

  test("[P06] the stored hash is bcrypt, and contains nothing of the password", async () => {
    const [row] = await sql`select password_hash from accounts where username = 'alice'`;
    expect(row.password_hash).toMatch(/^\$2[aby]\$10\$.{53}$/);
  });

  test("[P07] a hash of lower cost or another algorithm is renewed at the next sign-in", async () => {
    const person = await join(server, "oldtimer");
    const old = [
      await Bun.password.hash(password, { algorithm: "bcrypt", cost: 5 }),
      await Bun.password.hash(password, { algorithm: "argon2id", memoryCost: 1024, timeCost: 2 }),
    ];
    for (const hash of old) {
      await sql`update accounts set password_hash = ${hash} where username = 'oldtimer'`;
      expect((await person.signIn()).status).toBe(200);
      const [row] = await sql`select password_hash from accounts where username = 'oldtimer'`;
      expect(row.password_hash).toMatch(/^\$2[aby]\$10\$/);
    }
  });

  test("[P09] a megabyte of password is refused before anything is hashed", async () => {
    const time = async (password: string, status: number) => {
      const startedAt = performance.now();
      const response = await new Person(server, "x").post("/login", { username: "nobody", password });
      expect(response.status).toBe(status);
      return performance.now() - startedAt;
    };
    const times = { megabyte: [] as number[], hashed: [] as number[] };
    for (let turn = 0; turn < 5; turn++) {
      times.megabyte.push(await time("a".repeat(1_000_000), 413));
      times.hashed.push(await time(`wrong password ${turn}`, 401));
    }
    // The fastest of each, because a busy machine is slow now and then.
    expect(Math.min(...times.megabyte)).toBeLessThan(Math.min(...times.hashed));
  });

  test("[P08] changing the password needs the current one; a wrong one is 403 and counts as a failed sign-in", async () => {
    const person = await join(server, "changer");
    const other = await person.inAnotherBrowser();
    const next = "another four quiet words";
    const change = (current: unknown, more: object = {}) =>
      person.post("/account/password", {
        current_password: current,
        password: next,
        confirm_password: next,
        ...more,
      });
    expect((await new Person(server, "x").post("/account/password", {})).status).toBe(401);
    expect((await person.post("/account/password", { password: next, confirm_password: next })).status).toBe(
      400,
    );
    const wrong = await change("not my password");
    expect([wrong.status, (await problemOf(wrong)).code]).toEqual([403, "current_password_wrong"]);
    expect((await problemOf(await change(password, { confirm_password: "x" }))).code).toBe(
      "passwords_differ",
    );
    expect(
      (await problemOf(await change(password, { password: "password123", confirm_password: "password123" })))
        .code,
    ).toBe("password_common");
    const socket = await other.enter();
    const before = person.sessionToken;
    expect((await change(password)).status).toBe(200);
    // Every session except the new one has ended, with its sockets.
    expect(person.sessionToken).not.toBe(before);
    expect((await person.fetch("/api/messages")).status).toBe(200);
    expect((await socket.closed).code).toBe(closeCodes.sessionEnded);
    expect((await other.fetch("/api/messages")).status).toBe(401);
    expect((await new Person(server, "changer").signIn()).status).toBe(401);
    expect((await new Person(server, "changer").signIn(next)).status).toBe(200);
    // The first wrong one still counts.
    for (let index = 0; index < 4; index++) expect((await change("not my password")).status).toBe(403);
    expect((await change(next)).status).toBe(429);
  });

  test("[P08] the page to change a password works without scripts and shows errors", async () => {
    const person = await join(server, "formchanger");
    const submit = (fields: Record<string, string>) =>
      person.fetch("/account/password", {
        method: "POST",
        body: new URLSearchParams(fields),
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
    const next = "another four quiet words";
    const wrong = await submit({ current_password: "nonsense", password: next, confirm_password: next });
    expect(wrong.status).toBe(403);
    expect(await wrong.text()).toContain("Wrong current password.");
    const right = await submit({ current_password: password, password: next, confirm_password: next });
    expect([right.status, right.headers.get("location")]).toEqual([303, "/account?done=password"]);
    expect(
      (await fetch(`${server.url}/account/password`, { redirect: "manual" })).headers.get("location"),
    ).toBe("/");
  });

  test("a sign-in under way doesn't survive a password change, and of two changes at once one wins", async () => {
    for (let round = 0; round < 6; round++) {
      const person = await join(server, `racer${round}`);
      const next = "another four quiet words";
      const change = { current_password: password, password: next, confirm_password: next };
      const strangers = Array.from({ length: 4 }, () => new Person(server, person.username));
      const answers = await Promise.all([
        person.post("/account/password", change),
        ...strangers.map(async (stranger, index) => {
          await Bun.sleep(index * 40);
          return stranger.signIn();
        }),
      ]);
      expect(answers[0]!.status).toBe(200);
      for (const stranger of strangers) expect((await stranger.fetch("/api/messages")).status).toBe(401);
    }
    const twin = await join(server, "twin");
    const changes = ["first of four words", "second of four words"].map((next) =>
      twin.post("/account/password", { current_password: password, password: next, confirm_password: next }),
    );
    // The first change ended the session that the second one came with.
    expect((await Promise.all(changes)).map((response) => response.status).sort()).toEqual([200, 401]);
  }, 60_000);

  test("[W06] registering in a signed-in browser ends the old session, with its sockets", async () => {
    const person = await join(server, "switcher");
    const socket = await person.enter();
    const other = new Person(server, "switched");
    for (const [name, value] of person.cookies) other.cookies.set(name, value);
    expect((await other.register()).status).toBe(200);
    expect((await socket.closed).code).toBe(closeCodes.sessionEnded);
  });

  test("[L06] many people behind one address can sign in at once", async () => {
    const data = await createTestData("postgres");
    const office = await startServer(data, { env: { LOGIN_FAILURES_PER_ADDRESS: "10" } });
    const people = await Promise.all(Array.from({ length: 16 }, (_, index) => join(office, `clerk${index}`)));
    const answers = await Promise.all(people.map((person) => new Person(office, person.username).signIn()));
    expect(answers.map((response) => response.status)).toEqual(Array<number>(16).fill(200));
    await office.stop();
    await data.remove();
  }, 60_000);

  test("[L01] [L03] an unknown username, a wrong password and a malformed username get the same response, byte for byte", async () => {
    const answers = await Promise.all(
      [
        "bob",
        "nobody-of-this-name",
        "not a name at all!",
        "nul\0nul",
        "bob\ud800",
        "x".repeat(300),
        "",
        "bob' or 1=1 --",
      ].map(async (username) => {
        const response = await new Person(server, username).post("/login", {
          username,
          password: "wrong password",
        });
        return `${response.status} ${await response.text()}`;
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toStartWith("401 ");
  });

  test("[L02] an unknown username takes as long as a known one", async () => {
    const time = async (username: string) => {
      const startedAt = performance.now();
      await new Person(server, "x").post("/login", { username, password: "wrong password" });
      return performance.now() - startedAt;
    };
    await time("warm-up");
    const compare = async (run: number) => {
      const times = { known: [] as number[], unknown: [] as number[] };
      for (let index = 0; index < 30; index++) await join(server, `timed${run}-${index}`);
      for (let index = 0; index < 30; index++) {
        // Alternate which comes first, so that what one run leaves behind does not always affect the same side.
        const kinds = index % 2 ? (["known", "unknown"] as const) : (["unknown", "known"] as const);
        for (const kind of kinds) {
          times[kind].push(await time(kind === "known" ? `timed${run}-${index}` : `untimed${run}-${index}`));
        }
      }
      return mannWhitneyP(times.known, times.unknown);
    };
    // Equal distributions differ this much once in a hundred runs; a real difference shows every time.
    const values = [await compare(0)];
    while (values.at(-1)! <= 0.01 && values.length < 3) values.push(await compare(values.length));
    expect(Math.max(...values)).toBeGreaterThan(0.01);
  }, 60_000);

  test("[L04] the sixth failure in a row is 429 with Retry-After, and so is the right password after it", async () => {
    const victim = await join(server, "victim");
    const stranger = () => new Person(server, "victim");
    for (let index = 0; index < 5; index++)
      expect((await stranger().signIn("wrong password")).status).toBe(401);
    const refused = await stranger().signIn("wrong password");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await stranger().signIn()).status).toBe(429);
    // A stranger's failures do not lock out the person's own known browser.
    expect((await victim.signIn()).status).toBe(200);
  });

  test("[L04] a known browser has its own limit", async () => {
    const person = await join(server, "forgetful");
    for (let index = 0; index < 5; index++) expect((await person.signIn("wrong password")).status).toBe(401);
    expect((await person.signIn()).status).toBe(429);
    expect((await new Person(server, "forgetful").signIn()).status).toBe(200);
  });

  test("[L04] of 50 wrong guesses at once at most five are checked", async () => {
    await join(server, "raced");
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        untilTaken(() => new Person(server, "raced").signIn("wrong password")),
      ),
    );
    expect(answers.filter((response) => response.status === 401)).toHaveLength(5);
    expect(answers.filter((response) => response.status === 429)).toHaveLength(45);
  });

  test("[L05] after a hundred failures in a row the password alone no longer signs in", async () => {
    await join(server, "besieged");
    await sql`update accounts set failures_in_a_row = 99 where username = 'besieged'`;
    expect((await new Person(server, "besieged").signIn("wrong password")).status).toBe(401);
    expect((await new Person(server, "besieged").signIn()).status).toBe(401);
  });

  test("[L10] a used e-mail address gets the same response as a new one", async () => {
    const first = await fresh().register({ email: "shared@example.org" });
    const second = await fresh().register({ email: "shared@example.org" });
    expect([first.status, second.status]).toEqual([200, 200]);
  });

  test("a username is plain letters, unique regardless of case, and not a reserved name", async () => {
    const invalid = [
      "a",
      "x".repeat(33),
      "two words",
      "tab\tbed",
      "аlice",
      "al\u202eice",
      "-dash",
      "dot.",
      "admin",
      "novaX",
      "<b>",
      "ali\u0000ce",
    ];
    for (const username of invalid) {
      const response = await new Person(server, "x").register({ username });
      expect(response.status, username).toBe(422);
      expect(await problemOf(response)).toMatchObject({ code: "username_invalid", field: "username" });
    }
    expect((await new Person(server, "ALICE").register()).status).toBe(409);
  });

  test("of 20 people who want the same username at once one gets it", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => untilTaken(() => new Person(server, "unique").register())),
    );
    expect(answers.map((response) => response.status).sort()).toEqual([200, ...Array<number>(19).fill(409)]);
  });

  test("an e-mail address must look like one", async () => {
    for (const email of [
      "",
      "alice",
      "@b",
      "a@",
      "a@b..c",
      "jörg@example.org",
      "a b@example.org",
      "a@пример рф",
      `${"a".repeat(250)}@example.org`,
    ]) {
      const response = await fresh().register({ email });
      expect(await problemOf(response)).toMatchObject({ code: "email_invalid", field: "email" });
    }
  });

  test("[A14] an unknown key in a request is refused, and changes nothing", async () => {
    const before = await sql`select * from accounts order by id`;
    for (const extra of [{ server_role: "owner" }, { isAdmin: true }, { id: "x" }, { createdAt: 0 }]) {
      const response = await fresh().register(extra);
      expect(response.status).toBe(400);
      expect(await problemOf(response)).toMatchObject({ code: "malformed" });
    }
    const polluted = await fresh().fetch("/login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"username":"alice","password":"x","__proto__":{"isAdmin":true}}',
    });
    expect(polluted.status).toBe(400);
    expect(await sql`select * from accounts order by id`).toEqual(before);
  });

  test("[A15] any JSON as a body gets a response, never a fault", async () => {
    const paths = ["/login", "/register", "/logout"];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 3 }), async (path, body) => {
        const response = await new Person(server, "x").post(path, body);
        expect(response.status).toBeWithin(200, 500);
        await response.body?.cancel();
      }),
      { numRuns: 150 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.record({ username: fc.jsonValue({ maxDepth: 1 }), password: fc.jsonValue({ maxDepth: 1 }) }),
        async (body) => {
          const response = await new Person(server, "x").post("/login", body);
          expect([400, 401, 429]).toContain(response.status);
          await response.body?.cancel();
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);
});
