import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { SQL } from "bun";
import { AuthenticatorApp, addPasskey, setUpFactor } from "../support/factors.ts";
import { MailServer, tokenOf } from "../support/mail.ts";
import { join, Person, password } from "../support/person.ts";
import { createTestData, isAvailable, startServer, waitUntil } from "../support/server.ts";

describe.skipIf(!isAvailable("postgres"))("somebody with the database but not the server's secret", () => {
  test("[A20] can use no session, link, invitation, code, challenge or seed found in it", async () => {
    const smtp = await MailServer.start();
    const data = await createTestData("postgres");
    const server = await startServer(data, { env: { SMTP_URL: smtp.url } });
    const sql = new SQL(data.url!, { max: 2 });
    // Every kind of secret, created and not used.
    const alice = await join(server, "alice");
    const verification = await smtp.next("alice@example.org", /is your code/);
    const { app, recoveryCodes } = await setUpFactor(alice);
    await addPasskey(alice);
    const invitation = (await (await alice.post("/admin/invites", { max_uses: 5, days: 7 })).json()) as {
      link: string;
    };
    const bob = await join(server, "bob");
    await bob.post("/forgot", { email: "bob@example.org" });
    const link = (await smtp.next("bob@example.org", /Reset your password/)).link;
    const half = new Person(server, "alice");
    await half.signIn();
    const trusted = new Person(server, "alice");
    await trusted.signIn();
    await trusted.post("/login/code", { code: recoveryCodes[9], trust_device: true });
    // And a mail that is still queued.
    smtp.refusal = { code: 451 };
    await new Person(server, "x").post("/forgot", { email: "bob@example.org" });
    expect(await waitUntil(() => smtp.refused > 0)).toBe(true);

    const dump = await dumpAll(sql);
    const text = JSON.stringify(dump, (_key, value) =>
      value instanceof Uint8Array || value?.type === "Buffer"
        ? Buffer.from(value.data ?? value).toString("latin1")
        : value,
    );
    const seed = (await seedOf(alice)) ?? "";
    const secrets = {
      session: alice.sessionToken!,
      device: trusted.cookies.get("novax_device")!,
      challenge: half.cookies.get("novax_challenge")!,
      "reset link": tokenOf(link),
      "verification link": tokenOf(verification.link),
      invitation: invitation.link.split("/").at(-1)!,
      password,
      ...Object.fromEntries(recoveryCodes.map((code, index) => [`recovery code ${index}`, code])),
    };
    for (const [name, secret] of Object.entries(secrets)) expect(text.includes(secret), name).toBe(false);
    expect(seed).toBe("");

    // Every value in the dump, as it is and in the usual encodings, tried wherever a secret is accepted.
    const values = [...new Set(dump.flatMap((row) => Object.values(row).flatMap(spellings)))];
    expect(values.length).toBeGreaterThan(100);
    const thief = new Person(server, "alice");
    for (const value of values) {
      for (const cookie of ["novax_session", "novax_device", "novax_challenge"])
        thief.cookies.set(cookie, value);
      const header = { cookie: thief.cookieHeader };
      if (/[^\x20-\x7e]/.test(header.cookie)) continue;
      expect((await fetch(`${server.url}/api/messages`, { headers: header })).status, value).toBe(401);
      const next = "another four quiet words";
      const reset = { token: value, password: next, confirm_password: next };
      expect([400, 429]).toContain((await new Person(server, "x").post("/reset", reset)).status);
      expect((await new Person(server, "x").fetch(`/join/${encodeURIComponent(value)}`)).status).toBe(404);
    }
    // A short code could be brute-forced from a plain hash, but not from one keyed with the server's secret.
    const plain = (code: string) => createHash("sha256").update(code).digest("hex");
    const digits = /(\d{6}) is your code/.exec(verification.subject)![1]!;
    const hashes = dump.flatMap((row) => Object.values(row)).filter((value) => value instanceof Uint8Array);
    const stored = new Set(hashes.map((value) => Buffer.from(value as Uint8Array).toString("hex")));
    for (const code of [digits, ...recoveryCodes, ...recoveryCodes.map((one) => one.replaceAll("-", ""))])
      expect(stored.has(plain(code))).toBe(false);
    // Passwords are bcrypt, and nothing else looks like one.
    for (const row of dump)
      if (row.password_hash) expect(row.password_hash as string).toMatch(/^\$2[aby]\$10\$/);
    // The real secrets still work, so the attempts above were meaningful.
    expect((await alice.fetch("/api/messages")).status).toBe(200);
    await sql`update accounts set totp_last_step = 0`;
    expect((await half.post("/login/code", { code: app.code() })).status).toBe(200);

    await sql.close();
    await server.stop();
    await smtp.stop();
    await data.remove();
  }, 120_000);

  test("[A20] can't open the seeds with their own server on the copy", async () => {
    const data = await createTestData("postgres");
    const server = await startServer(data);
    const alice = await join(server, "alice");
    await setUpFactor(alice);
    await server.stop();
    const env = { SECRET_KEY: Buffer.alloc(32, 9).toString("base64") };
    await expect(startServer(data, { env })).rejects.toThrow(/another secret/);
    // Even if they make the database forget which secret it had, the seed stays sealed.
    const sql = new SQL(data.url!, { max: 1 });
    await sql`update installation set secret_check = null`;
    const copy = await startServer(data, { env });
    const [row] = await sql`select totp_secret from accounts`;
    expect(Buffer.from(row.totp_secret).length).toBeGreaterThan(28);
    const half = new Person(copy, "alice");
    await half.signIn();
    const guess = new AuthenticatorApp("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
    expect((await half.post("/login/code", { code: guess.code() })).status).toBe(401);
    await sql.close();
    await copy.stop();
    await data.remove();
  });
});

type Row = Record<string, unknown>;

async function dumpAll(sql: SQL): Promise<Row[]> {
  const tables = await sql`select table_name from information_schema.tables where table_schema = 'public'`;
  const rows: Row[] = [];
  for (const { table_name } of tables)
    rows.push(...((await sql.unsafe(`select * from "${table_name}"`)) as Row[]));
  return rows;
}

/** Nothing returns an account's seed once it is active. */
async function seedOf(person: Person): Promise<string | null> {
  const account = await (await person.fetch("/api/account")).text();
  return /[A-Z2-7]{32}/.exec(account)?.[0] ?? null;
}

function spellings(value: unknown): string[] {
  if (typeof value === "string") return value.length >= 6 ? [value] : [];
  if (!(value instanceof Uint8Array)) return [];
  const bytes = Buffer.from(value);
  return [bytes.toString("hex"), bytes.toString("base64url")];
}
