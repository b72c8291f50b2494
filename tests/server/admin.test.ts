import { beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import { closeCodes } from "@novax/protocol/close-codes";
import { setUpFactor } from "../support/factors.ts";
import { join, Person, problemOf } from "../support/person.ts";
import { spawnServer, startServer } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

type Entry = { seq: number; action: string; actorName: string; subjectName: string; detail: string };

const options = { only: "postgres", people: ["alice", "ada", "bob"] } as const;

describeServer("the admin pages", options, ({ data, server, sql, alice, ada: admin, bob }) => {
  const ids = new Map<string, string>();

  beforeAll(async () => {
    await sql`update accounts set server_role = 'admin' where username = 'ada'`;
  });

  async function idOf(name: string): Promise<string> {
    if (!ids.has(name)) {
      const [row] = await sql`select id from accounts where username = ${name}`;
      ids.set(name, row.id);
    }
    return ids.get(name)!;
  }
  const act = async (by: Person, name: string, action: string, body: object = {}) =>
    by.post(`/admin/people/${await idOf(name)}/${action}`, body);
  const auditOf = async (query = "") =>
    ((await (await alice.fetch(`/api/admin/audit${query}`)).json()) as { entries: Entry[] }).entries;
  const refresh = () => sql`update sessions set proved_at = ${Date.now()}`;

  const actions = [
    "disable",
    "enable",
    "end-sessions",
    "reset-link",
    "require-factor",
    "unrequire-factor",
    "approve",
  ];

  test("[Z01] [S07] owners can act on everybody, admins on members, members on nobody", async () => {
    await join(server, "carol");
    await join(server, "other-admin");
    await join(server, "other-owner");
    await sql`update accounts set server_role = 'admin' where username = 'other-admin'`;
    await sql`update accounts set server_role = 'owner' where username = 'other-owner'`;
    await refresh();
    const targets = { member: "carol", admin: "other-admin", owner: "other-owner" };
    const expected: Record<string, Record<string, number>> = {
      owner: { member: 200, admin: 200, owner: 200 },
      admin: { member: 200, admin: 403, owner: 403 },
      member: { member: 403, admin: 403, owner: 403 },
    };
    for (const [role, by] of Object.entries({ owner: alice, admin, member: bob })) {
      for (const [targetRole, target] of Object.entries(targets)) {
        for (const action of actions) {
          const { status } = await act(by, target, action);
          expect(status, `${role} ${action} ${targetRole}`).toBe(expected[role]![targetRole]!);
        }
      }
      const { status } = await act(by, "carol", "role", { role: "member" });
      expect(status, `${role} role`).toBe(role === "owner" ? 200 : 403);
      const settings = { registration: "", factor: "nobody", allows_erasure: true };
      expect((await by.post("/admin/settings", settings)).status).toBe(role === "owner" ? 200 : 403);
      for (const path of [
        "/api/admin/people",
        "/api/admin/audit",
        "/api/admin/audit/export",
        "/admin",
        "/admin/settings",
      ])
        expect((await by.fetch(path)).status, `${role} ${path}`).toBe(role === "member" ? 403 : 200);
    }
    const outsider = new Person(server, "x");
    for (const action of actions) expect((await act(outsider, "carol", action)).status).toBe(401);
    // An unknown id, and text that is not an id.
    for (const id of [crypto.randomUUID(), "x", "1 or 1=1"])
      expect((await alice.post(`/admin/people/${encodeURIComponent(id)}/disable`, {})).status).toBe(404);
  }, 30_000);

  test("every admin action needs a recent proof", async () => {
    await sql`update sessions set proved_at = 0`;
    for (const action of [...actions, "reject"])
      expect((await problemOf(await act(alice, "bob", action))).code, action).toBe("reauth_required");
    expect((await problemOf(await alice.post("/admin/invites", { max_uses: 1, days: 1 }))).code).toBe(
      "reauth_required",
    );
    await refresh();
  });

  test("[S06] [A2] a disabled account loses its sessions and sockets; enabled again, it can sign in", async () => {
    const dave = await join(server, "dave");
    const socket = await dave.enter();
    expect((await act(alice, "dave", "disable")).status).toBe(200);
    expect((await socket.closed).code).toBe(closeCodes.sessionEnded);
    expect((await dave.fetch("/api/messages")).status).toBe(401);
    expect((await new Person(server, "dave").signIn()).status).toBe(401);
    expect((await act(alice, "dave", "enable")).status).toBe(200);
    expect((await dave.fetch("/api/messages")).status).toBe(401);
    expect((await new Person(server, "dave").signIn()).status).toBe(200);
  });

  test("[Z03] a changed role applies from the next request on", async () => {
    expect((await bob.fetch("/api/admin/people")).status).toBe(403);
    await act(alice, "bob", "role", { role: "admin" });
    expect((await bob.fetch("/api/admin/people")).status).toBe(200);
    await act(alice, "bob", "role", { role: "member" });
    expect((await bob.fetch("/api/admin/people")).status).toBe(403);
  });

  test("[M10] an owner can neither see nor set a password or a factor; a reset link is all they can make, and it leaves the factor", async () => {
    const person = await join(server, "private");
    await setUpFactor(person);
    const pages = await Promise.all([
      alice.fetch("/api/admin/people"),
      alice.fetch(`/admin/people/${await idOf("private")}`),
      alice.fetch("/api/admin/audit"),
    ]);
    const [row] = await sql`select password_hash, totp_secret from accounts where username = 'private'`;
    for (const page of pages) {
      const text = await page.text();
      for (const secret of [
        row.password_hash,
        Buffer.from(row.totp_secret).toString("base64"),
        Buffer.from(row.totp_secret).toString("hex"),
        "$2",
      ])
        expect(text).not.toContain(secret);
    }
    const response = await act(alice, "private", "reset-link");
    const { link } = (await response.json()) as { link: string };
    const token = new URL(link).searchParams.get("token");
    const next = "another four quiet words";
    const anybody = new Person(server, "private");
    expect((await anybody.post("/reset", { token, password: next, confirm_password: next })).status).toBe(
      200,
    );
    expect((await problemOf(await anybody.signIn(next))).code).toBe("second_factor_required");
    const attempts = ["password", "disable-factor", "two-factor", "factor", "passkeys"];
    for (const action of attempts) expect((await act(alice, "private", action)).status).toBe(404);
    const notices = await sql`select kind from notices where account_id = ${await idOf("private")}`;
    expect(notices.map((notice: { kind: string }) => notice.kind)).toContain("reset_link_issued");
  });

  test("[Z08] the last owner stays: after 50 demotions, disablings and deletions at once there is still one", async () => {
    await sql`update accounts set server_role = 'member' where username = 'other-owner'`;
    const alone = await act(alice, "alice", "role", { role: "member" });
    expect([alone.status, (await problemOf(alone)).code]).toEqual([409, "last_owner"]);
    expect((await act(alice, "alice", "disable")).status).toBe(409);
    expect(
      (await problemOf(await alice.post("/account/data", { messages: "keep", is_sure: true }))).code,
    ).toBe("last_owner");
    const owners = await Promise.all(Array.from({ length: 5 }, (_, index) => join(server, `owner${index}`)));
    await sql`update accounts set server_role = 'owner' where username like 'owner_'`;
    await refresh();
    const all = [alice, ...owners];
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        const by = all[index % all.length]!;
        const target = all[(index * 5 + 1) % all.length]!;
        if (index % 10 === 9) return by.post("/account/data", { messages: "keep", is_sure: true });
        return act(by, target.username, "role", { role: "member" });
      }),
    );
    const left = await sql`
      select username from accounts where server_role = 'owner' and disabled_at is null and delete_at is null`;
    expect(left.length).toBeGreaterThanOrEqual(1);
    await sql`update accounts set server_role = 'owner', delete_at = null where username = 'alice'`;
    await alice.signIn();
  });

  test("people are found by the start of a name or address, page by page", async () => {
    const found = async (query: string) => {
      const response = await alice.fetch(`/api/admin/people?${query}`);
      return ((await response.json()) as { people: { username: string }[] }).people.map(
        ({ username }) => username,
      );
    };
    expect(await found("search=ALI")).toEqual(["alice"]);
    expect(await found("search=bob@example")).toEqual(["bob"]);
    expect(await found("search=%25")).toEqual([]);
    expect(await found("search=_ob")).toEqual([]);
    const rest = await found("after=bob");
    expect(rest).not.toContain("bob");
    expect(rest).toContain("dave");
  });

  test("the audit log shows who did what to whom, and can be filtered and exported", async () => {
    await act(alice, "carol", "end-sessions");
    const [entry] = await auditOf("?who=carol");
    expect(entry).toMatchObject({ action: "session.ended", actorName: "alice", subjectName: "carol" });
    const roles = await auditOf("?action=account.role_changed");
    expect(roles.every((one) => one.action === "account.role_changed")).toBe(true);
    expect((await alice.fetch("/api/admin/audit?action=nonsense")).status).toBe(400);
    const lines = (await (await alice.fetch("/api/admin/audit/export")).text()).trim().split("\n");
    const [last] = await sql`select seq from audit_head`;
    expect(lines).toHaveLength(Number(last.seq));
    const text = lines.join("");
    for (const secret of ["four quiet words", "token", "$2"]) expect(text).not.toContain(secret);
  });

  test("what was chosen in a form that is refused stays chosen", async () => {
    const body = new URLSearchParams({
      registration: "invite",
      factor: "privileged",
      server_name: "Acme",
      server_icon: "AB",
    }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded", accept: "text/html" };
    const refused = await alice.fetch("/admin/settings", { method: "POST", headers, body });
    expect(refused.status).toBe(400);
    const page = await refused.text();
    for (const chosen of ["invite", "privileged"])
      expect(page, chosen).toMatch(new RegExp(`<option value="${chosen}" selected`));
    expect(page).toContain('value="Acme"');
  });

  test("[H4] the audit log is append-only, and verification finds changed, missing and forged entries, a cut and an emptied log", async () => {
    await expect(sql`update audit_log set detail = 'x' where seq = 3`.execute()).rejects.toThrow(
      /append-only/,
    );
    await expect(sql`delete from audit_log where seq = 3`.execute()).rejects.toThrow(/append-only/);
    const verify = async () => {
      const { child, output, finished } = spawnServer(
        { ...data.env, BCRYPT_COST: "10" },
        { args: ["admin", "audit-verify"] },
      );
      await finished;
      return { code: child.exitCode, text: output() };
    };
    const keptHead = joinPath(data.env.DATA_DIR!, "audit-head");
    await server.stop();
    expect(existsSync(keptHead)).toBe(true);
    const intact = await verify();
    expect(intact).toEqual({ code: 0, text: expect.stringContaining("The audit log is intact") });
    expect(intact.text).not.toContain("can't be noticed");
    const kept = readFileSync(keptHead);
    // A person who controls the whole database can turn the trigger off, but not unnoticed.
    await sql`alter table audit_log disable trigger audit_log_append_only`;
    const [was] = await sql`select detail from audit_log where seq = 3`;
    await sql`update audit_log set detail = 'forged' where seq = 3`;
    expect((await verify()).text).toContain("broken at entry 3: it was changed");
    await sql`update audit_log set detail = ${was.detail} where seq = 3`;
    expect((await verify()).code).toBe(0);
    const [last] = await sql`delete from audit_log where seq = (select max(seq) from audit_log) returning *`;
    const cut = await verify();
    expect([cut.code, cut.text]).toEqual([
      1,
      expect.stringContaining(`broken at entry ${last.seq}: it's missing`),
    ]);
    const end = Number(last.seq);
    await sql`update audit_head set seq = seq - 1`;
    expect((await verify()).text).toContain(`broken at entry ${end}: it was cut off`);
    rmSync(keptHead);
    expect((await verify()).text).toContain("the end of the log was changed");
    // With the end moved back as the log itself says, nothing in the database shows the cut: that is said.
    await sql`update audit_head set hash = (select hash from audit_log where seq = ${end - 1})`;
    expect(await verify()).toEqual({ code: 0, text: expect.stringContaining("can't be noticed") });
    for (const seq of [end + 5, 0]) {
      await sql`
        insert into audit_log (seq, at, action, actor_name, subject_name, address, detail, hash)
        values (${seq}, 0, 'account.deleted', '', '', '', 'forged', '\\x00')`;
      expect((await verify()).text).toContain(`broken at entry ${seq}: it isn't part of the log`);
      await sql`delete from audit_log where seq = ${seq}`;
    }
    await sql`delete from audit_log where seq = 2`;
    expect((await verify()).text).toContain("broken at entry 2");
    writeFileSync(keptHead, kept);
    await sql`delete from audit_log`;
    await sql`update audit_head set seq = 0, hash = '\\x'`;
    expect((await verify()).text).toContain("broken at entry 1: it was cut off");
    await sql`delete from audit_head`;
    expect((await verify()).text).toContain("the end of the log is missing");
    await sql`insert into audit_head (seq, hash) values (0, '\\x')`;
    // Another log that has grown longer since: what is kept of the first is the evidence, and stays.
    await sql`
      insert into audit_log (seq, at, action, actor_name, subject_name, address, detail, hash)
      values (${end}, 0, 'account.deleted', '', '', '', 'of another log', '\\x00')`;
    await sql`update audit_head set seq = ${end + 1}, hash = '\\x01'`;
    const replaced = await startServer(data);
    await replaced.stop();
    expect(replaced.output()).toContain("audit.replaced");
    expect(readFileSync(keptHead)).toEqual(kept);
  }, 60_000);
});
