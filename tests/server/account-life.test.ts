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
