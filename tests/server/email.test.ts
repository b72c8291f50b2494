import { expect, test } from "bun:test";
import { tokenOf } from "../support/mail.ts";
import { join, Person, problemOf } from "../support/person.ts";
import { waitUntil } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

const options = { only: "postgres", hasMail: true, people: ["alice"] } as const;

describeServer("an e-mail address", options, ({ server, smtp, sql }) => {
  const mailTo = (address: string, subject = /is your code/) => smtp.next(address, subject);
  const codeOf = (mail: { subject: string }) => /(\d{6}) is your code/.exec(mail.subject)![1]!;
  const stateOf = async (name: string) => {
    const [row] =
      await sql`select email, email_verified_at is not null as verified from accounts where username = ${name}`;
    return row as { email: string; verified: boolean };
  };
  const verifyByCode = (person: Person, code: string) => person.post("/account/email/verify", { code });

  test("is confirmed with the mail's link, from any browser, by a button and not by opening the page", async () => {
    await join(server, "linked");
    const { link } = await mailTo("linked@example.org");
    expect(link).toStartWith(`${server.origin}/verify?token=`);
    const anybody = new Person(server, "anybody");
    const page = await anybody.fetch(new URL(link).pathname + new URL(link).search);
    expect([page.status, page.headers.get("referrer-policy")]).toEqual([200, "no-referrer"]);
    expect((await stateOf("linked")).verified).toBe(false);
    expect((await anybody.post("/verify", { token: tokenOf(link) })).status).toBe(200);
    expect((await stateOf("linked")).verified).toBe(true);
    expect((await problemOf(await anybody.post("/verify", { token: tokenOf(link) }))).code).toBe(
      "link_invalid",
    );
  });

  test("is confirmed with the mail's code; a six-digit code allows five tries, even of 50 at once", async () => {
    const person = await join(server, "coded");
    const code = codeOf(await mailTo("coded@example.org"));
    const wrong = code === "000000" ? "000001" : "000000";
    expect((await problemOf(await verifyByCode(person, wrong))).code).toBe("code_wrong");
    expect((await verifyByCode(person, `${code.slice(0, 3)} ${code.slice(3)}`)).status).toBe(200);
    expect((await stateOf("coded")).verified).toBe(true);

    const guesser = await join(server, "guesser");
    const right = codeOf(await mailTo("guesser@example.org"));
    const guesses = Array.from({ length: 50 }, (_, index) => String(index).padStart(6, "0")).filter(
      (guess) => guess !== right,
    );
    await Promise.all(guesses.map((guess) => verifyByCode(guesser, guess)));
    expect((await verifyByCode(guesser, right)).status).toBe(401);
    expect((await stateOf("guesser")).verified).toBe(false);
  });

  test("isn't confirmed by somebody else's code", async () => {
    await join(server, "holder");
    const outsider = await join(server, "outsider");
    const code = codeOf(await mailTo("holder@example.org"));
    await mailTo("outsider@example.org");
    await verifyByCode(outsider, code);
    expect((await stateOf("holder")).verified).toBe(false);
    expect((await stateOf("outsider")).verified).toBe(code === codeOf(await mailTo("outsider@example.org")));
  });

  test("[L09] [L10] [A13] if it is confirmed already, the response is the same as for a new one, and its owner is told", async () => {
    const owner = await join(server, "first");
    await owner.post("/verify", { token: tokenOf((await mailTo("first@example.org")).link) });
    const register = async (username: string, email: string) => {
      const response = await new Person(server, username).register({ email });
      return `${response.status} ${(await response.text()).replace(username, "")}`;
    };
    const before = smtp.to("first@example.org").length;
    expect(await register("second", "First@Example.org")).toBe(await register("third", "fresh@example.org"));
    expect(await waitUntil(() => smtp.to("first@example.org").length > before)).toBe(true);
    const [notice] = smtp.mails.filter((mail) => /Someone used your email address/.test(mail.subject));
    expect(notice!.text).toContain("first");
    // The second account cannot have it, whatever code it tries.
    const second = new Person(server, "second");
    await second.signIn();
    expect((await verifyByCode(second, "123456")).status).toBe(401);
  });

  test("given by five accounts, it belongs to one, however many confirm at once", async () => {
    const people = await Promise.all(
      Array.from({ length: 5 }, async (_, index) => {
        const person = new Person(server, `twin${index}`);
        await person.register({ email: "twins@example.org" });
        return person;
      }),
    );
    expect(await waitUntil(() => smtp.to("twins@example.org").length === 5)).toBe(true);
    const answers = await Promise.all(
      smtp.to("twins@example.org").map((mail) => people[0]!.post("/verify", { token: tokenOf(mail.link) })),
    );
    const statuses = answers.map((response) => response.status).sort();
    expect(statuses).toEqual([200, ...Array<number>(4).fill(409)]);
    const rows =
      await sql`select 1 from accounts where email_key = 'twins@example.org' and email_verified_at is not null`;
    expect(rows).toHaveLength(1);
  });

  test("[R08] a new one is used once it is confirmed; both the old and the new one are notified", async () => {
    const person = await join(server, "mover");
    await person.post("/verify", { token: tokenOf((await mailTo("mover@example.org")).link) });
    expect((await person.post("/account/email", { email: "no address" })).status).toBe(422);
    expect((await person.post("/account/email", { email: "moved@example.org" })).status).toBe(200);
    await mailTo("mover@example.org", /new email address was requested/);
    expect(await stateOf("mover")).toEqual({ email: "mover@example.org", verified: true });
    expect((await verifyByCode(person, codeOf(await mailTo("moved@example.org")))).status).toBe(200);
    expect(await stateOf("mover")).toEqual({ email: "moved@example.org", verified: true });
    await mailTo("mover@example.org", /address was changed/);
    await mailTo("moved@example.org", /address was changed/);
  });

  test("gets at most five mails an hour, however many accounts name it, and nobody can tell", async () => {
    const answers = new Set<number>();
    for (let index = 0; index < 8; index++)
      answers.add(
        (await new Person(server, `filler${index}`).register({ email: "filled@example.org" })).status,
      );
    expect([...answers]).toEqual([200]);
    expect(await waitUntil(async () => (await sql`select 1 from jobs`).length === 0)).toBe(true);
    expect(smtp.to("filled@example.org")).toHaveLength(5);
    // What was sent stays valid, and the mailbox's owner can confirm it.
    const link = smtp.to("filled@example.org").at(-1)!.link;
    expect((await new Person(server, "x").post("/verify", { token: tokenOf(link) })).status).toBe(200);
    // An account cannot get around the limit by confirming another address in between.
    const person = await join(server, "looper");
    const statuses: number[] = [];
    for (let index = 0; index < 6; index++)
      statuses.push((await person.post("/account/email", { email: `mailbox${index}@example.org` })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
    const parallel = await join(server, "parallel");
    const resent = await Promise.all(
      Array.from({ length: 20 }, () => parallel.post("/account/email/resend", {})),
    );
    expect(resent.filter((response) => response.status === 200)).toHaveLength(4);
  });

  test("one account can send five mails an hour", async () => {
    const person = await join(server, "eager");
    const statuses: number[] = [];
    for (let index = 0; index < 5; index++)
      statuses.push((await person.post("/account/email/resend", {})).status);
    expect(statuses).toEqual([200, 200, 200, 200, 429]);
  });

  test("an expired link is dead", async () => {
    await join(server, "slow");
    const token = tokenOf((await mailTo("slow@example.org")).link);
    await sql`update email_verifications set expires_at = ${Date.now() - 1}`;
    const late = await new Person(server, "x").post("/verify", { token });
    expect([late.status, (await problemOf(late)).code]).toEqual([400, "link_invalid"]);
  });
});
