import { describe, expect, test } from "bun:test";
import { findTotpStep } from "../../server/src/auth/totp.ts";
import { AuthenticatorApp, setUpFactor } from "../support/factors.ts";
import { join, Person, password, problemOf } from "../support/person.ts";
import { describeServer } from "../support/use-server.ts";

type Account = { hasFactor: boolean; recoveryCodesLeft: number; notices: { kind: string }[] };

describe("an authenticator app's code", () => {
  const seed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
  const app = new AuthenticatorApp(seed);
  const stepMs = 30_000;
  const start = 1_700_000_010_000 - (1_700_000_010_000 % stepMs);
  const step = start / stepMs;

  test("[M02] [B6] is valid for its 30 seconds, and 30 before and after: phones' clocks are off, and people type slowly", () => {
    const code = app.code(start);
    const at = (ms: number) => findTotpStep(seed, code, start + ms, { lastStep: 0 });
    expect([at(0), at(29_999), at(2 * stepMs - 1), at(-stepMs)]).toEqual([step, step, step, step]);
    expect([at(2 * stepMs), at(3 * stepMs), at(-stepMs - 1)]).toEqual([null, null, null]);
  });

  test("[M01] is valid once, and none older than the last one used is", () => {
    const code = app.code(start);
    expect(findTotpStep(seed, code, start, { lastStep: step })).toBeNull();
    expect(findTotpStep(seed, code, start, { lastStep: step - 1 })).toBe(step);
    // The previous code is still valid by time, but older than the one that was used. Nor does a later one work twice.
    expect(findTotpStep(seed, app.code(start - stepMs), start + 5000, { lastStep: step })).toBeNull();
    expect(findTotpStep(seed, app.code(start + stepMs), start, { lastStep: step + 1 })).toBeNull();
  });

  test("is six digits and nothing else", () => {
    for (const text of ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345", "1e5", " 12345"]) {
      expect(findTotpStep(seed, text, start, { lastStep: 0 }), text).toBeNull();
    }
  });
});

describeServer("the second factor", { only: "postgres", people: ["alice"] }, ({ server, sql }) => {
  const readAccount = async (person: Person) =>
    (await (await person.fetch("/api/account")).json()) as Account;
  const sendCode = (person: Person, code: string, more: object = {}) =>
    person.post("/login/code", { code, ...more });
  /** Makes the current codes usable again, as if half a minute had passed. */
  const forgetSteps = (name: string) => sql`update accounts set totp_last_step = 0 where username = ${name}`;

  async function guarded(name: string) {
    const person = await join(server, name);
    const factor = await setUpFactor(person);
    await forgetSteps(name);
    return { person, ...factor, browser: () => new Person(server, name) };
  }

  test("[M06] it is active only after a valid code; an abandoned enrolment changes nothing", async () => {
    const person = await join(server, "starter");
    const read = () => sql`select * from accounts where username = 'starter'`;
    const [before] = await read();
    const start = async () => {
      const response = await person.post("/account/two-factor/start", {});
      return (await response.json()) as { seed: string; uri: string; enrolment: string };
    };
    const abandoned = await start();
    const { seed, uri, enrolment } = await start();
    expect(seed).not.toBe(abandoned.seed);
    expect(uri).toContain(`secret=${seed}`);
    const send = (code: string, by = person) => by.post("/account/two-factor", { enrolment, code });
    const wrong = await send("000000");
    expect([wrong.status, (await problemOf(wrong)).code]).toEqual([401, "code_wrong"]);
    // Somebody else's enrolment and a forged one do not work.
    const bob = await join(server, "bob");
    expect((await problemOf(await send(new AuthenticatorApp(seed).code(), bob))).code).toBe(
      "challenge_ended",
    );
    const forged = await person.post("/account/two-factor", {
      enrolment: `${enrolment.startsWith("A") ? "B" : "A"}${enrolment.slice(1)}`,
      code: "123456",
    });
    expect((await problemOf(forged)).code).toBe("challenge_ended");
    const [after] = await read();
    expect(after).toEqual(before);
    expect((await new Person(server, "starter").signIn()).status).toBe(200);
    const done = await send(new AuthenticatorApp(seed).code());
    expect(done.status).toBe(200);
    expect((await readAccount(person)).hasFactor).toBe(true);
    expect((await new Person(server, "starter").signIn()).status).toBe(401);
  });

  test("[M08] [A9] the password alone opens nothing: no cookie of the first step opens any route, no key in the body gets around it", async () => {
    const { browser, app } = await guarded("half");
    const attacker = browser();
    const half = await attacker.signIn();
    expect([half.status, (await problemOf(half)).code]).toEqual([401, "second_factor_required"]);
    expect([...attacker.cookies.keys()]).toEqual(["novax_challenge"]);
    const challenge = attacker.cookies.get("novax_challenge")!;
    const [row] = await sql`
      select count(*)::int as count from sessions s join accounts a on a.id = s.account_id
      where a.username = 'half' and s.ended_at is null`;
    expect(row.count).toBe(1);
    // The cookie as it is, and under the names of the session and device cookies.
    for (const name of ["novax_challenge", "novax_session", "novax_device"]) {
      const thief = browser();
      thief.cookies.set("novax_challenge", challenge);
      thief.cookies.set(name, challenge);
      for (const path of ["/api/messages", "/api/account", "/api/account/devices", "/api/openapi.json"])
        expect((await thief.fetch(path)).status, `${name} ${path}`).toBe(401);
      expect((await thief.fetch("/chat")).headers.get("location")).toMatch(/^\/(?:\?done=session-ended)?$/);
      expect((await thief.post("/account/two-factor/disable", {})).status).toBe(401);
      await expect(thief.open("novax.v1")).rejects.toThrow();
    }
    for (const extra of [
      { code: app.code() },
      { cas: true },
      { hasFactor: true },
      { second_factor: "totp" },
    ]) {
      const response = await browser().post("/login", { username: "half", password, ...extra });
      expect(response.status).toBe(400);
    }
    for (const code of [null, [app.code()], { $ne: "" }, 123456, true])
      expect((await attacker.post("/login/code", { code })).status).toBe(400);
    expect((await sendCode(attacker, app.code(), { isTrusted: true })).status).toBe(400);
    expect((await sendCode(browser(), app.code())).status).toBe(401);
    expect((await sendCode(attacker, app.code())).status).toBe(200);
    expect((await attacker.fetch("/api/messages")).status).toBe(200);
  });

  test("[M01] the same code twice is refused", async () => {
    const { browser, app } = await guarded("twice");
    const code = app.code();
    const [first, second] = [browser(), browser()];
    await Promise.all([first.signIn(), second.signIn()]);
    expect((await sendCode(first, code)).status).toBe(200);
    const again = await sendCode(second, code);
    expect([again.status, (await problemOf(again)).code]).toEqual([401, "code_wrong"]);
    // The answered challenge is gone, too.
    expect((await problemOf(await sendCode(first, code))).code).toBe("challenge_ended");
  });

  test("[M01] [A10] of 50 uses of one code at once one opens a session", async () => {
    const { browser, app } = await guarded("raced");
    // Ten sign-ins waiting for their factor, with five tries each.
    const browsers = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const one = browser();
        await one.signIn();
        return one;
      }),
    );
    const code = app.code();
    const answers = await Promise.all(
      browsers.flatMap((one) => Array.from({ length: 5 }, () => sendCode(one, code))),
    );
    expect(answers.filter((response) => response.status === 200)).toHaveLength(1);
  });

  test("[M03] [A10] of 50 wrong codes at once at most five are checked, and the sign-in ends", async () => {
    const { browser, app } = await guarded("guessed");
    const attacker = browser();
    await attacker.signIn();
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const response = await sendCode(attacker, "000000");
        return response.status === 401 ? (await problemOf(response)).code : String(response.status);
      }),
    );
    expect(answers.filter((answer) => answer === "code_wrong").length).toBeLessThanOrEqual(5);
    const right = await sendCode(attacker, app.code());
    expect([401, 429]).toContain(right.status);
    expect(right.headers.getSetCookie().join()).not.toContain("novax_session");
  });

  test("[M03] an account allows ten wrong codes in 15 minutes across all its sign-ins; then the right one is 429, too", async () => {
    const { browser, app } = await guarded("limited");
    let last = browser();
    for (let round = 0; round < 2; round++) {
      last = browser();
      await last.signIn();
      for (let index = 0; index < 5; index++) expect((await sendCode(last, "000000")).status).toBe(401);
      expect((await problemOf(await sendCode(last, app.code()))).code).toBe("challenge_ended");
    }
    const third = browser();
    await third.signIn();
    const refused = await sendCode(third, app.code());
    expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([429, true]);
  });

  test("[M04] ten recovery codes of 60 bits, stored keyed with the server's secret; each works once, of 50 uses at once one", async () => {
    const { browser, recoveryCodes } = await guarded("recovered");
    expect(new Set(recoveryCodes).size).toBe(10);
    for (const code of recoveryCodes)
      expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/);
    const stored = await sql`
      select code_mac from recovery_codes r join accounts a on a.id = r.account_id where a.username = 'recovered'`;
    const plainHashes = recoveryCodes.map((code) =>
      new Bun.CryptoHasher("sha256").update(code).digest("hex"),
    );
    for (const row of stored) expect(plainHashes).not.toContain(Buffer.from(row.code_mac).toString("hex"));
    const browsers = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const one = browser();
        await one.signIn();
        return one;
      }),
    );
    const answers = await Promise.all(
      browsers.flatMap((one) => Array.from({ length: 5 }, () => sendCode(one, recoveryCodes[0]!))),
    );
    const won = answers.filter((response) => response.status === 200);
    expect(won).toHaveLength(1);
  });

  test("[M04] using a recovery code notifies the owner of how many are left", async () => {
    const { browser, recoveryCodes } = await guarded("counting");
    const one = browser();
    await one.signIn();
    // As somebody would copy it from paper.
    const typed = recoveryCodes[3]!
      .toLowerCase()
      .replaceAll("-", " ")
      .replaceAll("0", "o")
      .replaceAll("1", "l");
    expect((await sendCode(one, typed)).status).toBe(200);
    const account = await readAccount(one);
    expect(account.recoveryCodesLeft).toBe(9);
    expect(account.notices.map((notice) => notice.kind)).toContain("recovery_code_used");
  });

  test("a sign-in waiting for its factor ends when the password or the factor changes", async () => {
    const { person, browser, app, recoveryCodes } = await guarded("changing");
    const waiting = browser();
    await waiting.signIn();
    const next = "another four quiet words";
    const change = { current_password: password, password: next, confirm_password: next };
    expect((await person.post("/account/password", change)).status).toBe(200);
    expect((await sendCode(waiting, app.code())).status).toBe(401);
    expect((await sendCode(waiting, recoveryCodes[0]!)).status).toBe(401);
    expect(waiting.sessionToken).toBeUndefined();
  });

  test("[L11] a wrong second factor notifies the owner, because the sender knew the password", async () => {
    const { person, browser } = await guarded("warned");
    const attacker = browser();
    await attacker.signIn();
    await sendCode(attacker, "000000");
    await sendCode(attacker, "000001");
    const { notices } = await readAccount(person);
    expect(notices.filter((notice) => notice.kind === "wrong_code")).toHaveLength(1);
  });

  test("[A14] an unknown key in the body sets nothing", async () => {
    const person = await join(server, "massive");
    const [before] = await sql`select * from accounts where username = 'massive'`;
    const extras = {
      role: "owner",
      server_role: "owner",
      isAdmin: true,
      factor_on_at: 1,
      email_verified_at: 1,
      account_id: "x",
      ["__proto__"]: { a: 1 },
    };
    for (const [path, body] of [
      ["/account/profile", { display_name: "M" }],
      ["/account/two-factor/start", {}],
      ["/account/confirm", { password }],
      ["/account/email/verify", { code: "1" }],
      ["/account/devices/end-others", {}],
      ["/forgot", { email: "a@example.org" }],
      ["/verify", { token: "x" }],
    ] as [string, object][]) {
      for (const [key, value] of Object.entries(extras))
        expect((await person.post(path, { ...body, [key]: value })).status, `${path} ${key}`).toBe(400);
      const raw = await person.fetch(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body).replace(
          "{",
          `{"__proto__":{"x":1}${Object.keys(body).length > 0 ? "," : ""}`,
        ),
      });
      expect(raw.status, path).toBe(400);
    }
    const [after] = await sql`select * from accounts where username = 'massive'`;
    expect(after).toEqual(before);
  });

  test("the recovery codes can be downloaded, and no other content can be delivered as that file", async () => {
    const { person, recoveryCodes } = await guarded("paper");
    const send = (codes: string) =>
      person.fetch("/account/two-factor/recovery-codes/download", {
        method: "POST",
        body: new URLSearchParams({ codes }),
      });
    const file = await send(recoveryCodes.join(" "));
    expect(file.headers.get("content-disposition")).toContain("attachment");
    expect(await file.text()).toContain(recoveryCodes[9]!);
    for (const codes of ["<script>", "rm -rf /", recoveryCodes.concat(recoveryCodes).join(" "), ""])
      expect((await send(codes)).status).toBe(400);
  });
});
