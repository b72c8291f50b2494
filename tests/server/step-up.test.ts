import { expect, test } from "bun:test";
import { addPasskey, setUpFactor } from "../support/factors.ts";
import { join, Person, password, problemOf } from "../support/person.ts";
import { describeServer } from "../support/use-server.ts";

describeServer("what a second factor guards", { only: "postgres", people: ["alice"] }, ({ server, sql }) => {
  const sendCode = (person: Person, code: string, more: object = {}) =>
    person.post("/login/code", { code, ...more });
  /** Makes the current codes usable again, as if half a minute had passed. */
  const forgetSteps = (name: string) => sql`update accounts set totp_last_step = 0 where username = ${name}`;
  const age = (name: string) => sql`
    update sessions set proved_at = proved_at - 301000 where account_id = (select id from accounts where username = ${name})`;

  async function guarded(name: string) {
    const person = await join(server, name);
    const factor = await setUpFactor(person);
    await forgetSteps(name);
    return { person, ...factor, browser: () => new Person(server, name) };
  }

  test("[M05] what weakens the account asks for password and factor again five minutes after sign-in", async () => {
    const { person, app, recoveryCodes } = await guarded("careful");
    const weakening: [string, object][] = [
      ["/account/two-factor/disable", {}],
      ["/account/two-factor/recovery-codes", {}],
      ["/account/two-factor/start", {}],
      ["/account/passkeys/options", {}],
      ["/account/email", { email: "other@example.org" }],
      ["/account/username", { username: "other" }],
      ["/account/devices/end-others", {}],
      ["/account/export", {}],
      ["/account/data", { messages: "keep", is_sure: true }],
      [
        "/account/password",
        {
          current_password: password,
          password: "another four quiet words",
          confirm_password: "another four quiet words",
        },
      ],
    ];
    await age("careful");
    for (const [path, body] of weakening) {
      const response = await person.post(path, body);
      expect([response.status, (await problemOf(response)).code], path).toEqual([401, "reauth_required"]);
    }
    expect((await person.fetch("/api/account/devices")).status).toBe(401);
    const form = await person.fetch("/admin/settings", {
      method: "POST",
      body: new URLSearchParams({ registration: "", factor: "nobody" }),
    });
    expect(form.status).toBe(403);
    const sent = await person.fetch("/account/devices/end-others", {
      method: "POST",
      body: new URLSearchParams(),
      headers: { referer: `${server.origin}/account/devices?done=ended` },
    });
    expect(sent.headers.get("location")).toBe("/account/confirm?next=%2Faccount%2Fdevices%3Fdone%3Dagain");
    const foreign = await person.fetch("/account/devices/end-others", {
      method: "POST",
      body: new URLSearchParams(),
      headers: { referer: "https://evil.example/chat" },
    });
    expect(foreign.headers.get("location")).toBe("/account/confirm?next=%2Faccount%3Fdone%3Dagain");
    // A person is led to the page where they can prove it, and back.
    const led = await person.fetch("/account/devices", { headers: { accept: "text/html" } });
    expect(led.headers.get("location")).toBe("/account/confirm?next=%2Faccount%2Fdevices");
    const confirm = (body: object) => person.post("/account/confirm", body);
    expect((await problemOf(await confirm({ password: "wrong password" }))).code).toBe(
      "current_password_wrong",
    );
    expect((await problemOf(await confirm({ password }))).code).toBe("second_factor_required");
    expect((await problemOf(await confirm({ password, code: "000000" }))).code).toBe("code_wrong");
    expect((await person.post("/account/two-factor/recovery-codes", {})).status).toBe(401);
    const code = app.code();
    expect((await confirm({ password, code })).status).toBe(200);
    expect((await problemOf(await confirm({ password, code }))).code).toBe("code_wrong");
    expect((await person.post("/account/two-factor/recovery-codes", {})).status).toBe(200);
    // The old ones no longer work.
    const other = new Person(server, "careful");
    await other.signIn();
    expect((await sendCode(other, recoveryCodes[0]!)).status).toBe(401);
    expect((await person.post("/account/two-factor/disable", {})).status).toBe(200);
    expect((await new Person(server, "careful").signIn()).status).toBe(200);
  });

  test("[X07] re-authentication leads only to pages of the account", async () => {
    const person = await join(server, "led");
    const elsewhere = [
      "//e",
      "/\\e",
      "https:e",
      "https://e",
      "/account@e",
      "/%2f%2e",
      "/account/../x",
      "javascript:1",
      "/account\t",
      "/account/x?y=//e",
      "/chat",
      "e",
      "/accounts",
    ];
    for (const next of elsewhere) {
      expect((await person.post("/account/confirm", { password, next })).status, next).toBe(400);
      const page = await person.fetch(`/account/confirm?next=${encodeURIComponent(next)}`);
      expect(page.status, next).toBe(400);
    }
    const form = await person.fetch("/account/confirm", {
      method: "POST",
      body: new URLSearchParams({ password, next: "/account/devices" }),
    });
    expect([form.status, form.headers.get("location")]).toEqual([303, "/account/devices"]);
  });

  test("[M07] a trusted browser needs only the password, for 30 days at most, until it is distrusted or the password changes", async () => {
    const { app, recoveryCodes, browser } = await guarded("trusting");
    const trusted = browser();
    await trusted.signIn();
    expect((await sendCode(trusted, app.code(), { trust_device: true })).status).toBe(200);
    expect((await trusted.signIn()).status).toBe(200);
    const [row] = await sql`select trusted_until from known_devices where trusted_until is not null
      and account_id = (select id from accounts where username = 'trusting')`;
    expect(Number(row.trusted_until) - Date.now()).toBeLessThanOrEqual(30 * 86_400_000);
    // The second factor was not proved in this session, so the list asks for it.
    expect((await trusted.fetch("/api/account/devices")).status).toBe(401);
    await forgetSteps("trusting");
    await trusted.post("/account/confirm", { password, code: app.code() });
    const list = (await (await trusted.fetch("/api/account/devices")).json()) as {
      trusted: { id: string }[];
    };
    expect(list.trusted).toHaveLength(1);
    expect((await trusted.post("/account/devices/distrust", { device: list.trusted[0]!.id })).status).toBe(
      200,
    );
    expect((await trusted.signIn()).status).toBe(401);
    // Trusted again, then expired.
    expect((await sendCode(trusted, recoveryCodes[0]!, { trust_device: true })).status).toBe(200);
    await sql`update known_devices set trusted_until = ${Date.now() - 1} where trusted_until is not null`;
    expect((await trusted.signIn()).status).toBe(401);
    // Trusted again, then the password changes.
    expect((await sendCode(trusted, recoveryCodes[1]!, { trust_device: true })).status).toBe(200);
    const next = "another four quiet words";
    const change = { current_password: password, password: next, confirm_password: next };
    expect((await trusted.post("/account/password", change)).status).toBe(200);
    expect((await trusted.signIn(next)).status).toBe(401);
    // Trusted again, then the factor changes.
    expect((await sendCode(trusted, recoveryCodes[2]!, { trust_device: true })).status).toBe(200);
    await setUpFactor(trusted);
    expect((await trusted.signIn(next)).status).toBe(401);
  });

  test("[M07] somebody else's browser can't be distrusted, and is not in the list", async () => {
    const { app, browser } = await guarded("owner1");
    const trusted = browser();
    await trusted.signIn();
    await sendCode(trusted, app.code(), { trust_device: true });
    const [row] = await sql`select id from known_devices where trusted_until is not null
      and account_id = (select id from accounts where username = 'owner1')`;
    const outsider = await join(server, "outsider");
    expect((await outsider.post("/account/devices/distrust", { device: row.id })).status).toBe(404);
    expect((await trusted.signIn()).status).toBe(200);
  });

  test("an owner can require it: people set it up at their next sign-in, and can do nothing else before", async () => {
    const alice = new Person(server, "alice");
    await alice.signIn();
    const bob = await join(server, "required");
    const [row] = await sql`select id from accounts where username = 'required'`;
    expect((await alice.post(`/admin/people/${row.id}/require-factor`, {})).status).toBe(200);
    // An open session is not affected.
    expect((await bob.fetch("/api/messages")).status).toBe(200);
    const again = new Person(server, "required");
    expect((await again.signIn()).status).toBe(200);
    const refused = await again.fetch("/api/messages");
    expect([refused.status, (await problemOf(refused)).code]).toEqual([403, "second_factor_setup_required"]);
    expect((await again.fetch("/chat")).headers.get("location")).toBe("/account/two-factor");
    await expect(again.open("novax.v1")).rejects.toThrow();
    expect((await again.post("/account/password", {})).status).toBe(403);
    expect((await again.fetch("/account/two-factor")).status).toBe(200);
    await setUpFactor(again);
    expect((await again.fetch("/api/messages")).status).toBe(200);
    const socket = await again.enter();
    socket.close();
    expect((await problemOf(await again.post("/account/two-factor/disable", {}))).code).toBe(
      "second_factor_setup_required",
    );
    expect((await alice.post(`/admin/people/${row.id}/unrequire-factor`, {})).status).toBe(200);
    expect((await again.post("/account/two-factor/disable", {})).status).toBe(200);
  });

  test("the policy applies to roles or to everybody, and a passkey satisfies it too", async () => {
    const alice = new Person(server, "alice");
    await alice.signIn();
    const setPolicy = (factor: string) =>
      alice.post("/admin/settings", { registration: "", factor, allows_erasure: true });
    await join(server, "policed");
    await join(server, "policedadmin");
    await sql`update accounts set server_role = 'admin' where username = 'policedadmin'`;
    const mustEnrol = async (name: string) => {
      const person = new Person(server, name);
      await person.signIn();
      return (await person.fetch("/api/messages")).status === 403;
    };
    expect((await setPolicy("privileged")).status).toBe(200);
    expect([await mustEnrol("policed"), await mustEnrol("policedadmin")]).toEqual([false, true]);
    await setPolicy("everyone");
    const person = new Person(server, "policed");
    await person.signIn();
    expect((await person.fetch("/account/passkeys")).status).toBe(200);
    await addPasskey(person);
    expect((await person.fetch("/api/messages")).status).toBe(403);
    expect((await person.post("/account/two-factor/passkeys", {})).status).toBe(200);
    expect((await person.fetch("/api/messages")).status).toBe(200);
    await setPolicy("nobody");
    expect(await mustEnrol("policedadmin")).toBe(false);
  });
});
