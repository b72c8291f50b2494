import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pruneAccounts } from "../../server/src/auth/prune-queries.ts";
import { openDatabase } from "../../server/src/db/open-database.ts";
import { queueJob } from "../../server/src/jobs/queue.ts";
import { runDueJobs } from "../../server/src/jobs/runner.ts";
import { queueMail, sendMailJob } from "../../server/src/jobs/send-mail.ts";
import { systemRandom as random } from "../../server/src/lib/random.ts";
import { createServerSecret } from "../../server/src/lib/server-secret.ts";
import { silentLog as log } from "../../server/src/log/log.ts";
import { createSmtpMailer, inWords } from "../../server/src/mail/mailer.ts";
import { MailServer } from "../support/mail.ts";
import { createTestData, databaseKinds, isAvailable, waitUntil } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

const hourMs = 3_600_000;
const mail = { to: "alice@example.org", subject: "hello", text: "A line\n", html: "<p>A line</p>" };

for (const kind of databaseKinds) {
  describe.skipIf(!isAvailable(kind))(`mail jobs (${kind})`, () => {
    let smtp: MailServer;
    beforeAll(async () => {
      smtp = await MailServer.start();
    });
    afterAll(() => smtp.stop());

    async function setUp() {
      const data = await createTestData(kind);
      const config = data.url
        ? ({ kind: "postgres", url: data.url } as const)
        : ({ kind: "embedded", dataDir: data.env.DATA_DIR! } as const);
      const db = await openDatabase(config, log);
      let now = 1_000_000_000_000;
      const secret = createServerSecret(new Uint8Array(32).fill(7));
      const mailer = await createSmtpMailer(smtp.url, "novaX <novax@example.org>");
      const app = { db, log, random, secret, mailer, clock: { now: () => now }, identity: { name: "Acme" } };
      return {
        app,
        run: () => runDueJobs(app, [sendMailJob]),
        pass: (ms: number) => {
          now += ms;
        },
        close: async () => {
          mailer.close();
          await db.close();
          await data.remove();
        },
      };
    }

    test("a mail is sent once its cause is committed, and never if that was rolled back", async () => {
      const { app, run, close } = await setUp();
      smtp.mails.length = 0;
      const rolledBack = app.db.transact(async (tx) => {
        await queueMail(app, tx, { ...mail, subject: "never" });
        throw new Error("no");
      });
      await rolledBack.catch(() => {});
      await app.db.transact((tx) => queueMail(app, tx, mail));
      expect(smtp.mails).toHaveLength(0);
      expect(await run()).toBe(1);
      expect(
        smtp.mails.map(({ to, from, subject, text }) => ({ to, from, subject, text: text.trim() })),
      ).toEqual([
        { to: mail.to, from: "novax@example.org", subject: `Acme: ${mail.subject}`, text: "A line" },
      ]);
      expect(smtp.mails[0]!.html).toContain("<p>A line</p>");
      expect(await run()).toBe(0);
      await close();
    });

    test("a refused mail is retried, with growing delays, and given up in the end", async () => {
      const { app, run, pass, close } = await setUp();
      smtp.refusal = { code: 451 };
      smtp.refused = 0;
      await app.db.transact((tx) => queueMail(app, tx, mail, { untilMs: 1000 * hourMs }));
      expect([await run(), await run(), smtp.refused]).toEqual([1, 0, 1]);
      pass(9_000);
      expect(await run()).toBe(0);
      pass(2_000);
      expect(await run()).toBe(1);
      pass(11_000);
      expect(await run()).toBe(0);
      pass(50_000);
      expect([await run(), smtp.refused]).toEqual([1, 3]);
      for (let tries = 0; tries < 20; tries++) {
        pass(25 * hourMs);
        await run();
      }
      expect(smtp.refused).toBe(10);
      const [row] = await app.db.sql<{ failed_at: string | null }>`select failed_at from jobs`;
      expect(row!.failed_at).not.toBeNull();
      smtp.refusal = null;
      await close();
    });

    test("a mail that waited too long is not sent", async () => {
      const { app, run, pass, close } = await setUp();
      smtp.mails.length = 0;
      await app.db.transact((tx) => queueMail(app, tx, mail, { untilMs: hourMs }));
      pass(hourMs + 1);
      expect(await run()).toBe(0);
      expect(await app.db.sql`select 1 from jobs`).toHaveLength(0);
      await close();
    });

    test("one of two processes takes a job; if it dies, the other one takes over", async () => {
      const { app, run, pass, close } = await setUp();
      smtp.mails.length = 0;
      await app.db.transact((tx) => queueMail(app, tx, mail));
      const counts = await Promise.all([run(), run(), run()]);
      expect(counts.sort()).toEqual([0, 0, 1]);
      expect(smtp.mails).toHaveLength(1);
      // Taken and never finished, as if the process had ended there.
      await app.db.transact((tx) => queueJob(app, tx, sendMailJob, { payload: mail }));
      await app.db.sql`update jobs set run_at = ${app.clock.now() + 120_000}`;
      expect(await run()).toBe(0);
      pass(121_000);
      expect(await run()).toBe(1);
      await close();
    });

    test("[A20] a queued mail can't be read in the database", async () => {
      const { app, close } = await setUp();
      await app.db.transact((tx) =>
        queueMail(app, tx, { ...mail, text: "https://chat.example.org/reset?token=SECRET" }),
      );
      const [row] = await app.db.sql<{ payload: Uint8Array }>`select payload from jobs`;
      expect(Buffer.from(row!.payload).toString("latin1")).not.toContain("SECRET");
      await close();
    });
  });
}

describeServer("old data", { only: "postgres", people: ["alice"] }, ({ data, alice }) => {
  test("is deleted: sessions that ended long ago, browsers not seen for a year, old notices", async () => {
    const db = await openDatabase({ kind: "postgres", url: data.url! }, log);
    await alice.signIn();
    await alice.signIn();
    const now = Date.now();
    const count = async () => (await db.sql`select 1 from sessions`).length;
    await pruneAccounts(db.sql, now);
    expect(await count()).toBe(3);
    await pruneAccounts(db.sql, now + 31 * 24 * hourMs);
    expect(await count()).toBe(1);
    expect((await alice.fetch("/api/messages")).status).toBe(200);
    await pruneAccounts(db.sql, now + 366 * 24 * hourMs);
    expect([await count(), (await db.sql`select 1 from known_devices`).length]).toEqual([0, 0]);
    await db.close();
  });
});

describeServer("a server without SMTP", { only: "embedded", people: ["alice"] }, ({ server }) => {
  test("prints its mails on the console, so that nobody is stuck", async () => {
    const printed = /"event":"mail.printed","to":"alice@example\.org"[^\n]*\/verify\?token=/;
    expect(await waitUntil(() => printed.test(server.output()))).toBe(true);
    // On a terminal it is read as a mail is.
    const mail = { to: "alice@example.org", subject: "Hello", text: "One\nTwo", html: "" };
    expect(inWords(mail)).toBe("\n  | To: alice@example.org\n  | Subject: Hello\n  |\n  | One\n  | Two\n");
  });
});
