// What people type, and what happens to it: keys of other layouts, suggestions nobody chose, a second click, a reload, and
// what others do meanwhile.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generalRoomId } from "@novax/protocol/general-room";
import type { RoomId, SendId } from "@novax/protocol/ids";
import type { Browser, Page } from "playwright-core";
import { launchBrowser, openChat, phone, say, waitForText, waitUntilOpen } from "../support/browser.ts";
import { join, type Person } from "../support/person.ts";
import { chromiumPath, waitUntil } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

const env = { MESSAGES_PER_SECOND: "100000" };

describe.skipIf(!chromiumPath)("writing", () => {
  const { server, sql, alice, bob } = useServer("postgres", { env, people: ["alice", "bob"] });
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  }, 30_000);
  afterAll(async () => {
    await browser?.close();
  });

  const field = (page: Page, where = ".room") => page.locator(`${where} .composer-field`);
  const rowOf = (page: Page, text: string) => page.locator(".row-message", { hasText: text }).last();
  const lastText = (page: Page) => page.locator(".room .message-text").last().innerText();
  const room = async (name: string, people: readonly Person[] = [bob]) => {
    const ids = await Promise.all(people.map((person) => person.id()));
    const made = await alice.run("room.create", { kind: "public", name, people: ids });
    return made.room.id;
  };
  const openRoom = async (person: Person, id: RoomId, options = {}) => {
    const { page } = await openChat(browser, person, options);
    await page.goto(`${server.url}/chat/${id}`);
    await waitUntilOpen(page);
    return page;
  };
  const bodiesIn = async (id: RoomId): Promise<string[]> => {
    const rows =
      await sql`select body->>'text' as text from messages where room_id = ${id} and deleted_at is null order by seq`;
    return rows.map((row: { text: string }) => row.text);
  };

  test("[T28] commands and single keys work with a Cyrillic or Greek layout, and Ctrl+Enter sends, also on a tablet", async () => {
    const id = await room("Layouts");
    await bob.say(id, "answer me");
    const page = await openRoom(alice, id);
    const press = (key: string, code: string, more: object = {}) =>
      page.evaluate(
        ([init]) =>
          document.activeElement!.dispatchEvent(
            new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init }),
          ),
        [{ key, code, ...more }] as const,
      );
    await field(page).fill("word");
    await field(page).selectText();
    await press("и", "KeyB", { ctrlKey: true });
    expect(await waitUntil(async () => (await field(page).inputValue()) === "**word**")).toBe(true);
    await press("κ", "KeyK", { ctrlKey: true });
    await page.getByRole("combobox", { name: /^Room, person/ }).waitFor();
    await page.keyboard.press("Escape");
    await rowOf(page, "answer me").locator("article").focus();
    await press("к", "KeyR");
    await page.locator(".composer-about", { hasText: "answer me" }).waitFor();
    // The letter on the key counts where the layout is Latin: on AZERTY "q" is where "a" is.
    await field(page).fill("plain");
    await field(page).selectText();
    await press("q", "KeyB", { ctrlKey: true });
    expect(await field(page).inputValue()).toBe("plain");
    await page.keyboard.press("Control+Enter");
    await waitForText(page, "plain");
    await page.context().close();

    const tablet = await openRoom(alice, id, phone);
    await field(tablet).tap();
    await tablet.keyboard.type("one");
    await tablet.keyboard.press("Enter");
    await tablet.keyboard.type("two");
    await tablet.keyboard.press("Control+Enter");
    await waitForText(tablet, "one\ntwo");
    await tablet.context().close();
  }, 40_000);

  test("[T29] Enter sends what was written, and takes a suggestion only of a name or command that is begun, or one that was gone to", async () => {
    const id = await room("Numbers");
    const page = await openRoom(alice, id);
    for (const text of ["see #12", "see #Num", ":so", "ok :ok", "thanks @bob"]) {
      await field(page).pressSequentially(text);
      await page
        .locator(".suggestion")
        .first()
        .waitFor({ timeout: 1500 })
        .catch(() => {});
      await page.keyboard.press("Enter");
      expect(await waitUntil(async () => (await bodiesIn(id)).at(-1) === text), text).toBe(true);
    }
    await field(page).pressSequentially("hi @bo");
    await page.locator(".suggestion").first().waitFor();
    await page.keyboard.press("Enter");
    expect(await field(page).inputValue()).toBe("hi @bob ");
    await field(page).fill("");
    await field(page).pressSequentially("#Num");
    await page.locator(".suggestion").first().waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    expect(await field(page).inputValue()).toBe("#Numbers ");
    await page.keyboard.press("Enter");
    // The link has no host, so it is right under every name of the server.
    expect(await waitUntil(async () => (await bodiesIn(id)).at(-1) === `[#Numbers](/chat/${id})`)).toBe(true);
    await page.locator(".message-text a", { hasText: "#Numbers" }).last().waitFor();
    // It is edited as it was typed.
    await field(page).click();
    await page.keyboard.press("ArrowUp");
    expect(await field(page).inputValue()).toBe("#Numbers");
    await page.keyboard.press("Escape");
    await page.context().close();
  }, 40_000);

  test("[V9] a list goes on in the next line and ends after an empty item; an address pasted over words becomes their link", async () => {
    const page = await openRoom(alice, generalRoomId);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await field(page).click();
    await page.keyboard.type("- first");
    for (const typed of ["second", "third"]) {
      await page.keyboard.press("Shift+Enter");
      await page.keyboard.type(typed);
    }
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("9. nine");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("ten");
    expect(await field(page).inputValue()).toBe("- first\n- second\n- third\n9. nine\n10. ten");
    await field(page).fill("read the handbook now");
    await page.evaluate(() => navigator.clipboard.writeText("https://example.org/handbook"));
    await field(page).evaluate((element) => (element as HTMLTextAreaElement).setSelectionRange(9, 17));
    await page.keyboard.press("Control+v");
    expect(await field(page).inputValue()).toBe("read the [handbook](https://example.org/handbook) now");
    await page.keyboard.press("Control+z");
    expect(await field(page).inputValue()).toBe("read the handbook now");
    await field(page).fill("");
    await page.context().close();
  }, 30_000);

  test("[T23] a quote stays with /me, with a message that is sent later, and over a reload; so does an edit", async () => {
    const id = await room("Quotes");
    const asked = await bob.say(id, "who is in?");
    const page = await openRoom(alice, id);
    const reply = async () => {
      await page.locator(".row-message", { hasText: "who is in?" }).first().locator("article").focus();
      await page.keyboard.press("r");
      await page.locator(".composer-about").waitFor();
    };
    const replyOf = async (text: string) => {
      const [row] =
        await sql`select reply_to::int as reply from messages where room_id = ${id} and body->>'text' = ${text}`;
      return row?.reply ?? null;
    };
    await reply();
    await field(page).fill("/me is");
    await page.keyboard.press("Enter");
    expect(await waitUntil(async () => (await replyOf("_is_")) === asked)).toBe(true);
    expect(await page.locator(".composer-about").count()).toBe(0);

    await reply();
    await field(page).fill("later then");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("menuitem", { name: /Send later|Schedule/ }).click();
    await page.locator(".when-list button").first().dblclick();
    await page.locator("dialog").waitFor({ state: "detached" });
    // [T21] Once, although it was clicked twice.
    const scheduled = await alice.read<{ scheduled: { text: string; replyTo: number | null }[] }>(
      "/api/me/scheduled",
    );
    expect(scheduled.scheduled).toMatchObject([{ text: "later then", replyTo: asked }]);
    await sql`update jobs set run_at = 0 where kind = 'message.deliver'`;
    expect(await waitUntil(async () => (await replyOf("later then")) === asked, 10_000)).toBe(true);

    await reply();
    await field(page).fill("half an answer");
    await page.waitForTimeout(100);
    await page.reload();
    await waitUntilOpen(page);
    await page.locator(".composer-about", { hasText: "who is in?" }).waitFor();
    expect(await field(page).inputValue()).toBe("half an answer");
    await page.keyboard.press("Enter");
    expect(await waitUntil(async () => (await replyOf("half an answer")) === asked)).toBe(true);

    await field(page).click();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.type(", and more");
    await page.reload();
    await waitUntilOpen(page);
    await page.locator(".composer-about", { hasText: "Editing" }).waitFor();
    expect(await field(page).inputValue()).toBe("half an answer, and more");
    await page.keyboard.press("Escape");
    await page.context().close();
  }, 60_000);

  test("[T25] the draft of a thread survives a reload and is on the other device", async () => {
    const id = await room("Threads");
    const root = await bob.say(id, "a long story");
    const page = await openRoom(alice, id);
    const thread = async (on: Page) => {
      await rowOf(on, "a long story").locator("article").focus();
      await on.keyboard.press("t");
      await field(on, ".panel").waitFor();
    };
    await thread(page);
    await field(page, ".panel").fill("what I think");
    const saved = async () => {
      const rows = await sql`select text from drafts where room_id = ${id} and thread_root = ${root}`;
      return rows[0]?.text === "what I think";
    };
    expect(await waitUntil(saved)).toBe(true);
    await page.reload();
    await waitUntilOpen(page);
    await thread(page);
    expect(await field(page, ".panel").inputValue()).toBe("what I think");
    const other = await openRoom(alice, id);
    await thread(other);
    expect(await field(other, ".panel").inputValue()).toBe("what I think");
    expect(await field(other).inputValue()).toBe("");
    await page.keyboard.press("End");
    await field(page, ".panel").press("Enter");
    expect(await waitUntil(async () => (await field(other, ".panel").inputValue()) === "")).toBe(true);
    for (const one of [page, other]) await one.context().close();
  }, 40_000);

  test("[T26] the message one edits, or answers, is deleted elsewhere: it is said, and the text is not lost", async () => {
    const id = await room("Gone");
    const own = await alice.say(id, "first version");
    const theirs = await bob.say(id, "a question");
    const page = await openRoom(alice, id);
    await field(page).fill("a draft");
    await rowOf(page, "first version").locator("article").focus();
    await page.keyboard.press("e");
    await page.locator(".composer-about", { hasText: "Editing" }).waitFor();
    await field(page).fill("second version");
    await alice.run("message.delete", { room: id, seq: own });
    await page.locator(".toast", { hasText: "was deleted" }).waitFor();
    expect(await waitUntil(async () => (await field(page).inputValue()) === "a draft\nsecond version")).toBe(
      true,
    );
    await rowOf(page, "a question").locator("article").focus();
    await page.keyboard.press("r");
    await page.locator(".composer-about").waitFor();
    await bob.run("message.delete", { room: id, seq: theirs });
    await page.locator(".composer-about").waitFor({ state: "detached" });
    // [T37] The later of two edits does not win in silence.
    const seq = await alice.say(id, "one");
    await waitForText(page, "one");
    await field(page).fill("");
    await page.keyboard.press("ArrowUp");
    await page.locator(".composer-about", { hasText: "Editing" }).waitFor();
    await alice.run("message.edit", { room: id, seq, text: "two" });
    await page.locator(".toast", { hasText: "another device" }).waitFor();
    await page.context().close();
  }, 40_000);

  test("[T34] what was marked unread stays so over a reload, and on another device that shows the room", async () => {
    const id = await room("Later");
    const seq = await bob.say(id, "read me later");
    const page = await openRoom(alice, id);
    expect(await waitUntil(async () => (await alice.room(id)).unread === 0)).toBe(true);
    await rowOf(page, "read me later").locator("article").focus();
    await page.keyboard.press("u");
    expect(await waitUntil(async () => (await alice.room(id)).unread === 1)).toBe(true);
    await page.reload();
    await waitUntilOpen(page);
    await waitForText(page, "read me later");
    // Longer than it takes to count as read.
    await page.waitForTimeout(1200);
    expect((await alice.room(id)).unread).toBe(1);
    await page.locator(".room-item", { hasText: "General" }).first().click();
    await page.locator(".room-item", { hasText: "Later" }).first().click();
    expect(await waitUntil(async () => (await alice.room(id)).unread === 0)).toBe(true);
    await alice.run("room.mark_unread", { room: id, seq });
    await page.waitForTimeout(1200);
    expect((await alice.room(id)).unread).toBe(1);
    await page.context().close();
  }, 40_000);

  test("[T37] who answers has read the room; somebody who isn't here can be added; commands work in any case, unknown ones ask", async () => {
    const id = await room("Answers", [bob]);
    const carol = await join(server, "carol");
    const page = await openRoom(alice, id);
    for (let index = 0; index < 60; index++) await bob.say(id, `line ${index} ${"words ".repeat(30)}`);
    await page.reload();
    await waitUntilOpen(page);
    await say(page, "I have read all that");
    expect(await waitUntil(async () => (await alice.room(id)).unread === 0)).toBe(true);

    await say(page, "ask @carol");
    await page
      .locator(".toast", { hasText: "carol isn't in this room" })
      .getByRole("button", { name: "Add them" })
      .click();
    expect(await waitUntil(async () => (await carol.rooms()).some((one) => one.id === id))).toBe(true);

    await field(page).fill("/Topic All about answers");
    await page.keyboard.press("Enter");
    expect(await waitUntil(async () => (await alice.room(id)).topic === "All about answers")).toBe(true);
    await field(page).fill("/Tableflip now");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Send" }).click();
    expect(await waitUntil(async () => (await bodiesIn(id)).at(-1) === "/Tableflip now")).toBe(true);
    await page.context().close();
  }, 60_000);

  test("[T8] a mention that is edited away, and an answer that is deleted, leave the badges and the title at once", async () => {
    const id = await room("Badges");
    const dave = await join(server, "dave");
    await dave.run("room.join", { room: id });
    const root = await alice.say(id, "my thread");
    const page = await openRoom(alice, generalRoomId);
    await page.bringToFront();
    const title = () => page.title();
    const before = await title();
    const seq = await dave.say(id, "look @alice");
    const answer = await dave.say(id, "and here @alice", { threadRoot: root });
    expect(await waitUntil(async () => (await title()).startsWith("(2)"))).toBe(true);
    await dave.run("message.edit", { room: id, seq, text: "look" });
    expect(await waitUntil(async () => (await title()).startsWith("(1)"))).toBe(true);
    await dave.run("message.delete", { room: id, seq: answer });
    expect(await waitUntil(async () => (await title()) === before)).toBe(true);
    expect(await page.locator(".sidebar .room-views .badge").count()).toBe(0);
    await page.context().close();
  }, 40_000);

  test("[T18] [T19] the live region is silent about a blocked person, and speaks plain words", async () => {
    const erin = await join(server, "erin");
    await alice.run("person.block", { person: await erin.id() });
    const page = await openRoom(alice, generalRoomId);
    await page.waitForTimeout(500);
    const live = page.locator('[role="log"]');
    await erin.say(generalRoomId, "can you hear me");
    await bob.say(generalRoomId, "**Lunch** at `noon`, see [the menu](https://example.org/menu)");
    expect(
      await waitUntil(async () => (await live.innerText()) === "bob: Lunch at noon, see the menu", 8000),
    ).toBe(true);
    const row = page.getByRole("article", { name: /^bob, .*Lunch at noon, see the menu/ });
    await row.first().waitFor();
    await page.context().close();
  }, 40_000);

  test("[T21] a double click creates one poll and one report", async () => {
    const id = await room("Once");
    const seq = await bob.say(id, "report me");
    const page = await openRoom(alice, id);
    await field(page).fill("/poll");
    await page.keyboard.press("Enter");
    await page.getByLabel("Question").fill("Once?");
    await page.getByLabel("Choice 1").fill("Yes");
    await page.getByLabel("Choice 2").fill("No");
    await page.getByRole("button", { name: "Create poll" }).dblclick();
    await page.locator(".poll").waitFor();
    await rowOf(page, "report me").click({ button: "right" });
    await page.getByRole("menuitem", { name: /Report/ }).click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /Report/ })
      .dblclick();
    await page.locator(".toast").first().waitFor();
    await page.waitForTimeout(300);
    expect(await page.locator(".toast").count()).toBe(1);
    const [polls] =
      await sql`select count(*)::int as count from messages where room_id = ${id} and body->>'kind' = 'poll'`;
    expect(polls.count).toBe(1);
    expect((await sql`select 1 from reports where room_id = ${id} and seq = ${seq}`).length).toBe(1);
    expect(await lastText(page)).toBeString();
    await page.context().close();
  }, 30_000);

  test("[T23] a message that is scheduled with the same id is scheduled once, and another one with it is refused", async () => {
    const sendId = crypto.randomUUID() as SendId;
    const at = Date.now() + 3_600_000;
    const fields = { room: generalRoomId, sendId, text: "once", at };
    await alice.run("message.schedule", fields);
    await alice.run("message.schedule", fields);
    expect(await alice.refusedWith("message.schedule", { ...fields, text: "other" })).toBe("message_invalid");
    expect(await bob.refusedWith("message.schedule", fields)).toBe("message_invalid");
  });
});
