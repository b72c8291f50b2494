import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { RoomId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import type { Browser, Page } from "playwright-core";
import { desktop, launchBrowser, openChat, phone, shownTexts } from "../support/browser.ts";
import { Finger } from "../support/finger.ts";
import { chromiumPath, waitUntil } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

describe.skipIf(!chromiumPath)("[V1] [V28] with a finger", () => {
  const { server, alice, bob } = useServer("embedded", {
    people: ["alice", "bob"],
    env: { MESSAGES_PER_SECOND: "1000" },
  });
  let browser: Browser;
  let room: RoomId;
  let page: Page;
  let faults: string[];
  let finger: Finger;

  const row = (text: string) => page.locator(".row-message", { hasText: text }).first();
  const textOf = (text: string) => row(text).locator(".message-text");
  const sheet = () => page.getByRole("menu");
  const entry = (name: string | RegExp) => sheet().getByRole("menuitem", { name });
  const reactionsTo = async (seq: number) => {
    const { entries } = await alice.read<TimelinePage>(`/api/rooms/${room}/timeline`);
    const entry = entries.find((candidate) => candidate.seq === seq);
    return entry && "reactions" in entry ? entry.reactions.length : null;
  };

  beforeAll(async () => {
    browser = await launchBrowser();
    room = (await alice.run("room.create", { kind: "public", name: "Workshop", people: [await bob.id()] }))
      .room.id;
    for (let index = 0; index < 60; index++) await bob.say(room, `line ${index}`);
    ({ page, faults } = await openChat(browser, alice, { ...phone, colorScheme: "light" }));
    await page.goto(`${server.url}/chat/${room}`);
    await row("line 59").waitFor();
    // What a finger does comes with the code that is loaded last.
    await page.waitForLoadState("networkidle");
    finger = await Finger.on(page);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
  });

  test("press and hold opens a sheet from below, with six emoji, and selects nothing", async () => {
    await finger.hold(textOf("line 57"));
    await sheet().waitFor();
    const box = (await sheet().boundingBox())!;
    const view = page.viewportSize()!;
    expect(Math.round(box.y + box.height)).toBe(view.height);
    expect(box.width).toBe(view.width);
    expect(await sheet().locator(".menu-emoji").count()).toBe(6);
    for (const target of await sheet().getByRole("menuitem").all()) {
      const { width, height } = (await target.boundingBox())!;
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(44);
    }
    expect(await page.evaluate(() => getSelection()?.toString())).toBe("");
    // Lifting the finger pressed nothing, and a tap beside the sheet closes it.
    expect(await sheet().isVisible()).toBe(true);
    await finger.tap({ x: 200, y: 60 });
    await sheet().waitFor({ state: "detached" });
  });

  test("a tap beside a sheet or a dialog presses nothing that lies under it", async () => {
    const search = page.getByRole("button", { name: "Search" }).first();
    const { x, y, width, height } = (await search.boundingBox())!;
    const over = { x: x + width / 2, y: y + height / 2 };
    await finger.hold(textOf("line 57"));
    await sheet().waitFor();
    await finger.tap(over);
    await sheet().waitFor({ state: "detached" });
    await finger.tap(page.locator(".composer").getByRole("button", { name: "Emoji" }));
    await page.locator(".emoji-picker").waitFor();
    await finger.tap(over);
    await page.locator(".emoji-picker").waitFor({ state: "detached" });
    await Bun.sleep(300);
    expect(await page.locator(".panel").count()).toBe(0);
  });

  test("a tap on an emoji of the sheet reacts, a tap on the reaction takes it back", async () => {
    const seq = await bob.say(room, "what a day");
    await row("what a day").waitFor();
    await finger.hold(textOf("what a day"));
    await finger.tap(sheet().locator(".menu-emoji").first());
    await row("what a day").locator(".reaction-own").waitFor();
    expect(await waitUntil(async () => (await reactionsTo(seq)) === 1)).toBe(true);
    await finger.tap(row("what a day").locator(".reaction-own"));
    expect(await waitUntil(async () => (await reactionsTo(seq)) === 0)).toBe(true);
  });

  test("reply, edit, thread and delete are reached from the sheet", async () => {
    await finger.hold(textOf("line 58"));
    await finger.tap(entry(/^Reply$/));
    await page.locator(".composer-field").fill("an answer");
    await finger.tap(page.getByRole("button", { name: "Send", exact: true }));
    await row("an answer").locator(".quote").waitFor();
    // It has arrived, so that there is something to edit.
    await page.locator(".row-message[data-seq]", { hasText: "an answer" }).first().waitFor();

    await finger.hold(textOf("an answer"));
    await finger.tap(entry(/^Edit$/));
    expect(await page.locator(".composer-field").inputValue()).toBe("an answer");
    await page.locator(".composer-field").fill("a better answer");
    await finger.tap(page.getByRole("button", { name: "Save", exact: true }));
    await row("a better answer").locator(".message-edited").waitFor();

    await finger.hold(textOf("a better answer"));
    await finger.tap(entry(/^Delete$/));
    await finger.tap(page.locator("dialog[open]").getByRole("button", { name: "Delete" }));
    expect(
      await waitUntil(async () => !(await shownTexts(page)).some((text) => text.includes("better"))),
    ).toBe(true);

    await finger.hold(textOf("line 58"));
    await finger.tap(entry("Reply in thread"));
    await page.locator(".panel .composer-field").waitFor();
    await finger.tap(page.locator(".panel").getByRole("button", { name: "Close" }));
    await page.locator(".panel").waitFor({ state: "detached" });
  });

  test("from the list below a room its own entry leads back in, and on its side a phone's Back closes what is open", async () => {
    const { page: own } = await openChat(browser, bob, phone);
    await own.goBack();
    const item = own.locator(".room-item[aria-current]");
    await item.waitFor();
    await item.tap();
    await own.locator(".composer-field").waitFor();
    expect(own.url()).toContain("/chat");
    await own.context().close();

    const { page: wide } = await openChat(browser, bob, { ...phone, viewport: { width: 844, height: 390 } });
    await wide.getByRole("button", { name: "Room details" }).tap();
    await wide.locator(".panel").waitFor();
    await wide.goBack();
    await wide.locator(".panel").waitFor({ state: "detached" });
    await wide.locator(".composer").getByRole("button", { name: "Emoji" }).tap();
    await wide.locator(".emoji-picker").waitFor();
    await wide.goBack();
    await wide.locator(".emoji-picker").waitFor({ state: "detached" });
    expect(wide.url()).toContain("/chat");
    await wide.context().close();
  });

  test("Back closes a sheet, also in a room that a link opened, and then leads to the rooms", async () => {
    const linked = await openChat(browser, bob, { ...phone, colorScheme: "dark" });
    await linked.page.goto("about:blank");
    await linked.page.goto(`${server.url}/chat/${room}`);
    const text = linked.page.locator(".row-message", { hasText: "line 59" }).first().locator(".message-text");
    await text.waitFor();
    await linked.page.waitForLoadState("networkidle");
    await (await Finger.on(linked.page)).hold(text);
    await linked.page.getByRole("menu").waitFor();
    await linked.page.goBack();
    await linked.page.getByRole("menu").waitFor({ state: "detached" });
    await text.waitFor();
    await linked.page.waitForTimeout(300);
    await linked.page.goBack();
    await linked.page.locator(".room-item", { hasText: "Workshop" }).waitFor();
    expect(linked.faults).toEqual([]);
    await linked.page.context().close();
  });

  test("a sheet that is dragged down closes", async () => {
    await finger.hold(textOf("line 58"));
    await sheet().waitFor();
    const box = (await sheet().boundingBox())!;
    await finger.down({ x: box.x + box.width / 2, y: box.y + 12 });
    await finger.move({ x: 0, y: 200 });
    await finger.up();
    await sheet().waitFor({ state: "detached" });
  });

  test("a scroll opens nothing, however slowly it begins", async () => {
    const viewport = page.locator(".messages-viewport").first();
    const before = await viewport.evaluate((element) => element.scrollTop);
    await finger.down(textOf("line 55"));
    await page.waitForTimeout(200);
    await finger.move({ x: 0, y: 160 });
    await page.waitForTimeout(700);
    await finger.up();
    expect(await sheet().count()).toBe(0);
    expect(await viewport.evaluate((element) => element.scrollTop)).toBeLessThan(before);
  });

  test("a tap on a message opens nothing and covers nothing", async () => {
    await finger.tap(textOf("line 50"));
    await page.waitForTimeout(300);
    expect(await page.locator(".message-toolbar").count()).toBe(0);
    expect(await sheet().count()).toBe(0);
  });

  test("a room's menu opens by press and hold too, and the room doesn't", async () => {
    await finger.tap(page.getByRole("button", { name: "All rooms" }));
    const general = page.locator(".room-item", { hasText: "General" });
    await general.waitFor();
    await finger.hold(general);
    await entry("Star").waitFor();
    expect(new URL(page.url()).pathname).not.toContain("general");
    await finger.tap(entry("Star"));
    await page.getByRole("heading", { name: "Starred" }).waitFor();
  });

  test("a mouse keeps its toolbar on the row under it, and its menu beside it", async () => {
    const mouse = await openChat(browser, alice, desktop);
    await mouse.page.goto(`${server.url}/chat/${room}`);
    const last = mouse.page.locator(".row-message", { hasText: "line 59" }).first();
    await last.hover();
    await last.getByRole("toolbar").waitFor();
    await last.getByRole("button", { name: "More" }).click();
    const menu = mouse.page.getByRole("menu");
    await menu.waitFor();
    expect((await menu.boundingBox())!.width).toBeLessThan(400);
    // By keyboard: the first entry has the focus, the row of emoji is one step above it.
    await mouse.page.keyboard.press("ArrowUp");
    await mouse.page.keyboard.press("ArrowRight");
    expect(await menu.locator(".menu-emoji:focus").getAttribute("aria-label")).toMatch(/^React with/);
    await mouse.page.keyboard.press("ArrowDown");
    expect(await menu.locator(".menu-item:focus").innerText()).toContain("Add reaction");
    expect(mouse.faults).toEqual([]);
    await mouse.page.context().close();
  });

  test("none of it made the page fail", () => {
    expect(faults).toEqual([]);
  });
});
