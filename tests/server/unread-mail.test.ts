// Emails about what stays unread. The clock of the part that sends them is the test's own; the chat is a real one.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generalRoomId as general } from "@novax/protocol/general-room";
import type { Database } from "../../server/src/db/database.ts";
import { openDatabase } from "../../server/src/db/open-database.ts";
import { runDueJobs } from "../../server/src/jobs/runner.ts";
import { sendMailJob } from "../../server/src/jobs/send-mail.ts";
import { createSmtpMailer, type Mailer } from "../../server/src/mail/mailer.ts";
import { sendUnreadMail } from "../../server/src/unread-mail/send-unread-mail.ts";
import { createCore } from "../support/core.ts";
import { MailServer } from "../support/mail.ts";
import { join, type Person, problemOf } from "../support/person.ts";
import { createTestData, isAvailable, startServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** That of `createCore`, so that what one side sealed the other one opens. */
const secretKey = Buffer.alloc(32, 7).toString("base64url");

/** Sends the mails that are due after a time from now, to the mail server of the test. */
async function startSender(config: Parameters<typeof openDatabase>[0], smtp: MailServer, publicUrl: URL) {
  const db = await openDatabase(config, createCore({} as Database).log);
  const mailer: Mailer = await createSmtpMailer(smtp.url, "novaX <novax@example.org>");
  /** Who is at the chat right now. */
  const online = new Set<string>();
  const presence = { stateOf: (id: string) => (online.has(id) ? ("online" as const) : null) };
  return {
    db,
    online,
    /** Returns the mails that were sent, as one text each. */
    async sendAfter(ms: number): Promise<string[]> {
      const before = smtp.mails.length;
      const now = Date.now() + ms;
      const app = { ...createCore(db), mailer, publicUrl, presence, clock: { now: () => now } };
      await sendUnreadMail(app);
      await runDueJobs(app, [sendMailJob]);
      const sent = smtp.mails.slice(before).filter(({ subject }) => subject.includes("unread"));
      return sent.map(({ to, subject, text }) => `${to} ${subject}\n${text}`);
    },
    async close() {
      mailer.close();
      await db.close();
    },
  };
}

describe.skipIf(!isAvailable("postgres"))("mail about what stays unread", () => {
  const used = useServer("postgres", { hasMail: true, env: { SECRET_KEY: secretKey } });
  const { server, sql, alice, bob, carol, smtp } = used;
  let sender: Awaited<ReturnType<typeof startSender>>;
  beforeAll(async () => {
    sender = await startSender({ kind: "postgres", url: used.data.url! }, smtp, new URL(server.url));
    await sql`update accounts set email_verified_at = 1`;
  });
  afterAll(() => sender?.close());

  /** As if the person had been away for a day, and had never got such a mail. */
  const leave = async (person: Person) => {
    const id = await person.id();
    await sql`update sessions set last_seen_at = last_seen_at - 86400000 where account_id = ${id}`;
    await sql`update accounts set unread_mailed_at = null where id = ${id}`;
  };
  const readAll = async (person: Person, room = general) =>
    person.run("room.mark_read", { room, seq: (await person.room(room)).headSeq });

  test("an hour after a mention a person gets one mail that says where, and no word of what was written", async () => {
    await leave(bob);
    await alice.say(general, "@bob the secret lathe is back");
    await alice.say(general, "and @bob, it is loud");
    expect(await sender.sendAfter(30 * minuteMs)).toEqual([]);
    const [mail, ...others] = await sender.sendAfter(hourMs + minuteMs);
    expect(others).toEqual([]);
    expect(mail).toContain("bob@example.org novaX: 2 unread messages");
    expect(mail).toContain("General: 2");
    expect(mail).toContain(`${server.url}/chat`);
    expect(mail).not.toMatch(/secret|lathe|loud/);
    expect(await sender.sendAfter(3 * hourMs)).toEqual([]);
  });

  test("there is one until they have been here again, and never two within an hour", async () => {
    await leave(bob);
    await alice.say(general, "@bob one");
    expect(await sender.sendAfter(hourMs + minuteMs)).toHaveLength(1);
    // Still away: at most a week later again.
    await alice.say(general, "@bob two");
    expect(await sender.sendAfter(26 * hourMs)).toEqual([]);
    await alice.say(general, "@bob two and a half");
    expect(await sender.sendAfter(8 * 24 * hourMs)).toHaveLength(1);
    await readAll(bob);
    await sql`update accounts set unread_mailed_at = ${Date.now()} where id = ${await bob.id()}`;
    await sql`update sessions set last_seen_at = ${Date.now() + 1} where account_id = ${await bob.id()}`;
    await bob.run("unread_mail.set", { minutes: 15 });
    await sql`update sessions set last_seen_at = ${Date.now() + 1} where account_id = ${await bob.id()}`;
    await alice.say(general, "@bob three");
    expect(await sender.sendAfter(30 * minuteMs)).toEqual([]);
    expect(await sender.sendAfter(hourMs + minuteMs)).toHaveLength(1);
    await bob.run("unread_mail.set", { minutes: 60 });
    await readAll(bob);
  });

  test("what was read meanwhile, deleted, muted, or written by somebody blocked sends nothing; neither does presence", async () => {
    await leave(bob);
    await alice.say(general, "@bob read in time");
    await readAll(bob);
    await leave(bob);
    expect(await sender.sendAfter(2 * hourMs)).toEqual([]);
    const deleted = await alice.say(general, "@bob never mind");
    await alice.run("message.delete", { room: general, seq: deleted });
    expect(await sender.sendAfter(2 * hourMs)).toEqual([]);
    await bob.run("person.block", { person: await carol.id() });
    await carol.say(general, "@bob can you hear me?");
    await leave(bob);
    expect(await sender.sendAfter(2 * hourMs)).toEqual([]);
    await bob.run("person.unblock", { person: await carol.id() });
    await readAll(bob);
    // At their desk: it waits until they have gone away.
    await alice.say(general, "@bob look up");
    sender.online.add(await bob.id());
    expect(await sender.sendAfter(2 * hourMs)).toEqual([]);
    sender.online.clear();
    expect(await sender.sendAfter(2 * hourMs + 11 * minuteMs)).toHaveLength(1);
    await readAll(bob);
  });

  test("in quiet hours it waits for their end", async () => {
    const minute = new Date().getUTCHours() * 60 + new Date().getUTCMinutes();
    const hours = { from: (minute + 30) % 1440, to: (minute + 180) % 1440, zone: "UTC" };
    await bob.run("quiet_hours.set", { hours });
    await leave(bob);
    await alice.say(general, "@bob late");
    expect(await sender.sendAfter(2 * hourMs)).toEqual([]);
    expect(await sender.sendAfter(3.5 * hourMs)).toHaveLength(1);
    await bob.run("quiet_hours.set", { hours: null });
    await readAll(bob);
  });

  test("@room calls everybody who has not read it, but not its sender", async () => {
    for (const person of [bob, carol]) {
      await readAll(person);
      await leave(person);
    }
    await alice.say(general, "@room fire drill", { mentionsEveryone: true });
    await readAll(carol);
    const mails = await sender.sendAfter(2 * hourMs);
    expect(mails.map((mail) => mail.split(" ")[0])).toEqual(["bob@example.org"]);
    await readAll(bob);
  });

  test("a direct message counts, from the first one on that is no request; a room without mention does not", async () => {
    const { room } = await alice.run("direct.open", { people: [await carol.id()] });
    await carol.run("room.set_preferences", { room: room.id, isRequest: false });
    await leave(carol);
    await alice.say(room.id, "psst");
    await alice.say(general, "to everybody and nobody");
    const [mail, ...others] = await sender.sendAfter(hourMs + minuteMs);
    expect(others).toEqual([]);
    expect(mail).toContain("carol@example.org novaX: 1 unread message\n");
    expect(mail).toContain("alice: 1");
    expect(mail).not.toContain("psst");
  });

  test("nobody gets one who does not want it, or whose address is not confirmed; it is chosen by its person alone", async () => {
    expect(await carol.read("/api/me/unread-mail")).toEqual({ isPossible: true, minutes: 60 });
    await carol.run("unread_mail.set", { minutes: null });
    expect(await carol.read("/api/me/unread-mail")).toEqual({ isPossible: true, minutes: null });
    await leave(carol);
    await alice.say(general, "@carol hello");
    expect(await sender.sendAfter(2 * hourMs)).toEqual([]);
    await carol.run("unread_mail.set", { minutes: 15 });
    await sql`update accounts set email_verified_at = null where id = ${await carol.id()}`;
    expect(await carol.read("/api/me/unread-mail")).toMatchObject({ isPossible: false });
    await leave(carol);
    await alice.say(general, "@carol hello again");
    expect(await sender.sendAfter(2 * hourMs)).toEqual([]);
    await sql`update accounts set email_verified_at = 1 where id = ${await carol.id()}`;
    const refused = await carol.post("/api/commands/unread_mail.set", { minutes: 1 });
    expect((await problemOf(refused)).code).toBe("malformed");
    expect(await carol.read("/api/me/unread-mail")).toMatchObject({ minutes: 15 });
  });

  test("one request from a mail program ends them, by the address in the mail alone; a link that is opened does not", async () => {
    await readAll(bob);
    await leave(bob);
    await alice.say(general, "@bob once more");
    expect(await sender.sendAfter(2 * hourMs)).toHaveLength(1);
    const { headers, text } = smtp.mails.at(-1)!;
    expect(headers["list-unsubscribe-post"]).toBe("List-Unsubscribe=One-Click");
    const address = /^<(.+)>$/.exec(headers["list-unsubscribe"]!)![1]!;
    expect(text).toContain(address);
    const state = () => bob.read<{ minutes: number | null }>("/api/me/unread-mail");
    const page = await fetch(address);
    expect([page.status, page.headers.get("referrer-policy")]).toEqual([200, "no-referrer"]);
    expect(await state()).toMatchObject({ minutes: 60 });
    const forged = `${address.slice(0, -4)}AAAA`;
    const form = new FormData();
    form.set("List-Unsubscribe", "One-Click");
    // A mail program sends it in either way.
    const oneClick = (url: string, body: FormData | URLSearchParams = form) =>
      fetch(url, { method: "POST", body });
    expect((await oneClick(forged)).status).toBe(404);
    expect((await fetch(forged)).status).toBe(404);
    expect(await state()).toMatchObject({ minutes: 60 });
    expect((await oneClick(address)).status).toBe(200);
    expect(await state()).toMatchObject({ minutes: null });
    await bob.run("unread_mail.set", { minutes: 60 });
    const asText = new URLSearchParams({ "List-Unsubscribe": "One-Click" });
    expect((await oneClick(address, asText)).status).toBe(200);
    expect(await state()).toMatchObject({ minutes: null });
  });
});

test("the embedded database sends them too", async () => {
  const data = await createTestData("embedded");
  const smtp = await MailServer.start();
  const settings = { SECRET_KEY: secretKey, SMTP_URL: smtp.url, MAIL_FROM: "novax@example.org" };
  const server = await startServer(data, { env: settings });
  const [alice, bob] = [await join(server, "alice"), await join(server, "bob")];
  await alice.say(general, "@bob hello");
  expect(await bob.read("/api/me/unread-mail")).toEqual({ isPossible: false, minutes: 60 });
  await server.stop();
  const sender = await startSender(
    { kind: "embedded", dataDir: data.env.DATA_DIR! },
    smtp,
    new URL(server.url),
  );
  await sender.db.sql`update accounts set email_verified_at = 1`;
  await sender.db.sql`update sessions set last_seen_at = 0`;
  const mails = await sender.sendAfter(2 * hourMs);
  expect(mails).toHaveLength(1);
  await sender.close();
  await smtp.stop();
  await data.remove();
}, 30_000);
