import { expect, test } from "bun:test";
import { generalRoomId } from "@novax/protocol/general-room";
import { Person, password, problemOf } from "../support/person.ts";
import { createTestData, startServer } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

const options = { only: "embedded", hasMail: true, people: ["alice"] } as const;

describeServer("the server uses the reader's language", options, ({ server, smtp, alice }) => {
  const german = { "accept-language": "de-DE,de;q=0.9" };
  const form = { ...german, "content-type": "application/x-www-form-urlencoded", accept: "text/html" };

  test("pages use the language the browser asks for, or the one chosen in it", async () => {
    const visitor = new Person(server, "visitor");
    const page = async (headers: Record<string, string>) => (await visitor.fetch("/", { headers })).text();
    expect(await page({})).toContain("<h1>Sign in</h1>");
    const wanted = await page(german);
    expect(wanted).toContain('<html lang="de" dir="ltr"');
    expect(wanted).toContain("<h1>Anmelden</h1>");
    visitor.cookies.set("novax_language", "en");
    expect(await page(german)).toContain("<h1>Sign in</h1>");
    visitor.cookies.set("novax_language", "<script>");
    expect(await page(german)).toContain("<h1>Anmelden</h1>");
    const missing = await visitor.fetch("/nowhere", { headers: { ...german, accept: "text/html" } });
    expect(await missing.text()).toContain("<h1>Seite nicht gefunden</h1>");
  });

  test("refusals do too: on a page, in an API response, over the socket; the code stays the same", async () => {
    const visitor = new Person(server, "visitor");
    const body = new URLSearchParams({ username: "nobody", password: "wrong" }).toString();
    const refused = await visitor.fetch("/login", { method: "POST", headers: form, body });
    expect(refused.status).toBe(401);
    expect(await refused.text()).toContain("Benutzername oder Passwort ist falsch.");
    const problem = await problemOf(
      await visitor.post("/login", { username: "nobody", password: "wrong" }, german),
    );
    expect(problem).toMatchObject({
      code: "invalid_credentials",
      detail: "Benutzername oder Passwort ist falsch.",
    });

    alice.cookies.set("novax_language", "de");
    const socket = await alice.enter();
    alice.cookies.delete("novax_language");
    const reply = await socket.command({
      type: "reaction.add",
      room: generalRoomId,
      seq: 1,
      emoji: "no emoji",
    });
    expect(reply).toMatchObject({
      ok: false,
      code: "message_invalid",
      detail: "Verwende ein Emoji als Reaktion.",
    });
    socket.close();
  });

  test("mails and notices use the recipient's language, not the actor's", async () => {
    const bob = new Person(server, "bob");
    const email = "bob@example.org";
    const draft = { email, username: "bob", password, confirm_password: password };
    expect((await bob.post("/register", draft, german)).status).toBe(200);
    const code = /^novaX: (\d{6}) ist dein Code$/.exec((await smtp.next(email, /Code/)).subject)![1]!;
    expect((await bob.post("/account/email/verify", { code })).status).toBe(200);
    // An owner with English pages makes the link.
    const path = `/admin/people/${await alice.id().then(() => bob.id())}/reset-link`;
    expect((await alice.post(path, {})).status).toBe(200);
    const notice = await smtp.next(email, /Zurücksetzen deines Passworts/);
    expect(notice.text).toContain("Von alice.");
    expect(notice.html).toContain('<html lang="de">');
    const overview = await (await bob.fetch("/account", { headers: german })).text();
    expect(overview).toContain("Ein Link zum Zurücksetzen deines Passworts wurde erstellt");
    // Once they use the chat in another language, mails to them use it too.
    await bob.fetch("/chat", { headers: { "accept-language": "en" } });
    expect((await alice.post(path, {})).status).toBe(200);
    expect((await smtp.next(email, /A link to reset your password/)).text).toContain("By alice.");
  });
});

test("the room that everyone is in has its first name in the language of the first person, and only of that one", async () => {
  const data = await createTestData("embedded");
  const server = await startServer(data);
  const [carol, dave] = ["carol", "dave"].map((name) => new Person(server, name));
  carol!.cookies.set("novax_language", "de");
  await carol!.register();
  await dave!.register();
  for (const person of [carol!, dave!]) {
    const { rooms } = await person.read<{ rooms: { name: string; topic: string }[] }>("/api/rooms");
    expect(rooms.map(({ name, topic }) => [name, topic])).toEqual([
      ["Allgemein", "Alle sind in diesem Raum"],
    ]);
  }
  await server.stop();
  await data.remove();
});
