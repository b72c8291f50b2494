import { expect, test } from "bun:test";
import { connect } from "node:net";
import { closeCodes } from "@novax/protocol/close-codes";
import { addPasskey, setUpFactor } from "../support/factors.ts";
import { tokenOf } from "../support/mail.ts";
import { mannWhitneyP } from "../support/mann-whitney.ts";
import { join, Person, problemOf, untilTaken } from "../support/person.ts";
import { waitUntil } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

const next = "another four quiet words";

const options = {
  only: "postgres",
  env: { TRUSTED_PROXIES: "127.0.0.1, ::1" },
  hasMail: true,
  people: ["alice"],
} as const;

describeServer("the password reset link", options, ({ server, smtp, sql }) => {
  let count = 0;
  /** Each from its own address, like separate strangers. */
  const elsewhere = () => ({ "x-forwarded-for": `10.0.${count >> 8}.${count++ & 255}` });
  const anybody = () => new Person(server, "anybody");
  const ask = (email: string, headers: Record<string, string> = {}) =>
    anybody().post("/forgot", { email }, { ...elsewhere(), ...headers });
  const mailsTo = (name: string) =>
    smtp.to(`${name}@example.org`).filter((mail) => /Reset your password/.test(mail.subject));
  const linkFor = async (name: string, headers: Record<string, string> = {}): Promise<string> => {
    const before = mailsTo(name).length;
    expect((await ask(`${name}@example.org`, headers)).status).toBe(202);
    expect(await waitUntil(() => mailsTo(name).length > before)).toBe(true);
    return mailsTo(name).at(-1)!.link;
  };
  const reset = (token: string, text = next) =>
    anybody().post("/reset", { token, password: text, confirm_password: text }, elsewhere());

  test("[R05] sets a new password without signing in", async () => {
    const person = await join(server, "forgetful");
    const browser = new Person(server, "forgetful");
    const token = tokenOf(await linkFor("forgetful"));
    expect(await (await browser.fetch(`/reset?token=${token}`)).text()).toContain("forgetful");
    expect((await browser.post("/reset", { token, password: next, confirm_password: next })).status).toBe(
      200,
    );
    expect(browser.sessionToken).toBeUndefined();
    expect((await browser.signIn()).status).toBe(401);
    expect((await browser.signIn(next)).status).toBe(200);
    expect((await person.fetch("/api/messages")).status).toBe(401);
  });

  test("[R01] [L10] [A13] asking for one gets the same response for any address, byte for byte and in the same time", async () => {
    const answers = new Set<string>();
    const time = async (email: string) => {
      const startedAt = performance.now();
      const response = await ask(email);
      answers.add(`${response.status} ${await response.text()}`);
      return performance.now() - startedAt;
    };
    await time("warm-up@example.org");
    const compare = async (run: number) => {
      const times = { known: [] as number[], unknown: [] as number[] };
      for (let index = 0; index < 60; index++) {
        const kinds = index % 2 ? (["known", "unknown"] as const) : (["unknown", "known"] as const);
        for (const kind of kinds)
          times[kind].push(
            await time(kind === "known" ? "alice@example.org" : `nobody${run}-${index}@example.org`),
          );
      }
      return mannWhitneyP(times.known, times.unknown);
    };
    const values = [await compare(0)];
    while (values.at(-1)! <= 0.01 && values.length < 3) values.push(await compare(values.length));
    expect(Math.max(...values)).toBeGreaterThan(0.01);
    expect(answers.size).toBe(1);
    expect([...answers][0]).toStartWith("202 ");
  }, 60_000);

  test("[R02] [A12] starts with PUBLIC_URL, whatever host the request names", async () => {
    await join(server, "poisoned");
    const evil = ["x-forwarded-host", "x-host", "x-original-host", "forwarded"].map((name) => [
      name,
      "host=evil.example",
    ]);
    const link = await linkFor("poisoned", Object.fromEntries(evil) as Record<string, string>);
    expect(link).toStartWith(`http://localhost:${server.port}/reset?token=`);
    await sql`delete from password_resets`;
    const before = mailsTo("poisoned").length;
    const body = JSON.stringify({ email: "poisoned@example.org" });
    for (const start of ["POST /forgot HTTP/1.1", `POST http://evil.example/forgot HTTP/1.1`]) {
      await raw(
        server.port,
        `${start}\r\nHost: evil.example\r\nOrigin: ${server.origin}\r\nX-Forwarded-For: 10.9.9.9\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    }
    expect(await waitUntil(() => mailsTo("poisoned").length > before)).toBe(true);
    for (const mail of mailsTo("poisoned")) {
      expect(mail.link).toStartWith(`http://localhost:${server.port}/`);
      expect(mail.text + mail.html).not.toContain("evil");
    }
  });

  test("[R03] has 256 random bits, is stored only as a hash, and works for 30 minutes", async () => {
    await join(server, "timed");
    const token = tokenOf(await linkFor("timed"));
    expect(Buffer.from(token, "base64url")).toHaveLength(32);
    const [row] = await sql`
      select r.*, a.username from password_resets r join accounts a on a.id = r.account_id where a.username = 'timed'`;
    expect(Buffer.from(row.token_hash)).toEqual(new Bun.CryptoHasher("sha256").update(token).digest());
    expect(Number(row.expires_at) - Number(row.created_at)).toBe(30 * 60_000);
    await sql`update password_resets set expires_at = ${Date.now() - 1} where token_hash = ${row.token_hash}`;
    const late = await reset(token);
    expect([late.status, (await problemOf(late)).code]).toEqual([400, "link_invalid"]);
    expect((await anybody().fetch(`/reset?token=${token}`, { headers: elsewhere() })).status).toBe(400);
  });

  test("[R03] [A12] works once: of 50 uses at once one sets its password", async () => {
    await join(server, "raced");
    const token = tokenOf(await linkFor("raced"));
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => untilTaken(() => reset(token, `four quiet words ${index}`))),
    );
    const statuses = answers.map((response) => response.status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 400)).toHaveLength(49);
    const winner = statuses.indexOf(200);
    expect((await new Person(server, "raced").signIn(`four quiet words ${winner}`)).status).toBe(200);
  }, 60_000);

  test("[R03] a refused password doesn't use the link up", async () => {
    await join(server, "hasty");
    const token = tokenOf(await linkFor("hasty"));
    expect((await problemOf(await reset(token, "short"))).code).toBe("password_too_short");
    expect((await problemOf(await reset(token, "password123"))).code).toBe("password_common");
    expect((await reset(token)).status).toBe(200);
  });

  test("[R04] a new link ends older ones; the fourth request in an hour gets the same response, but no mail", async () => {
    await join(server, "again");
    const first = tokenOf(await linkFor("again"));
    const second = tokenOf(await linkFor("again"));
    expect((await reset(first)).status).toBe(400);
    await linkFor("again");
    expect((await ask("again@example.org")).status).toBe(202);
    expect(await waitUntil(async () => (await sql`select 1 from jobs`).length === 0)).toBe(true);
    expect(mailsTo("again")).toHaveLength(3);
    expect((await reset(second)).status).toBe(400);
    expect((await reset(tokenOf(mailsTo("again").at(-1)!.link))).status).toBe(200);
  });

  test("[R05] [M08] leaves the second factor on", async () => {
    const person = await join(server, "guarded");
    await confirmAddress(person);
    const { recoveryCodes } = await setUpFactor(person);
    expect((await reset(tokenOf(await linkFor("guarded")))).status).toBe(200);
    const browser = new Person(server, "guarded");
    const half = await browser.signIn(next);
    expect([half.status, (await problemOf(half)).code]).toEqual([401, "second_factor_required"]);
    expect(browser.sessionToken).toBeUndefined();
    expect((await browser.post("/login/code", { code: recoveryCodes[0] })).status).toBe(200);
  });

  test("[R06] [M07] ends all sessions, sockets and trusted browsers within a second", async () => {
    const person = await join(server, "lost");
    await confirmAddress(person);
    const { recoveryCodes } = await setUpFactor(person);
    const other = new Person(server, "lost");
    await other.signIn();
    expect((await other.post("/login/code", { code: recoveryCodes[0], trust_device: true })).status).toBe(
      200,
    );
    const trusting = new Person(server, "lost");
    trusting.cookies.set("novax_device", other.cookies.get("novax_device")!);
    expect((await trusting.signIn()).status).toBe(200);
    const sockets = await Promise.all([person, other, trusting].map((device) => device.enter()));
    const token = tokenOf(await linkFor("lost"));
    const startedAt = Date.now();
    expect((await reset(token)).status).toBe(200);
    for (const socket of sockets) expect((await socket.closed).code).toBe(closeCodes.sessionEnded);
    expect(Date.now() - startedAt).toBeLessThan(2000);
    for (const device of [person, other, trusting])
      expect((await device.fetch("/api/messages")).status).toBe(401);
    expect((await problemOf(await trusting.signIn(next))).code).toBe("second_factor_required");
  });

  test("[R07] its page sends no referrer, and opening it doesn't use the link up", async () => {
    await join(server, "looker");
    const token = tokenOf(await linkFor("looker"));
    for (let index = 0; index < 3; index++) {
      const page = await anybody().fetch(`/reset?token=${token}`, { headers: elsewhere() });
      expect([page.status, page.headers.get("referrer-policy")]).toEqual([200, "no-referrer"]);
    }
    // Such a page's own form sends `Origin: null`. Another site's can too, but Sec-Fetch-Site tells them apart.
    const form = (site: string) =>
      fetch(`${server.url}/reset`, {
        method: "POST",
        redirect: "manual",
        body: new URLSearchParams({ token, password: next, confirm_password: next }),
        headers: { ...elsewhere(), origin: "null", "sec-fetch-site": site },
      });
    for (const site of ["cross-site", "same-site", "none"]) expect((await form(site)).status).toBe(403);
    const done = await form("same-origin");
    expect([done.status, done.headers.get("location")]).toEqual([303, "/?done=reset"]);
  });

  test("[R08] using it is reported by mail and in the app", async () => {
    const person = await join(server, "informed");
    await confirmAddress(person);
    await reset(tokenOf(await linkFor("informed")));
    expect((await smtp.next("informed@example.org", /reset with a link/)).text).toContain("informed");
    await person.signIn(next);
    const account = (await (await person.fetch("/api/account")).json()) as { notices: { kind: string }[] };
    expect(account.notices.map((notice) => notice.kind)).toContain("password_reset");
  });

  test("[A12] guessed links are 429 after a few, for the address they come from", async () => {
    const headers = { "x-forwarded-for": "10.200.0.1" };
    const statuses: number[] = [];
    for (let index = 0; index < 22; index++) {
      const body = { token: "x".repeat(43), password: next, confirm_password: next };
      statuses.push((await anybody().post("/reset", body, headers)).status);
    }
    expect(statuses.slice(0, 20)).toEqual(Array<number>(20).fill(400));
    expect(statuses.slice(20)).toEqual([429, 429]);
    const asked: number[] = [];
    for (let index = 0; index < 21; index++)
      asked.push((await anybody().post("/forgot", { email: `n${index}@example.org` }, headers)).status);
    expect(asked.at(-1)).toBe(429);
  });

  test("an unconfirmed address can reset an account only if the password is its only key", async () => {
    // Somebody registers with another person's address and adds a passkey to the account.
    const planter = await join(server, "planter");
    await addPasskey(planter);
    const before = smtp.mails.length;
    expect((await ask("planter@example.org")).status).toBe(202);
    expect(
      await waitUntil(async () => (await sql`select 1 from jobs where kind = 'reset.request'`).length === 0),
    ).toBe(true);
    expect(smtp.mails.slice(before).filter((mail) => /Reset your password/.test(mail.subject))).toEqual([]);
    // Without other keys, the reader of the mail gets the whole account, and has thereby confirmed the address.
    await join(server, "plain");
    expect((await reset(tokenOf(await linkFor("plain")))).status).toBe(200);
    const [row] = await sql`select email_verified_at from accounts where username = 'plain'`;
    expect(row.email_verified_at).not.toBeNull();
  });

  test("a disabled account gets no link", async () => {
    await join(server, "dave");
    await sql`update accounts set disabled_at = 1 where username = 'dave'`;
    expect((await ask("dave@example.org")).status).toBe(202);
    expect(
      await waitUntil(async () => (await sql`select 1 from jobs where kind = 'reset.request'`).length === 0),
    ).toBe(true);
    expect(mailsTo("dave")).toEqual([]);
  });

  test("[L05] it clears a hundred failures in a row", async () => {
    await join(server, "besieged");
    const token = tokenOf(await linkFor("besieged"));
    await sql`update accounts set failures_in_a_row = 100 where username = 'besieged'`;
    expect((await new Person(server, "besieged").signIn()).status).toBe(401);
    expect((await reset(token)).status).toBe(200);
    expect((await new Person(server, "besieged").signIn(next)).status).toBe(200);
  });

  async function confirmAddress(person: Person): Promise<void> {
    const mail = await smtp.next(`${person.username}@example.org`, /is your code/);
    expect((await person.post("/verify", { token: tokenOf(mail.link) })).status).toBe(200);
  }
});

/** Sends raw bytes. */
function raw(port: number, bytes: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", () => {});
    socket.on("close", () => resolve());
    socket.on("error", reject);
  });
}
