import { expect, test } from "bun:test";
import { addPasskey, PasskeyAuthenticator, passkeyOptions, setUpFactor } from "../support/factors.ts";
import { join, Person, password, problemOf } from "../support/person.ts";
import { describeServer } from "../support/use-server.ts";

const signInOptions = "/login/passkey/options";

describeServer("passkeys", { only: "postgres", people: ["alice"] }, ({ server, sql }) => {
  const browser = () => new Person(server, "browser");
  /** Signs in with the passkey, after `change` has altered what is sent. */
  async function signIn(
    authenticator: PasskeyAuthenticator,
    change: Parameters<PasskeyAuthenticator["answer"]>[1] = {},
    by = browser(),
  ) {
    const options = await passkeyOptions(by, signInOptions);
    return by.post("/login/passkey", { response: authenticator.answer(options, change) });
  }
  const noticesOf = async (person: Person) => {
    const account = (await (await person.fetch("/api/account")).json()) as { notices: { kind: string }[] };
    return account.notices.map((notice) => notice.kind);
  };
  const age = (name: string) => sql`
    update sessions set proved_at = 0 where account_id = (select id from accounts where username = ${name})`;

  test("a passkey alone signs in, without username or password", async () => {
    const person = await join(server, "keyholder");
    const authenticator = await addPasskey(person, "My phone");
    const other = browser();
    const done = await signIn(authenticator, {}, other);
    expect(await done.json()).toEqual({ message: "Signed in", username: "keyholder", next: "/chat" });
    expect((await other.fetch("/api/messages")).status).toBe(200);
    // It counts as both factors: what weakens the account is open for five minutes.
    expect((await other.fetch("/api/account/devices")).status).toBe(200);
    expect(await noticesOf(person)).toContain("passkey_added");
    const [row] = await sql`select name, counter, last_used_at from passkeys where id = ${authenticator.id}`;
    expect([row.name, Number(row.counter), row.last_used_at !== null]).toEqual(["My phone", 2, true]);
  });

  test("[A38] a passkey with certificates of its maker, which nobody asked for, is refused before they are looked at", async () => {
    const person = await join(server, "attested");
    const authenticator = new PasskeyAuthenticator(server.origin);
    const add = async (isAttested: boolean) => {
      const options = await passkeyOptions(person, "/account/passkeys/options");
      return person.post("/account/passkeys", {
        response: authenticator.register(options as never, { isAttested }),
        name: "Key",
      });
    };
    const refused = await add(true);
    expect([refused.status, (await problemOf(refused)).code]).toEqual([401, "passkey_refused"]);
    expect((await add(false)).status).toBe(200);
  });

  test("[M09] a challenge works once, for five minutes, for its own purpose", async () => {
    const authenticator = await addPasskey(await join(server, "challenged"));
    const one = browser();
    const options = await passkeyOptions(one, signInOptions);
    const send = (response: unknown) => one.post("/login/passkey", { response });
    expect((await send(authenticator.answer(options))).status).toBe(200);
    const again = await send(authenticator.answer(options));
    expect([again.status, (await problemOf(again)).code]).toEqual([401, "passkey_refused"]);
    const late = await passkeyOptions(one, signInOptions);
    await sql`update passkey_challenges set expires_at = ${Date.now() - 1}`;
    expect((await send(authenticator.answer(late))).status).toBe(401);
    // Only our own: neither an invented challenge nor one made for another purpose.
    expect((await send(authenticator.answer({ ...options, challenge: "bWFkZSB1cA" }))).status).toBe(401);
    const owner = new Person(server, "challenged");
    await owner.signIn();
    const forConfirming = await passkeyOptions(owner, "/account/confirm/passkey/options");
    expect((await send(authenticator.answer(forConfirming))).status).toBe(401);
  });

  test("[M09] of 50 uses of one response at once one opens a session", async () => {
    const authenticator = await addPasskey(await join(server, "racer"));
    const one = browser();
    const response = authenticator.answer(await passkeyOptions(one, signInOptions));
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => one.post("/login/passkey", { response })),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
  });

  test("[M08] [M09] a response without user verification, from another page, for another site or with another signature opens nothing", async () => {
    const authenticator = await addPasskey(await join(server, "verified"));
    authenticator.verifiesUser = false;
    expect((await signIn(authenticator)).status).toBe(401);
    authenticator.verifiesUser = true;
    for (const change of [
      { origin: "https://evil.example" },
      { origin: `${server.origin}.evil.example` },
      { rpId: "evil.example" },
    ])
      expect((await signIn(authenticator, change)).status, JSON.stringify(change)).toBe(401);
    const one = browser();
    const forged = authenticator.answer(await passkeyOptions(one, signInOptions));
    const impostor = new PasskeyAuthenticator(server.origin);
    forged.response.signature = impostor.answer(await passkeyOptions(one, signInOptions)).response.signature;
    expect((await one.post("/login/passkey", { response: forged })).status).toBe(401);
    const unknown = impostor.answer(await passkeyOptions(one, signInOptions));
    expect((await one.post("/login/passkey", { response: unknown })).status).toBe(401);
    expect(one.sessionToken).toBeUndefined();
    expect((await signIn(authenticator)).status).toBe(200);
  });

  test("[M09] a counter that went back is refused, and its owner notified", async () => {
    const person = await join(server, "copied");
    const authenticator = await addPasskey(person);
    authenticator.counter = 10;
    expect((await signIn(authenticator)).status).toBe(200);
    for (const counter of [10, 3, 0]) {
      authenticator.counter = counter;
      expect((await signIn(authenticator)).status, String(counter)).toBe(401);
    }
    expect((await noticesOf(person)).filter((kind) => kind === "passkey_copied")).toHaveLength(3);
    authenticator.counter = 11;
    expect((await signIn(authenticator)).status).toBe(200);
  });

  test("a passkey without a counter, as on synced devices, works again and again", async () => {
    const authenticator = await addPasskey(await join(server, "synced"));
    await sql`update passkeys set counter = 0 where id = ${authenticator.id}`;
    for (let index = 0; index < 3; index++) {
      authenticator.counter = 0;
      expect((await signIn(authenticator)).status).toBe(200);
    }
  });

  test("[M05] adding or removing a passkey needs a recent proof; the response that adds one must be verified", async () => {
    const person = await join(server, "adder");
    const authenticator = new PasskeyAuthenticator(server.origin);
    const options = await passkeyOptions(person, "/account/passkeys/options");
    authenticator.verifiesUser = false;
    const unverified = await person.post("/account/passkeys", {
      response: authenticator.register(options as never),
    });
    expect((await problemOf(unverified)).code).toBe("passkey_refused");
    const bob = await join(server, "borrower");
    const theirs = await passkeyOptions(person, "/account/passkeys/options");
    authenticator.verifiesUser = true;
    const borrowed = await bob.post("/account/passkeys", {
      response: authenticator.register(theirs as never),
    });
    expect((await problemOf(borrowed)).code).toBe("passkey_refused");
    const kept = await addPasskey(person);
    await age("adder");
    expect((await problemOf(await person.post("/account/passkeys/options", {}))).code).toBe(
      "reauth_required",
    );
    expect((await problemOf(await person.post(`/account/passkeys/${kept.id}/remove`, {}))).code).toBe(
      "reauth_required",
    );
    // The passkey itself is the proof.
    const asked = await passkeyOptions(person, "/account/confirm/passkey/options");
    expect((await person.post("/account/confirm/passkey", { response: kept.answer(asked) })).status).toBe(
      200,
    );
    expect((await person.post(`/account/passkeys/${kept.id}/remove`, {})).status).toBe(200);
    expect((await signIn(kept)).status).toBe(401);
  });

  test("somebody else's passkey can't be renamed or removed, and proves nothing for another account", async () => {
    const owner = await join(server, "owner2");
    const authenticator = await addPasskey(owner, "Mine");
    const outsider = await join(server, "outsider");
    const answers = [
      await outsider.post(`/account/passkeys/${authenticator.id}/rename`, { name: "Yours" }),
      await outsider.post(`/account/passkeys/${authenticator.id}/remove`, {}),
      await outsider.post("/account/passkeys/bm9uZQ/remove", {}),
    ];
    expect(answers.map((response) => response.status)).toEqual([404, 404, 404]);
    const asked = await passkeyOptions(outsider, "/account/confirm/passkey/options");
    expect(
      (await outsider.post("/account/confirm/passkey", { response: authenticator.answer(asked) })).status,
    ).toBe(401);
    const [row] = await sql`select name from passkeys where id = ${authenticator.id}`;
    expect(row.name).toBe("Mine");
    expect(
      (await owner.post(`/account/passkeys/${authenticator.id}/rename`, { name: "  Desk\u202e key " }))
        .status,
    ).toBe(200);
    const [renamed] = await sql`select name from passkeys where id = ${authenticator.id}`;
    expect(renamed.name).toBe("Desk key");
  });

  test("[M08] a passkey is a second factor after the password, for its own account only", async () => {
    const person = await join(server, "both");
    const authenticator = await addPasskey(person);
    const stranger = await addPasskey(await join(server, "stranger"));
    const turnedOn = await person.post("/account/two-factor/passkeys", {});
    expect(((await turnedOn.json()) as { recovery_codes: string[] }).recovery_codes).toHaveLength(10);
    const one = new Person(server, "both");
    expect((await problemOf(await one.signIn())).code).toBe("second_factor_required");
    const asked = await passkeyOptions(one, "/login/code/passkey/options");
    const send = (by: PasskeyAuthenticator, options: typeof asked) =>
      one.post("/login/code/passkey", { response: by.answer(options) });
    expect((await send(stranger, asked)).status).toBe(401);
    const again = await passkeyOptions(one, "/login/code/passkey/options");
    const done = await one.post("/login/code/passkey", {
      response: authenticator.answer(again),
      trust_device: true,
    });
    expect(done.status).toBe(200);
    expect((await one.signIn()).status).toBe(200);
    // Removing the last factor turns two-factor authentication off.
    const fresh = await signIn(authenticator, {}, one);
    expect(fresh.status).toBe(200);
    expect((await one.post(`/account/passkeys/${authenticator.id}/remove`, {})).status).toBe(200);
    expect(await noticesOf(one)).toContain("factor_disabled");
    expect((await new Person(server, "both").signIn()).status).toBe(200);
  });

  test("[M08] a passkey also opens an account with an authenticator app, but never a disabled account", async () => {
    const person = await join(server, "dave");
    const authenticator = await addPasskey(person);
    await setUpFactor(person);
    expect((await signIn(authenticator)).status).toBe(200);
    await sql`update accounts set disabled_at = 1 where username = 'dave'`;
    expect((await signIn(authenticator)).status).toBe(401);
  });

  test("[L02] to somebody trying passwords, an account with only passkeys looks like an unknown one", async () => {
    await addPasskey(await join(server, "keyonly"));
    await sql`update accounts set password_hash = null where username = 'keyonly'`;
    const answer = async (username: string) => {
      const response = await browser().post("/login", { username, password });
      return `${response.status} ${await response.text()}`;
    };
    expect(await answer("keyonly")).toBe(await answer("nobody-at-all"));
  });

  test("[A13] the request for a sign-in passkey reveals nothing about accounts, and is limited", async () => {
    const options = (await passkeyOptions(browser(), signInOptions)) as Record<string, unknown>;
    expect(options.allowCredentials).toBeUndefined();
    expect(options.userVerification).toBe("required");
    let last = 200;
    for (let index = 0; index < 80 && last === 200; index++)
      last = (await browser().post(signInOptions, {})).status;
    expect(last).toBe(429);
  });
});
