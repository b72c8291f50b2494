import { expect, test } from "bun:test";
import { closeCodes } from "@novax/protocol/close-codes";
import { generalRoomId } from "@novax/protocol/general-room";
import type { SendId } from "@novax/protocol/ids";
import { addPasskey, setUpFactor } from "../support/factors.ts";
import { join, Person, problemOf } from "../support/person.ts";
import { waitUntil } from "../support/server.ts";
import { picture, text, upload } from "../support/uploads.ts";
import { describeServer } from "../support/use-server.ts";

const options = { only: "postgres", env: { MESSAGES_PER_SECOND: "1000000" }, people: ["alice"] } as const;

describeServer("an account's life", options, ({ server, sql, alice }) => {
  /** Lets the grace period pass. */
  async function letTimePass(name: string): Promise<void> {
    const past = Date.now() - 1000;
    await sql`update accounts set delete_at = ${past} where username = ${name}`;
    await sql`update jobs set run_at = ${past} where kind = 'account.erase'`;
    const isDone = async () => (await sql`select 1 from jobs where kind = 'account.erase'`).length === 0;
    expect(await waitUntil(isDone)).toBe(true);
  }
  const messagesOf = async (by: Person) =>
    (
      (await (await by.fetch("/api/messages?limit=200")).json()) as {
        messages: { sender: string; text: string }[];
      }
    ).messages;
  const deletion = (by: Person, messages: string) => by.post("/account/data", { messages, is_sure: true });

  test("a display name replaces the username everywhere, and can be removed", async () => {
    const person = await join(server, "named");
    expect((await person.post("/account/profile", { display_name: "  Nora   Lund " })).status).toBe(200);
    const [socket, watcher] = [await person.enter(), await alice.enter()];
    await socket.sayAndWait("who am I");
    await watcher.until(() => watcher.messageTexts.includes("who am I"));
    const event = watcher.events.find((one) => one.type === "message.sent");
    expect(event!.actor).toMatchObject({ username: "named", displayName: "Nora Lund" });
    expect(await (await alice.fetch("/chat")).text()).toContain('"displayName":"Nora Lund"');
    // The basic protocol still shows the username.
    expect((await messagesOf(alice)).at(-1)).toMatchObject({ sender: "named" });
    await person.post("/account/profile", { display_name: "" });
    expect(await (await alice.fetch("/chat")).text()).not.toContain("Nora Lund");
    socket.close();
    watcher.close();
  });

  test("[X05] a display name can't contain invisible or direction-changing characters", async () => {
    const person = await join(server, "tricky");
    for (const name of [
      "ali\u202ece",
      "a\u200bb",
      "owne\u200dr",
      "\u3164",
      "\ufe0f",
      "ali\ufe0fce",
      "n".repeat(51),
      "a\u2066b",
    ]) {
      const response = await person.post("/account/profile", { display_name: name });
      expect([response.status, (await problemOf(response)).code], JSON.stringify(name)).toEqual([
        422,
        "display_name_invalid",
      ]);
    }
    for (const name of ["Zoë", "李小龙", "👩‍💻 Ada", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "عائشة"])
      expect((await person.post("/account/profile", { display_name: name })).status, name).toBe(200);
  });

  test("[X04] a display name with markup stays text on every page", async () => {
    const person = await join(server, "marked");
    await person.post("/account/profile", { display_name: '<img src=x onerror="a()">' });
    for (const path of ["/account", "/account/profile"])
      expect(await (await person.fetch(path)).text()).not.toContain("<img src=x");
    expect(await (await alice.fetch("/admin?search=marked")).text()).not.toContain("<img src=x");
  });

  test("a changed username signs in; the old one is reserved for 30 days, but its owner can take it back", async () => {
    const person = await join(server, "before");
    expect((await problemOf(await person.post("/account/username", { username: "alice" }))).code).toBe(
      "username_taken",
    );
    expect((await problemOf(await person.post("/account/username", { username: "a b" }))).code).toBe(
      "username_invalid",
    );
    expect((await person.post("/account/username", { username: "after" })).status).toBe(200);
    expect((await new Person(server, "after").signIn()).status).toBe(200);
    expect((await new Person(server, "before").signIn()).status).toBe(401);
    expect((await new Person(server, "Before").register()).status).toBe(409);
    const other = await join(server, "other");
    expect((await other.post("/account/username", { username: "before" })).status).toBe(409);
    expect((await person.post("/account/username", { username: "before" })).status).toBe(200);
    expect((await person.post("/account/username", { username: "after" })).status).toBe(200);
    await sql`update reserved_usernames set until = ${Date.now() - 1}`;
    expect((await other.post("/account/username", { username: "before" })).status).toBe(200);
  });

  test("of 20 people who want the same new username at once one gets it", async () => {
    const people = await Promise.all(Array.from({ length: 20 }, (_, index) => join(server, `wish${index}`)));
    const answers = await Promise.all(
      people.map((person) => person.post("/account/username", { username: "wished" })),
    );
    expect(answers.map((response) => response.status).sort()).toEqual([200, ...Array<number>(19).fill(409)]);
  });

  test("an export has all your data, every message, and no secrets", async () => {
    const person = await join(server, "leaver");
    const socket = await person.enter();
    for (let index = 0; index < 600; index++) socket.say(`line ${index}`);
    await socket.sayAndWait("the last line");
    socket.close();
    await addPasskey(person);
    const { recoveryCodes } = await setUpFactor(person);
    const file = await person.post("/account/export", {});
    expect(file.headers.get("content-disposition")).toBe('attachment; filename="novax-leaver.json"');
    const text = await file.text();
    const all = JSON.parse(text) as {
      account: { email: string };
      sessions: unknown[];
      messages: { text: string }[];
    };
    expect(all.account.email).toBe("leaver@example.org");
    expect(all.messages).toHaveLength(601);
    expect(new Set(all.messages.map((message) => message.text)).size).toBe(601);
    expect(all.sessions).toHaveLength(1);
    const [row] = await sql`select password_hash from accounts where username = 'leaver'`;
    for (const secret of [
      row.password_hash,
      person.sessionToken!,
      recoveryCodes[0]!,
      "token_hash",
      "public_key",
    ])
      expect(text).not.toContain(secret);
    const stranger = await (await alice.post("/account/export", {})).text();
    expect(stranger).not.toContain("the last line");
  });

  test("[B15] an export has everything that any table keeps of a person, and a new column can't be forgotten", async () => {
    /** For each column that belongs to a person: the part of the export that has it, or why none does. */
    const parts: Record<string, string> = {
      "sessions.account_id": "sessions",
      "known_devices.account_id": "knownBrowsers",
      "memberships.account_id": "memberships",
      "memberships.added_by": "- about another member",
      "former_members.account_id": "formerMemberships",
      "room_events.actor_id": "messages",
      "room_events.subject_id": "memberships",
      "messages.sender_id": "messages",
      "messages.pinned_by": "pinnedMessages",
      "accounts.invited_by": "accountFacts",
      "notices.account_id": "notices",
      "email_verifications.account_id": "accountFacts",
      "verification_mails.account_id": "confirmationMails",
      "login_challenges.account_id": "- a sign-in that is under way, minutes long",
      "password_resets.account_id": "- a link that is under way, half an hour long",
      "passkeys.account_id": "passkeys",
      "passkey_challenges.account_id": "- a question that is under way, minutes long",
      "recovery_codes.account_id": "- secrets",
      "identities.account_id": "identities",
      "invites.created_by": "invitations",
      "reserved_usernames.account_id": "formerUsernames",
      "drafts.account_id": "drafts",
      "mentions.account_id": "mentions",
      "reactions.account_id": "reactions",
      "reactions.to_id": "- whose message another person reacted to",
      "saved_messages.account_id": "saved",
      "threads_followed.account_id": "threads",
      "poll_votes.account_id": "votes",
      "scheduled_messages.account_id": "scheduled",
      "reminders.account_id": "reminders",
      "room_bans.account_id": "roomBans",
      "room_bans.banned_by": "audit",
      "blocks.blocker_id": "blocked",
      "blocks.blocked_id": "- who has blocked a person is the other one's secret",
      "reports.reporter_id": "reports",
      "reports.sender_id": "- who reported a person is the other one's secret",
      "reports.resolved_by": "audit",
      "alert_words.account_id": "keywords",
      "banned_addresses.banned_by": "audit",
      "files.owner_id": "files",
      "storage_use.owner_id": "files",
      "custom_emoji.created_by": "customEmoji",
      "erased_accounts.account_id": "- whose account is gone",
      "push_subscriptions.account_id": "notifiedBrowsers",
      "unread_mail_people.account_id": "unreadMail",
      "audit_log.actor_id": "audit",
      "audit_log.subject_id": "audit",
    };
    /** As above, of the account itself. */
    const columns: Record<string, string> = {
      ...Object.fromEntries(
        ["id", "username", "display_name", "email", "server_role", "factor_on_at"].map((name) => [
          name,
          "account",
        ]),
      ),
      ...Object.fromEntries(
        [
          "created_at",
          "email_verified_at",
          "language",
          "must_have_factor",
          "disabled_at",
          "awaits_approval",
        ].map((name) => [name, "accountFacts"]),
      ),
      ...Object.fromEntries(
        ["delete_at", "inbox_seen_at", "failures_in_a_row", "invited_by", "invite_note"].map((name) => [
          name,
          "accountFacts",
        ]),
      ),
      ...Object.fromEntries(["emoji", "text", "until"].map((name) => [`status_${name}`, "status"])),
      ...Object.fromEntries(
        ["quiet_until", "shares_reading", "notifies_of_threads", "notifies_of_reactions"].map((name) => [
          name,
          "status",
        ]),
      ),
      ...Object.fromEntries(["from", "to", "zone"].map((name) => [`quiet_hours_${name}`, "status"])),
      picture_id: "picture",
      unread_mail_minutes: "unreadMail",
      unread_mailed_at: "- when the last mail went out",
      reaction_notified_at: "- when the last notification went out",
      password_hash: "- a secret",
      totp_secret: "- a secret",
      totp_last_step: "- of a secret",
      credentials_version: "- a counter",
      username_key: "- made of the name",
      name_keys: "- made of the name",
      search_name: "- made of the name",
      email_key: "- made of the address",
      erases_messages: "- while the account is being deleted",
      deleted_at: "- whose account is gone",
    };
    const referring = await sql`
      select t.relname || '.' || a.attname as name
      from pg_constraint c join pg_class t on t.oid = c.conrelid
        join pg_attribute a on a.attrelid = t.oid and a.attnum = any(c.conkey)
      where c.contype = 'f' and c.confrelid = 'accounts'::regclass
      union
      select table_name || '.' || column_name from information_schema.columns
      where table_schema = 'public' and column_name in ('account_id', 'owner_id', 'actor_id', 'subject_id', 'created_by', 'pinned_by')`;
    expect(referring.map((row: { name: string }) => row.name).sort()).toEqual(Object.keys(parts).sort());
    const own = await sql`
      select column_name as name from information_schema.columns where table_schema = 'public' and table_name = 'accounts'`;
    expect(own.map((row: { name: string }) => row.name).sort()).toEqual(Object.keys(columns).sort());

    const person = await join(server, "everything");
    const all = (await (await person.post("/account/export", {})).json()) as Record<string, object> & {
      kept: object;
    };
    const exported = [...Object.keys(all), ...Object.keys(all.kept)];
    for (const [name, part] of Object.entries({ ...parts, ...columns }))
      if (!part.startsWith("- ")) expect(exported, name).toContain(part);
  });

  test("[B15] [A35] an export tells what one did, and not who acted on them", async () => {
    const person = await join(server, "careful");
    const id = await person.id();
    await person.post("/account/username", { username: "careful-2" });
    await person.post("/account/email", { email: "next@example.org" });
    const bad = await alice.say(generalRoomId, "a bad word");
    await person.run("message.report", { room: generalRoomId, seq: bad, reason: "bad" });
    const own = await person.say(generalRoomId, "first words");
    await person.run("message.edit", { room: generalRoomId, seq: own, text: "second words" });
    const { room } = await alice.run("room.create", { kind: "public", name: "Strict" });
    await person.run("room.join", { room: room.id });
    await alice.run("member.ban", { room: room.id, person: id, reason: "too loud" });
    const text = await (await person.post("/account/export", {})).text();
    const { kept, audit, messages } = JSON.parse(text) as {
      kept: Record<string, object[] & Record<string, unknown>>;
      audit: { action: string; actorName: string }[];
      messages: { text: string; editedAt: number | null }[];
    };
    expect(kept.reports).toMatchObject([{ seq: bad, reason: "bad", outcome: null }]);
    expect(kept.earlierTexts).toMatchObject([{ seq: own, body: { text: "first words" } }]);
    expect(kept.formerUsernames).toMatchObject([{ username: "careful" }]);
    expect(kept.accountFacts).toMatchObject({ waitingEmail: "next@example.org", language: "en" });
    expect(kept.roomBans).toMatchObject([{ room: room.id, reason: "too loud" }]);
    expect(messages.at(-1)).toMatchObject({ text: "second words", editedAt: expect.any(Number) });
    expect(audit.find((entry) => entry.action === "member.banned")).toMatchObject({ actorName: "" });
    expect(text).not.toContain("alice");
  });

  test("[A35] what somebody wrote about others, scheduled and said before an edit goes with their account", async () => {
    const person = await join(server, "erased-one");
    const id = await person.id();
    const at = Date.now() + 3_600_000;
    await person.run("message.schedule", {
      room: generalRoomId,
      sendId: crypto.randomUUID() as SendId,
      text: "from the grave",
      at,
    });
    await person.run("reminder.set", { room: generalRoomId, note: "private note", at });
    const seq = await person.say(generalRoomId, "hasty words");
    await person.run("message.edit", { room: generalRoomId, seq, text: "calm words" });
    const bad = await alice.say(generalRoomId, "something");
    await person.run("message.report", { room: generalRoomId, seq: bad, reason: "my private reason" });
    const { reports } = await alice.read<{ reports: { id: string; seq: number }[] }>("/api/reports");
    // Nobody settles a report about themselves.
    expect(reports.filter((report) => report.seq === bad)).toEqual([]);
    await sql`update reports set resolved_at = 1, outcome = 'dismissed' where reporter_id = ${id}`;
    const jobsOf = async () => {
      const rows = await sql`select 1 from jobs where kind in ('message.deliver', 'reminder.send')`;
      return rows.length;
    };
    expect(await jobsOf()).toBe(2);
    await deletion(person, "keep");
    await letTimePass("erased-one");
    expect(await jobsOf()).toBe(0);
    const [report] = await sql`select reason from reports where reporter_id = ${id}`;
    expect(report.reason).toBe("");
    const left = await sql`select body from message_revisions where room_id = 'general' and seq = ${seq}`;
    expect(left).toHaveLength(0);
  });

  test("deleting an account signs out at once and takes 14 days; signing in before that cancels it", async () => {
    const person = await join(server, "wavering");
    const socket = await person.enter();
    expect((await person.post("/account/data", { messages: "keep" })).status).toBe(400);
    expect((await deletion(person, "keep")).status).toBe(200);
    expect((await socket.closed).code).toBe(closeCodes.sessionEnded);
    const back = new Person(server, "wavering");
    expect((await back.signIn()).status).toBe(200);
    const [row] = await sql`select delete_at from accounts where username = 'wavering'`;
    expect(row.delete_at).toBeNull();
    await sql`update jobs set run_at = 0 where kind = 'account.erase'`;
    expect(
      await waitUntil(async () => (await sql`select 1 from jobs where kind = 'account.erase'`).length === 0),
    ).toBe(true);
    expect((await back.fetch("/api/messages")).status).toBe(200);
  });

  test("afterwards only the messages are left, under a placeholder name", async () => {
    const person = await join(server, "gone");
    await person.post("/account/profile", { display_name: "Gone Person" });
    await addPasskey(person);
    const socket = await person.enter();
    await socket.sayAndWait("I was here");
    const witness = await alice.enter();
    const [{ id }] = await sql`select id from accounts where username = 'gone'`;
    await deletion(person, "keep");
    await letTimePass("gone");
    await witness.until(() => witness.events.some((event) => event.type === "member.removed"));
    witness.close();
    expect((await new Person(server, "gone").signIn()).status).toBe(401);
    const tables = [
      "sessions",
      "known_devices",
      "passkeys",
      "recovery_codes",
      "notices",
      "identities",
      "memberships",
      "email_verifications",
    ];
    for (const table of tables)
      expect(await sql.unsafe(`select 1 from ${table} where account_id = '${id}'`), table).toHaveLength(0);
    const [row] = await sql`select * from accounts where id = ${id}`;
    expect(JSON.stringify(row)).not.toMatch(/gone|Gone|example\.org/);
    const last = (await messagesOf(alice)).at(-1)!;
    expect([last.text, last.sender]).toEqual(["I was here", expect.stringMatching(/^deleted-/)]);
    expect(await (await alice.fetch("/api/rooms/general/timeline")).text()).toContain("Deleted account");
    // Nobody else can take the username meanwhile.
    expect((await new Person(server, "gone").register()).status).toBe(409);
  });

  test("if the owner allows it, the messages are erased as well", async () => {
    const policy = (allows_erasure: boolean) =>
      alice.post("/admin/settings", { registration: "", factor: "nobody", allows_erasure });
    const person = await join(server, "erased");
    const file = await upload(person, text("with the messages"));
    const face = await upload(person, await picture("png"), { purpose: "person" });
    await person.run("picture.set", { picture: face.id });
    await person.run("message.send", {
      room: generalRoomId,
      sendId: crypto.randomUUID() as SendId,
      body: { kind: "text", text: "", files: [{ id: file.id }] },
    });
    const socket = await person.enter();
    await socket.sayAndWait("a secret I regret");
    socket.close();
    await policy(false);
    expect((await problemOf(await deletion(person, "erase"))).code).toBe("erasure_not_allowed");
    await policy(true);
    expect((await deletion(person, "erase")).status).toBe(200);
    await letTimePass("erased");
    const left = await sql`select 1 from messages where body::text like '%regret%'`;
    expect(left).toHaveLength(0);
    expect((await messagesOf(alice)).at(-1)!.text).toBe("(erased by its author)");
    expect((await alice.fetch(`/api/files/${file.id}`)).status).toBe(404);
    expect(await sql`select 1 from files where id in (${file.id}, ${face.id})`).toHaveLength(0);
  });

  test("nobody deletes an account with an old proof, or somebody else's account", async () => {
    const person = await join(server, "stale");
    await sql`update sessions set proved_at = 0 where account_id = (select id from accounts where username = 'stale')`;
    expect((await problemOf(await deletion(person, "keep"))).code).toBe("reauth_required");
    expect(
      (await new Person(server, "x").post("/account/data", { messages: "keep", is_sure: true })).status,
    ).toBe(401);
    const other = await person.post("/account/data", { messages: "keep", is_sure: true, account: "alice" });
    expect([400, 401]).toContain(other.status);
  });
});
