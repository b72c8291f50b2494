// How the chat looks and what it says: what the room list shows first, what counts as a number, how texts, times, names and
// pictures are drawn, and what is said where nothing can be shown.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { RoomId } from "@novax/protocol/ids";
import type { Browser, Locator, Page } from "playwright-core";
import { launchBrowser, openChat, phone, say, waitForText, waitUntilOpen } from "../support/browser.ts";
import { join, type Person } from "../support/person.ts";
import { chromiumPath, waitUntil } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

const env = { MESSAGES_PER_SECOND: "100000" };

type Box = { x: number; y: number; width: number; height: number };

describe.skipIf(!chromiumPath)("how it looks", () => {
  const { server, alice, bob } = useServer("postgres", { env, people: ["alice", "bob"] });
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  }, 30_000);
  afterAll(async () => {
    await browser?.close();
  });

  const room = async (name: string, people: readonly Person[] = [bob]): Promise<RoomId> => {
    const ids = await Promise.all(people.map((person) => person.id()));
    return (await alice.run("room.create", { kind: "public", name, people: ids })).room.id;
  };
  const openRoom = async (person: Person, id: RoomId, options = {}) => {
    const { page } = await openChat(browser, person, options);
    await page.goto(`${server.url}/chat/${id}`);
    await waitUntilOpen(page);
    return page;
  };
  const rowOf = (page: Page, text: string) => page.locator(".row-message", { hasText: text }).last();
  const boxOf = async (element: Locator): Promise<Box> => (await element.boundingBox())!;
  const overlap = (a: Box, b: Box) =>
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

  test("[V5] [V6] [V7] eight rooms and a conversation fit on a small desk; a number is for who is called", async () => {
    const carol = await join(server, "carol");
    const ids: RoomId[] = [];
    for (let at = 1; at <= 8; at++) ids.push(await room(`Project ${at}`, [bob, carol]));
    const direct = (await alice.run("direct.open", { people: [await bob.id()] })).room.id;
    await bob.say(direct, "only for you");
    await bob.say(ids[2]!, "for everybody");
    await bob.say(ids[4]!, "for you, @alice");
    const page = await openRoom(alice, ids[0]!, { viewport: { width: 1366, height: 768 } });
    const item = (id: RoomId) => page.locator(`.room-item[data-room="${id}"]`);

    const last = await boxOf(item(direct));
    expect(last.y + last.height).toBeLessThan(768 - 48);
    for (const id of ids) expect((await boxOf(item(id))).height).toBeLessThanOrEqual(32);
    expect(await page.getByRole("button", { name: "Reports" }).count()).toBe(0);

    // Three belong to the room, one is there.
    expect(await page.getByRole("button", { name: "3 members" }).innerText()).toBe("3");

    const isBold = (id: RoomId) =>
      item(id)
        .locator(".room-item-name")
        .evaluate((name) => Number(getComputedStyle(name).fontWeight) >= 600);
    expect([await isBold(ids[1]!), await isBold(ids[2]!), await isBold(ids[4]!)]).toEqual([
      false,
      true,
      true,
    ]);
    expect(await item(ids[2]!).locator(".badge").count()).toBe(0);
    expect(await item(ids[4]!).locator(".badge [aria-hidden]").innerText()).toBe("1");
    expect(await item(direct).locator(".badge [aria-hidden]").innerText()).toBe("1");
    // Red says that something failed.
    const [red, green, blue] = await item(direct)
      .locator(".badge")
      .evaluate((element) => getComputedStyle(element).backgroundColor.match(/\d+/g)!.map(Number));
    expect(red! < Math.max(green!, blue!)).toBe(true);

    // On a low screen more is unread below: what says so covers no room and no heading.
    await page.setViewportSize({ width: 1366, height: 530 });
    const pill = page.locator(".more-unread-below");
    await pill.waitFor();
    const list = page.locator(".room-item, .section-head");
    const visible = await boxOf(page.locator(".more-unread-below"));
    for (const element of await list.all()) {
      const isDrawn = await element.evaluate((one) => {
        const { left, top, width, height } = one.getBoundingClientRect();
        const hit = document.elementFromPoint(left + width / 2, top + height / 2);
        return hit !== null && one.contains(hit);
      });
      if (isDrawn) expect(overlap(await boxOf(element), visible)).toBe(false);
    }
    await page.context().close();
  }, 60_000);

  test("[V8] tasks, tables, code and shortcodes are drawn as people know them", async () => {
    const id = await room("Drawn");
    const page = await openRoom(alice, id);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await bob.say(id, "- [ ] write it\n- [x] read it");
    const boxes = rowOf(page, "write it").getByRole("checkbox");
    await boxes.first().waitFor();
    expect([await boxes.nth(0).isChecked(), await boxes.nth(1).isChecked()]).toEqual([false, true]);
    // The box and its words are on one line.
    const [box, words] = [await boxOf(boxes.first()), await boxOf(page.getByText("write it"))];
    expect(Math.abs(box.y + box.height / 2 - (words.y + words.height / 2))).toBeLessThan(6);

    await bob.say(id, "| Who | Cost |\n|---|--:|\n| alice | 3 |");
    const table = rowOf(page, "Who").getByRole("table");
    await table.waitFor();
    expect(await table.getByRole("columnheader").allInnerTexts()).toEqual(["Who", "Cost"]);
    expect(await table.getByRole("cell").allInnerTexts()).toEqual(["alice", "3"]);

    await bob.say(id, "```ts\nlet a = 1;\n```");
    const code = rowOf(page, "let a = 1;");
    await code.hover();
    expect(await code.getByRole("region", { name: /ts$/ }).count()).toBe(1);
    await code.locator(".code-copy").click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("let a = 1;");

    const field = page.locator(".room .composer-field");
    await field.pressSequentially("go :roc");
    await page.locator(".suggestion", { hasText: "rocket" }).first().waitFor();
    await field.pressSequentially("ket: `:rocket:` :nothing:");
    await page.keyboard.press("Enter");
    await waitForText(page, "go 🚀");
    expect(await rowOf(page, "go 🚀").locator(".message-text").innerText()).toBe("go 🚀 :rocket: :nothing:");
    await page.context().close();
  });

  test("[V10] [V11] [V18] a name of another script doesn't turn a text around; a picture opens the person's card", async () => {
    const dave = await join(server, "dave");
    await dave.post("/account/profile", { display_name: "ليلى حداد" });
    const id = await room("Scripts", [bob, dave]);
    const page = await openRoom(alice, id);
    await bob.say(id, "@dave please look");
    const said = rowOf(page, "please look").locator(".message-text > p");
    await said.waitFor();
    await waitForText(page, "ليلى");
    expect(await said.evaluate((element) => element.matches(":dir(ltr)"))).toBe(true);
    await dave.say(id, "here I am");
    const row = rowOf(page, "here I am");
    await row.waitFor();
    // The name stands where every name stands, beside the picture.
    const [name, picture] = [
      await boxOf(row.locator(".message-author")),
      await boxOf(row.locator(".avatar")),
    ];
    expect(name.x - (picture.x + picture.width)).toBeLessThan(24);
    // Two letters, of the first name and the last.
    expect(await row.locator(".avatar").first().innerText()).toBe("لح");
    await row.locator(".avatar").first().click();
    await page.getByRole("dialog").getByText("@dave").waitFor();
    await page.keyboard.press("Escape");
    await page.context().close();
  });

  test("[V12] a toast covers neither the composer nor what is beside it", async () => {
    const id = await room("Toasts");
    for (const options of [{}, phone]) {
      const page = await openRoom(alice, id, options);
      await page.evaluate(() => navigator.clipboard.writeText("").catch(() => {}));
      await say(page, "to be saved");
      await rowOf(page, "to be saved").waitFor();
      await page.locator(".account summary, .button-back").first().waitFor({ state: "attached" });
      // A refused command says so.
      await page.locator(".room .composer-field").fill("/topic");
      await page.keyboard.press("Escape");
      await page.locator(".room .composer-field").fill("/invite nobody-of-this-name");
      await page.keyboard.press("Escape");
      await page.locator(".composer-send").click();
      const toast = page.locator(".toast").first();
      await toast.waitFor();
      const shown = await boxOf(toast);
      for (const name of [".room .composer-field", ".room .composer-send", ".account summary"]) {
        const other = page.locator(name).first();
        if (await other.isVisible()) expect(overlap(await boxOf(other), shown), name).toBe(false);
      }
      await page.context().close();
    }
  });

  test("[V15] [V16] [V17] settings are in tabs and act at once: a larger text has larger pictures, times have one form", async () => {
    const id = await room("Choices");
    await bob.say(id, "one");
    await bob.say(id, "two");
    const page = await openRoom(alice, id);
    const times = () => page.locator(".room time.message-time").allInnerTexts();
    const avatar = page.locator(".row-message .avatar").first();
    await avatar.waitFor();
    const before = await boxOf(avatar);
    for (const time of await times()) expect(time).toMatch(/^[1-9]\d?:\d\d\s[AP]M$/);

    await page.locator(".account summary").click();
    await page.getByRole("button", { name: "Settings", exact: true }).click();
    const dialog = page.getByRole("dialog");
    await dialog.locator(".settings-tabs").waitFor();
    expect(await dialog.locator(".settings-tabs .tab").allInnerTexts()).toEqual([
      "You",
      "Appearance",
      "Notifications",
      "Privacy",
      "Server",
    ]);
    await dialog.getByRole("button", { name: "Appearance" }).click();
    await dialog.getByLabel("Text size").selectOption({ label: "Largest" });
    await dialog.getByLabel("Time format").selectOption({ label: "14:03" });
    await page.keyboard.press("Escape");
    expect(await waitUntil(async () => (await boxOf(avatar)).width >= before.width * 1.2)).toBe(true);
    expect(await waitUntil(async () => (await times()).every((time) => /^\d\d:\d\d$/.test(time)))).toBe(true);
    // Nothing is cut off at the largest size.
    expect(await avatar.evaluate((one) => one.scrollWidth <= one.clientWidth)).toBe(true);

    // The viewer's status is one step away. It's stored when the dialog closes, and keeps its end when only its text changes.
    const status = async () =>
      (await alice.read<{ status: { text: string; until: number | null } }>("/api/me")).status;
    const write = async (text: string) => {
      await page.locator(".account summary").click();
      await page.getByRole("button", { name: "Set a status" }).click();
      await page.getByLabel("What's your status?").fill(text);
    };
    await write("at lunch");
    await page.getByLabel("Clear after").selectOption("4");
    expect(await waitUntil(async () => (await status()).until !== null)).toBe(true);
    const { until } = await status();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await write("at a late lunch");
    // Another tab and back: what is written stays.
    await page.getByRole("button", { name: "Privacy" }).click();
    await page.getByRole("button", { name: "You", exact: true }).click();
    expect(await page.getByLabel("What's your status?").inputValue()).toBe("at a late lunch");
    await page.getByLabel("What's your status?").fill("at tea");
    await page.keyboard.press("Escape");
    expect(await waitUntil(async () => (await status()).text === "at tea")).toBe(true);
    expect((await status()).until).toBe(until);
    await page.context().close();
    // Members have no tab for the server.
    const other = await openRoom(bob, id);
    await other.locator(".account summary").click();
    await other.getByRole("button", { name: "Settings", exact: true }).click();
    expect(await other.getByRole("dialog").getByRole("button", { name: "Server" }).count()).toBe(0);
    await other.context().close();
  });

  test("[V21] the message that is edited is marked and in view, with Cancel and Save", async () => {
    const id = await room("Edits");
    await alice.say(id, "the one that is edited");
    for (let at = 0; at < 40; at++) await bob.say(id, `line ${at}`);
    const page = await openRoom(alice, id);
    await page.getByText("line 39").waitFor();
    await page.locator(".room .composer-field").focus();
    await page.keyboard.press("ArrowUp");
    const row = rowOf(page, "the one that is edited");
    await row.waitFor();
    expect(await waitUntil(async () => (await boxOf(row)).y >= 0)).toBe(true);
    const marked = page.locator(".message-highlighted", { hasText: "the one that is edited" });
    expect(await marked.evaluate((one) => getComputedStyle(one).backgroundColor)).not.toBe(
      "rgba(0, 0, 0, 0)",
    );
    await page.locator(".room .composer-field").fill("edited");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await waitForText(page, "edited");
    await page.getByRole("button", { name: "Cancel", exact: true }).waitFor({ state: "detached" });
    await page.context().close();
  });

  test("[V22] a thread says who answered last, and when", async () => {
    const id = await room("Threads");
    const threadRoot = await alice.say(id, "a question");
    await bob.say(id, "an answer", { threadRoot });
    const page = await openRoom(alice, id);
    const link = page.locator(".thread-link");
    await link.waitFor();
    expect(await link.innerText()).toMatch(/1 reply.*last reply.*\d:\d\d/is);
    expect(await link.locator(".thread-faces .avatar").allInnerTexts()).toEqual(["B"]);
    // The next one who writes stands first, here and after loading again.
    await alice.say(id, "thank you", { threadRoot });
    const faces = async () => (await link.locator(".thread-faces .avatar").allInnerTexts()).join("");
    expect(await waitUntil(async () => (await faces()) === "AB")).toBe(true);
    await page.reload();
    expect(await waitUntil(async () => (await faces()) === "AB")).toBe(true);
    await page.context().close();
  });

  test("[V23] lists draw messages as the chat does, name conversations as such, and say when they can't be read", async () => {
    const erin = await join(server, "erin");
    await erin.post("/account/profile", { display_name: "Erin Example" });
    const id = await room("Panels", [bob, erin]);
    await bob.say(id, "**look** @alice and @erin `now`");
    const direct = (await bob.run("direct.open", { people: [await alice.id()] })).room.id;
    await bob.say(direct, "hello @alice");
    const page = await openRoom(alice, id);
    await page.locator(".room-views button").first().click();
    await page.locator(".tab").first().waitFor();
    await page.locator(".tab", { hasText: "Mentions" }).click();
    const row = page.locator(".previews > li", { hasText: "Erin Example" });
    await row.waitFor();
    expect(await row.locator(".preview-text").innerText()).toBe("look @alice and @Erin Example now");
    expect(await row.locator(".preview-text strong").innerText()).toBe("look");
    expect(await row.locator(".preview-text code").innerText()).toBe("now");
    await page.locator(".previews > li", { hasText: "in a direct message" }).waitFor();

    await page.context().setOffline(true);
    await page.locator(".tab", { hasText: "Threads" }).click();
    await page.getByText("Couldn't load this.").waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("Couldn't load this.").waitFor();
    await page.context().setOffline(false);
    // It is read by itself when the connection is back.
    await page.getByText("Couldn't load this.").waitFor({ state: "detached", timeout: 20_000 });
    await page.context().close();
  }, 60_000);

  test("[V24] nobody is asked to write where they may not, and a change says what changed", async () => {
    const id = await room("Announced");
    await alice.run("room.change", { room: id, posting: "moderators" });
    await alice.run("room.change", { room: id, topic: "News only" });
    const { page } = await openChat(browser, bob);
    await page.goto(`${server.url}/chat/${id}`);
    await page.getByText("News only").first().waitFor();
    expect(await page.getByText("Say hello").count()).toBe(0);
    const notes = (await page.locator(".member-change").allInnerTexts()).join("\n");
    expect(notes).toContain("alice set the topic to “News only”");
    expect(notes).toMatch(/only moderators/i);
    expect(notes).not.toContain("updated the room");
    await page.context().close();
  });

  test("text of twice the size has its place: lists and panels grow, and a thread has a line to write on", async () => {
    const id = await room("Twice");
    const threadRoot = await bob.say(id, "the root of a thread");
    await bob.say(id, "an answer", { threadRoot });
    const page = await openRoom(alice, id, { viewport: { width: 1366, height: 768 } });
    await page.evaluate(() => {
      document.documentElement.style.fontSize = "200%";
    });
    expect((await boxOf(page.locator(".sidebar"))).width).toBeGreaterThan(380);
    await page.locator(".thread-link").click();
    const field = await boxOf(page.locator(".panel .composer-field"));
    expect(field.width).toBeGreaterThan(380);
    await page.context().close();
  });

  test("in a very wide window messages and what writes them are as wide, in the middle", async () => {
    const id = await room("Wide");
    await bob.say(id, "hello ".repeat(200));
    const page = await openRoom(alice, id, { viewport: { width: 2560, height: 1200 } });
    const [list, foot, side] = await Promise.all(
      [".messages-list", ".room-foot", ".sidebar"].map((part) => boxOf(page.locator(part))),
    );
    expect(Math.abs(list!.width - foot!.width)).toBeLessThanOrEqual(1);
    expect(foot!.width).toBeLessThanOrEqual(1152);
    const left = foot!.x - side!.width;
    expect(Math.abs(left - (2560 - foot!.x - foot!.width))).toBeLessThanOrEqual(20);
    await page.context().close();
  });

  test("[V25] in forced colours mentions, pictures and numbers keep a mark", async () => {
    const id = await room("Forced");
    await bob.say(id, "for @bob and @alice");
    const page = await openRoom(alice, id, { forcedColors: "active" });
    const mention = page.locator(".message-text .mention").first();
    await mention.waitFor();
    const border = (element: Locator) =>
      element.evaluate((one) => Number.parseFloat(getComputedStyle(one).borderTopWidth));
    expect(await border(mention)).toBeGreaterThan(0);
    expect(await border(page.locator(".row-message .avatar").first())).toBeGreaterThan(0);
    await page.context().close();
  });
});
