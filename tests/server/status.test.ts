import { expect, test } from "bun:test";
import { generalRoomId as room } from "@novax/protocol/general-room";
import { tokenOf } from "../support/mail.ts";
import { problemOf } from "../support/person.ts";
import { describeServer } from "../support/use-server.ts";

describeServer("the server page", { hasMail: true }, ({ alice, bob, smtp, server }) => {
  const page = async (path = "/admin/server", headers = {}) => (await alice.fetch(path, { headers })).text();

  test("says how the server is, to owners and admins alone", async () => {
    await alice.say(room, "something to count");
    const text = await page();
    for (const words of [
      "novaX",
      "Health",
      "Last backup",
      "Never. Run npm run backup",
      "No backup or restore yet",
    ])
      expect(text).toContain(words);
    expect(text).toMatch(/<dt>Messages, about<\/dt><dd>1<\/dd>/);
    expect((await bob.fetch("/admin/server")).status).toBe(403);
    expect((await fetch(`${server.url}/admin/server`, { redirect: "manual" })).status).toBe(303);
    expect((await alice.fetch("/admin/server?span=year")).status).toBe(400);
    expect(await page("/admin/server?span=month", { "accept-language": "de" })).toContain("Letzter Monat");
  });

  test("draws what happened, without an inline style", async () => {
    const text = await page();
    expect(text).toMatch(/<figcaption><span>Messages<\/span> <b>\d+<\/b>/);
    expect(text).toMatch(/<path d="M[\d.]+ 72L[\d. L]+V72z/);
    expect(text).not.toMatch(/ style=/);
  });

  test("a test email goes to one's confirmed address, a few times an hour, and to nobody else", async () => {
    const send = () => alice.post("/admin/server/test-mail", {});
    const refused = await send();
    expect([refused.status, (await problemOf(refused)).detail]).toEqual([
      403,
      "Confirm your email address first.",
    ]);
    const { link } = await smtp.next("alice@example.org", /code/);
    expect((await alice.post("/verify", { token: tokenOf(link) })).status).toBe(200);
    expect((await bob.post("/admin/server/test-mail", {})).status).toBe(403);
    const statuses: number[] = [];
    for (let turn = 0; turn < 7; turn++) statuses.push((await send()).status);
    expect(statuses).toContain(200);
    expect(statuses.at(-1)).toBe(429);
    expect((await smtp.next("alice@example.org", /^Test email from/)).text).toContain("so emails work");
    expect(smtp.to("bob@example.org").filter(({ subject }) => subject.startsWith("Test"))).toEqual([]);
  });
});
