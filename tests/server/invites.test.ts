import { beforeAll, expect, test } from "bun:test";
import { Person, problemOf, untilTaken } from "../support/person.ts";
import { describeServer } from "../support/use-server.ts";

const options = { only: "postgres", env: { REGISTRATION: "invite" }, people: ["alice"] } as const;

describeServer("registration and invitations", options, ({ server, sql, alice }) => {
  let bob: Person;
  let count = 0;

  beforeAll(async () => {
    bob = new Person(server, "bob");
    await bob.register({ invite: await invite() });
  });

  const fresh = () => new Person(server, `guest${count++}`);
  async function invite(draft: object = {}): Promise<string> {
    const response = await alice.post("/admin/invites", { max_uses: 1, days: 7, ...draft });
    if (response.status !== 200) throw new Error(await response.text());
    return new URL(((await response.json()) as { link: string }).link).pathname.replace("/join/", "");
  }
  const setMode = (registration: string) =>
    alice.post("/admin/settings", { registration, factor: "nobody", allows_erasure: true });

  test("the first account needs no invitation, later ones do", async () => {
    const refused = await fresh().register();
    expect([refused.status, (await problemOf(refused)).code]).toEqual([403, "invite_required"]);
    expect((await new Person(server, "x").fetch("/register")).status).toBe(403);
    expect(await (await new Person(server, "x").fetch("/")).text()).not.toContain("/register");
    const token = await invite();
    const page = await new Person(server, "x").fetch(`/join/${token}`);
    expect(await page.text()).toContain(`value="${token}"`);
    expect((await fresh().register({ invite: token })).status).toBe(200);
  });

  async function pageOfRefusedForm(token: string): Promise<string> {
    const response = await fresh().fetch("/register", {
      method: "POST",
      body: new URLSearchParams({
        invite: token,
        email: "x",
        username: "x",
        password: "x",
        confirm_password: "x",
      }),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    return response.text();
  }

  test("[A19] a used, revoked, expired, forged or empty invitation is refused in the same way, on the page too", async () => {
    expect(await pageOfRefusedForm(await invite())).toContain("alice");
    const used = await invite();
    await fresh().register({ invite: used });
    const expired = await invite();
    await sql`update invites set expires_at = ${Date.now() - 1} where uses = 0 and revoked_at is null`;
    const revoked = await invite();
    const { invites } = (await (await alice.fetch("/api/admin/invites")).json()) as {
      invites: { id: string }[];
    };
    expect((await alice.post(`/admin/invites/${invites[0]!.id}/revoke`, {})).status).toBe(200);
    const answers = new Set<string>();
    const pages = new Set<string>();
    for (const token of [used, expired, revoked, "x".repeat(43), "forged", "' or 1=1 --"]) {
      const response = await fresh().register({ invite: token });
      answers.add(`${response.status} ${await response.text()}`);
      const page = await new Person(server, "x").fetch(`/join/${encodeURIComponent(token)}`);
      pages.add(`${page.status} ${await page.text()}`);
      // Nor does the page that a refused form comes back as say who made it.
      expect(await pageOfRefusedForm(token)).not.toContain("alice");
    }
    expect([answers.size, [...answers][0]!.slice(0, 3)]).toEqual([1, "404"]);
    expect([pages.size, [...pages][0]!.slice(0, 3)]).toEqual([1, "404"]);
    expect((await fresh().register({ invite: "" })).status).toBe(404);
  });

  test("[A19] of 50 people who use one invitation at once, exactly as many get in as it has uses", async () => {
    for (const maxUses of [1, 7]) {
      const token = await invite({ max_uses: maxUses });
      const people = Array.from({ length: 50 }, fresh);
      const answers = await Promise.all(
        people.map((person) => untilTaken(() => person.register({ invite: token }))),
      );
      const statuses = answers.map((response) => response.status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(maxUses);
      expect(statuses.filter((status) => status === 404)).toHaveLength(50 - maxUses);
    }
  }, 60_000);

  test("a registration refused for another reason doesn't use the invitation up", async () => {
    const token = await invite();
    expect(
      (await fresh().register({ invite: token, password: "short", confirm_password: "short" })).status,
    ).toBe(422);
    expect((await new Person(server, "alice").register({ invite: token })).status).toBe(409);
    expect((await fresh().register({ invite: token })).status).toBe(200);
  });

  test("[A20] the database has only the link's hash", async () => {
    const token = await invite();
    const rows = await sql`select * from invites`;
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(
      rows.some((row: { token_hash: Uint8Array }) =>
        Buffer.from(row.token_hash).equals(new Bun.CryptoHasher("sha256").update(token).digest()),
      ),
    ).toBe(true);
  });

  test("with approval a new person waits for an owner, and can be rejected", async () => {
    const token = await invite({ max_uses: 2, needs_approval: true, note: "the choir" });
    const [one, two] = [new Person(server, "waiting1"), new Person(server, "waiting2")];
    const waiting = async (person: Person) => (await person.read<{ approvals: number }>("/api/me")).approvals;
    const owner = await alice.connect();
    for (const person of [one, two]) {
      const response = await person.register({ invite: token });
      expect([response.status, person.sessionToken]).toEqual([202, undefined]);
      const login = await person.signIn();
      expect([login.status, (await problemOf(login)).code]).toEqual([403, "approval_pending"]);
      expect((await person.signIn("wrong password")).status).toBe(401);
    }
    const { people } = (await (await alice.fetch("/api/admin/people")).json()) as {
      people: {
        id: string;
        username: string;
        awaitsApproval: boolean;
        invitedBy: string;
        inviteNote: string;
      }[];
    };
    expect(people.slice(0, 2)).toMatchObject([
      { username: "waiting1", awaitsApproval: true, invitedBy: "alice", inviteNote: "the choir" },
      { username: "waiting2", awaitsApproval: true },
    ]);
    // Owners and admins are notified at once; nobody else is.
    await owner.next((frame) => frame.type === "me.changed" && frame.part === "profile");
    expect([await waiting(alice), await waiting(bob)]).toEqual([2, 0]);
    owner.close();
    // Until then they are in no room.
    const members = await sql`select 1 from memberships where account_id = ${people[0]!.id}`;
    expect(members).toHaveLength(0);
    expect((await bob.post(`/admin/people/${people[0]!.id}/approve`, {})).status).toBe(403);
    expect((await alice.post(`/admin/people/${people[0]!.id}/approve`, {})).status).toBe(200);
    expect((await alice.post(`/admin/people/${people[1]!.id}/reject`, {})).status).toBe(200);
    expect(await waiting(alice)).toBe(0);
    // Who waited is told, by mail if the address is confirmed.
    const [told] =
      await sql`select kind from notices where account_id = ${people[0]!.id} order by at desc limit 1`;
    expect(told.kind).toBe("approved");
    expect((await one.signIn()).status).toBe(200);
    const socket = await one.enter();
    await socket.sayAndWait("hello from the choir");
    socket.close();
    expect((await two.signIn()).status).toBe(401);
    expect((await new Person(server, "waiting2").register({ invite: await invite() })).status).toBe(200);
    // An approved person cannot be rejected any more.
    expect((await alice.post(`/admin/people/${people[0]!.id}/reject`, {})).status).toBe(200);
    expect((await one.fetch("/api/messages")).status).toBe(200);
  });

  test("an owner sets the registration mode on their page; closed lets nobody in, invited or not", async () => {
    const token = await invite();
    expect((await setMode("closed")).status).toBe(200);
    const refused = await fresh().register({ invite: token });
    expect([refused.status, (await problemOf(refused)).code]).toEqual([403, "registration_closed"]);
    expect((await setMode("open")).status).toBe(200);
    expect((await fresh().register()).status).toBe(200);
    // An invitation that is presented must be valid, even where none is needed.
    expect((await fresh().register({ invite: "forged" })).status).toBe(404);
    expect((await setMode("")).status).toBe(200);
    expect((await problemOf(await fresh().register())).code).toBe("invite_required");
  });

  test("an invitation with invalid limits is refused", async () => {
    for (const draft of [
      { max_uses: 0 },
      { max_uses: 1001 },
      { days: 0 },
      { days: 91 },
      { max_uses: 1.5 },
      { max_uses: "many" },
      { note: "x".repeat(201) },
      { by: "bob" },
    ])
      expect(
        (await alice.post("/admin/invites", { max_uses: 1, days: 1, ...draft })).status,
        JSON.stringify(draft),
      ).toBe(400);
  });

  test("members can neither make nor see invitations", async () => {
    expect((await bob.post("/admin/invites", { max_uses: 1, days: 1 })).status).toBe(403);
    expect((await bob.fetch("/api/admin/invites")).status).toBe(403);
    expect((await new Person(server, "x").fetch("/api/admin/invites")).status).toBe(401);
  });
});
