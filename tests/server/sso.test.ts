import { afterAll, describe, expect, test } from "bun:test";
import { setUpFactor } from "../support/factors.ts";
import { tokenOf } from "../support/mail.ts";
import {
  clientId,
  clientSecret,
  type HostileProvider,
  type Lie,
  startHostileProvider,
  startProvider,
  type TestProvider,
} from "../support/oidc.ts";
import { join, Person, problemOf } from "../support/person.ts";
import { createTestData, isAvailable, startServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

const providerEnv = (issuer: string) => ({
  OIDC_ISSUER: issuer,
  OIDC_CLIENT_ID: clientId,
  OIDC_CLIENT_SECRET: clientSecret,
  OIDC_NAME: "Example login",
});
const pathOf = (url: string) => {
  const { pathname, search } = new URL(url);
  return pathname + search;
};

describe.skipIf(!isAvailable("postgres"))("single sign-on", () => {
  let provider: TestProvider;
  const { server, sql, smtp } = useServer("postgres", {
    env: async ({ origin }) => {
      provider = await startProvider(`${origin}/login/sso/callback`);
      return providerEnv(provider.issuer);
    },
    hasMail: true,
    people: ["alice"],
  });
  afterAll(() => provider.stop());

  const browser = () => new Person(server, "browser");
  async function begin(person: Person, path = "/login/sso"): Promise<string> {
    const response = await person.fetch(path);
    expect(response.status).toBe(303);
    return response.headers.get("location")!;
  }
  /** Goes to the provider and back. */
  async function signIn(subject: string, person = browser(), path = "/login/sso"): Promise<Response> {
    const back = await provider.signIn(await begin(person, path), subject);
    return person.fetch(pathOf(back), { headers: { accept: "text/html" } });
  }
  const nameOf = async (person: Person) =>
    ((await (await person.fetch("/api/account")).json()) as { username: string }).username;
  const confirm = async (person: Person) => {
    const mail = await smtp.next(`${person.username}@example.org`, /is your code/);
    await person.post("/verify", { token: tokenOf(mail.link) });
  };

  test("the sign-in page offers it by name; the first visit creates an account, later ones find it", async () => {
    expect(await (await browser().fetch("/")).text()).toContain("Sign in with Example login");
    provider.people.set("s1", {
      email: "nora@example.org",
      email_verified: true,
      preferred_username: "nora",
    });
    const first = browser();
    const done = await signIn("s1", first);
    expect([done.status, done.headers.get("location")]).toEqual([303, "/chat"]);
    expect(await nameOf(first)).toBe("nora");
    const socket = await new Person(server, "nora").fetch("/"); // signed out elsewhere
    expect(socket.status).toBe(200);
    const second = browser();
    await signIn("s1", second);
    expect(await nameOf(second)).toBe("nora");
    const [row] = await sql`
      select password_hash, email_verified_at is not null as verified from accounts where username = 'nora'`;
    expect(row).toEqual({ password_hash: null, verified: true });
  });

  test("the request to the provider has PKCE, state and nonce, and no secret", async () => {
    const url = new URL(await begin(browser()));
    expect(url.searchParams.get("code_challenge_method")).toBe("S256");
    for (const name of ["code_challenge", "state", "nonce"])
      expect(url.searchParams.get(name)!.length, name).toBeGreaterThanOrEqual(43);
    expect(url.href).not.toContain(clientSecret);
    expect(url.searchParams.get("redirect_uri")).toBe(`${server.origin}/login/sso/callback`);
  });

  test("a taken or invalid username is replaced by a free, valid one", async () => {
    provider.people.set("s2", { email: "a2@example.org", email_verified: true, preferred_username: "alice" });
    provider.people.set("s3", {
      email: "admin@example.org",
      email_verified: true,
      preferred_username: "Ädmin \u202e<b>",
    });
    provider.people.set("s4", { email: "root@example.org", email_verified: true });
    const names: string[] = [];
    for (const subject of ["s2", "s3", "s4"]) {
      const person = browser();
      await signIn(subject, person);
      names.push(await nameOf(person));
    }
    expect(names[0]).toBe("alice2");
    expect(names[1]).toMatch(/^[A-Za-z0-9]+b$|^Admin|^user-/);
    expect(names[2]).toBe("root2");
  });

  test("[A9] [M08] a confirmed address links once, and its owner is notified; the second factor is still required", async () => {
    const bob = await join(server, "bob");
    await confirm(bob);
    const { recoveryCodes } = await setUpFactor(bob);
    provider.people.set("s5", {
      email: "BOB@example.org",
      email_verified: true,
      preferred_username: "bobby",
    });
    const person = browser();
    const half = await signIn("s5", person);
    expect([half.headers.get("location"), person.sessionToken]).toEqual(["/login/code", undefined]);
    expect((await person.post("/login/code", { code: recoveryCodes[0] })).status).toBe(200);
    expect(await nameOf(person)).toBe("bob");
    await smtp.next("bob@example.org", /Single sign-on was linked/);
  });

  test("an address that either side has not confirmed links nothing", async () => {
    await join(server, "unconfirmed");
    provider.people.set("s6", { email: "unconfirmed@example.org", email_verified: true });
    const one = browser();
    await signIn("s6", one);
    expect(await nameOf(one)).toBe("unconfirmed2");
    const carol = await join(server, "carol");
    await confirm(carol);
    for (const [subject, email_verified] of [
      ["s7", false],
      ["s8", "true"],
      ["s9", undefined],
      ["s10", 1],
    ] as const) {
      provider.people.set(subject, { email: "carol@example.org", email_verified });
      const person = browser();
      await signIn(subject, person);
      expect(await nameOf(person)).not.toBe("carol");
    }
    const rows =
      await sql`select 1 from identities i join accounts a on a.id = i.account_id where a.username = 'carol'`;
    expect(rows).toHaveLength(0);
  });

  test("an owner's account isn't linked by its address; that needs a signed-in session", async () => {
    const alice = new Person(server, "alice");
    await alice.signIn();
    await confirm(alice);
    provider.people.set("s11", { email: "alice@example.org", email_verified: true });
    const person = browser();
    expect((await signIn("s11", person)).status).toBe(403);
    expect(person.sessionToken).toBeUndefined();
    const linked = await signIn("s11", alice, "/account/sso/link");
    expect(linked.headers.get("location")).toBe("/account/sso?done=linked");
    await signIn("s11", person);
    expect(await nameOf(person)).toBe("alice");
    // Nobody else can link the same identity.
    const bob = new Person(server, "outsider");
    await bob.register();
    expect((await signIn("s11", bob, "/account/sso/link")).status).toBe(403);
    expect((await alice.post("/account/sso/unlink", {})).status).toBe(200);
    expect((await signIn("s11", browser())).status).toBe(403);
  });

  test("linking needs a recent proof, and only completes for the person who started it", async () => {
    const [one, two] = [await join(server, "beginner"), await join(server, "ender")];
    provider.people.set("s12", { email: "x12@example.org", email_verified: true });
    const back = await provider.signIn(await begin(one, "/account/sso/link"), "s12");
    // Another browser with the first one's flow.
    two.cookies.set("novax_sso", one.cookies.get("novax_sso")!);
    expect((await two.fetch(pathOf(back))).status).toBe(403);
    await sql`update sessions set proved_at = 0`;
    expect((await one.fetch("/account/sso/link")).headers.get("location")).toContain("/account/confirm");
  });

  test("the link stays if it is the only way to sign in", async () => {
    provider.people.set("s13", {
      email: "only@example.org",
      email_verified: true,
      preferred_username: "only",
    });
    const person = browser();
    await signIn("s13", person);
    await sql`update sessions set proved_at = ${Date.now()}`;
    expect((await person.post("/account/sso/unlink", {})).status).toBe(403);
  });

  test("a response without the browser's own flow, a second time, late or with another state opens nothing", async () => {
    const url = await begin(browser());
    const stolen = await provider.signIn(url, "s1");
    expect((await browser().fetch(pathOf(stolen))).status).toBe(403);
    const person = browser();
    const back = await provider.signIn(await begin(person), "s1");
    const forged = new URL(back);
    forged.searchParams.set("state", "x".repeat(43));
    expect((await person.fetch(pathOf(forged.href))).status).toBe(403);
    const withError = `/login/sso/callback?error=access_denied&state=${new URL(back).searchParams.get("state")}`;
    expect((await person.fetch(withError)).status).toBe(403);
    const flow = person.cookies.get("novax_sso")!;
    expect((await person.fetch(pathOf(back))).status).toBe(303);
    const again = browser();
    again.cookies.set("novax_sso", flow);
    expect((await again.fetch(pathOf(back))).status).toBe(403);
    again.cookies.set("novax_sso", `${flow.startsWith("A") ? "B" : "A"}${flow.slice(1)}`);
    expect((await again.fetch(pathOf(back))).status).toBe(403);
    expect(again.sessionToken).toBeUndefined();
  });

  test("with registration closed nobody new gets in, and linked people still do", async () => {
    const alice = new Person(server, "alice");
    await alice.signIn();
    const mode = (registration: string) =>
      alice.post("/admin/settings", { registration, factor: "nobody", allows_erasure: true });
    await mode("closed");
    provider.people.set("s20", { email: "late@example.org", email_verified: true });
    expect((await signIn("s20")).status).toBe(403);
    const person = browser();
    await signIn("s1", person);
    expect(await nameOf(person)).toBe("nora");
    await mode("");
  });
});

describe("newcomers by single sign-on alone", () => {
  let provider: TestProvider;
  const { server, alice } = useServer("embedded", {
    env: async ({ origin }) => {
      provider = await startProvider(`${origin}/login/sso/callback`);
      return { ...providerEnv(provider.issuer), REGISTRATION: "sso" };
    },
    people: ["alice"],
  });
  afterAll(() => provider.stop());

  const enterBySso = async (subject: string) => {
    const person = new Person(server, "browser");
    provider.people.set(subject, { email: `${subject}@example.org`, email_verified: true });
    const start = await person.fetch("/login/sso");
    const back = await provider.signIn(start.headers.get("location")!, subject);
    await person.fetch(pathOf(back));
    return person;
  };

  test("[B2] come in, nobody with a password does, and the page for a new account says where to go", async () => {
    expect((await (await enterBySso("new")).fetch("/api/messages")).status).toBe(200);
    const bob = new Person(server, "bob");
    expect((await problemOf(await bob.register())).code).toBe("registration_closed");
    const page = await bob.fetch("/register", { headers: { accept: "text/html" } });
    expect(page.status).toBe(403);
    expect(await page.text()).toContain('href="/login/sso"');
    // An invitation does not help: it would make an account with a password.
    const { link } = (await (await alice.post("/admin/invites", { max_uses: 1, days: 7 })).json()) as {
      link: string;
    };
    const invite = new URL(link).pathname.replace("/join/", "");
    expect((await bob.fetch(`/join/${invite}`)).status).toBe(403);
    expect((await problemOf(await bob.register({ invite }))).code).toBe("registration_closed");
  });

  test("[B2] the form for a password can be put away; owners still come in with theirs, and nobody else learns whether one is right", async () => {
    const settings = (passwords: string) =>
      alice.post("/admin/settings", {
        registration: "open",
        factor: "nobody",
        allows_erasure: true,
        passwords,
      });
    const bob = new Person(server, "bob");
    expect((await settings("everyone")).status).toBe(200);
    expect((await bob.register()).status).toBe(200);
    expect((await settings("owners")).status).toBe(200);
    const page = await (await new Person(server, "x").fetch("/")).text();
    expect(page).not.toContain('type="password"');
    expect(page).toContain('href="/login/sso"');
    expect(await (await new Person(server, "x").fetch("/?password=1")).text()).toContain('type="password"');
    for (const secret of [undefined, "wrong password here"])
      for (const name of ["bob", "nobody"]) {
        const refused = await new Person(server, name).signIn(secret);
        expect([refused.status, (await problemOf(refused)).code]).toEqual([403, "forbidden"]);
      }
    const refusedForm = await new Person(server, "x").fetch("/login", {
      method: "POST",
      body: new URLSearchParams({ username: "bob", password: "wrong password here" }),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(await refusedForm.text()).toContain('href="/login/sso"');
    expect((await new Person(server, "alice").signIn("wrong password here")).status).toBe(403);
    expect((await new Person(server, "alice").signIn()).status).toBe(200);
    expect((await problemOf(await new Person(server, "carol").register())).code).toBe("registration_closed");
    expect((await (await enterBySso("later")).fetch("/api/messages")).status).toBe(200);
  });
});

describe("a hostile provider", () => {
  let hostile: HostileProvider;
  const { server } = useServer("embedded", {
    env: async () => {
      hostile = await startHostileProvider();
      return providerEnv(hostile.issuer);
    },
    people: ["alice"],
  });
  afterAll(() => hostile.stop());

  async function signIn(lie: Lie): Promise<{ status: number; person: Person }> {
    const person = new Person(server, "mallory");
    const start = await person.fetch("/login/sso");
    hostile.lie = lie;
    const back = await hostile.signIn(start.headers.get("location")!);
    const { status } = await person.fetch(pathOf(back));
    return { status, person };
  }
  const now = () => Math.floor(Date.now() / 1000);
  const claims = { email: "m@example.org", email_verified: true, preferred_username: "mallory" };

  test("is believed when it tells the truth, so that the lies below are refused for being lies", async () => {
    const { status, person } = await signIn({ claims });
    expect(status).toBe(303);
    expect((await person.fetch("/api/messages")).status).toBe(200);
  });

  // The answers of well-known products, by what they have in the ID token and what in userinfo.
  const products: Record<string, { lie: Lie; username: string }> = {
    "Google: all in the ID token": {
      lie: {
        claims: { sub: "g", email: "gaby@example.org", email_verified: true, name: "Gaby" },
        userinfo: "fails",
      },
      username: "gaby",
    },
    "Authelia: the subject alone, all else in userinfo": {
      lie: {
        claims: { sub: "a" },
        userinfo: { sub: "a", email: "ada@example.org", email_verified: true, preferred_username: "ada" },
      },
      username: "ada",
    },
    "Keycloak: the name in the ID token, the address in userinfo": {
      lie: {
        claims: { sub: "k", preferred_username: "kofi" },
        userinfo: { sub: "k", email: "kofi@example.org", email_verified: false, preferred_username: "kofi" },
      },
      username: "kofi",
    },
    "Entra: an address that nobody vouches for, and a name that is one": {
      lie: {
        claims: { sub: "e", email: "eve@example.org", preferred_username: "eve@example.org" },
        userinfo: { sub: "e", email: "eve@example.org" },
      },
      username: "eve",
    },
  };
  for (const [name, { lie, username }] of Object.entries(products))
    test(`[B1] lets people in as ${name}`, async () => {
      const { status, person } = await signIn(lie);
      expect(status).toBe(303);
      expect(await (await person.fetch("/api/account")).json()).toMatchObject({ username });
    });

  test("[B1] userinfo about somebody else counts for nothing; without an address the refusal says so", async () => {
    const other = { sub: "alice", email: "alice@example.org", email_verified: true };
    for (const userinfo of [other, "fails", { sub: "n" }] as const) {
      const person = new Person(server, "nobody");
      const start = await person.fetch("/login/sso");
      hostile.lie = { claims: { sub: "n" }, userinfo };
      const back = await hostile.signIn(start.headers.get("location")!);
      const response = await person.fetch(pathOf(back), { headers: { accept: "application/json" } });
      expect(response.status).toBe(403);
      expect(await response.text()).toContain("didn't share an email address");
      expect(person.sessionToken).toBeUndefined();
    }
  });

  test("[B3] an issuer is found with or without its last slash; another one is refused in words, and nobody is told to try again", async () => {
    for (const [issuer, status] of [
      [`${hostile.issuer}/realm/`, 303],
      [`${hostile.issuer}/realm`, 303],
      [`${hostile.issuer}/other`, 403],
    ] as const) {
      const data = await createTestData("embedded");
      const second = await startServer(data, { env: { ...providerEnv(issuer) } });
      const response = await new Person(second, "x").fetch("/login/sso");
      expect(response.status, issuer).toBe(status);
      if (status === 403) {
        expect(await response.text()).toContain("isn't set up correctly");
        expect(response.headers.get("retry-after")).toBeNull();
      }
      await second.stop();
      await data.remove();
    }
  }, 60_000);

  const lies: Record<string, () => Lie> = {
    "with another nonce": () => ({ claims: { ...claims, nonce: "x".repeat(43) } }),
    "without a nonce": () => ({ claims: { ...claims, nonce: undefined } }),
    "for another client": () => ({ claims: { ...claims, aud: "somebody-else" } }),
    "in another provider's name": () => ({ claims: { ...claims, iss: "https://login.example.org" } }),
    "with another provider's redirect": () => ({ claims, issuerParameter: "https://login.example.org" }),
    "signed with another key": () => ({ claims, key: hostile.otherKey }),
    "not signed at all": () => ({ claims, algorithm: "none" }),
    "that has expired": () => ({ claims: { ...claims, iat: now() - 7200, exp: now() - 3600 } }),
    "without a subject": () => ({ claims: { ...claims, sub: undefined } }),
    "with a subject that isn't text": () => ({ claims: { ...claims, sub: { $ne: "" } } }),
  };
  for (const [name, lie] of Object.entries(lies)) {
    test(`[A9] an ID token ${name} opens nothing`, async () => {
      const { status, person } = await signIn(lie());
      expect([status, person.sessionToken]).toEqual([403, undefined]);
    });
  }

  test("a provider that is down is reported, and doesn't stop password sign-in", async () => {
    hostile.stop();
    const second = await createTestData("embedded");
    const away = await startServer(second, { env: providerEnv(hostile.issuer) });
    await join(away, "alice");
    expect((await new Person(away, "x").fetch("/login/sso")).status).toBe(503);
    expect((await new Person(away, "alice").signIn()).status).toBe(200);
    await away.stop();
    await second.remove();
  });
});
