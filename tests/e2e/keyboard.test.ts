import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { RoomId } from "@novax/protocol/ids";
import type { Browser, Page } from "playwright-core";
import {
  desktop,
  launchBrowser,
  openChat,
  openPage,
  phone,
  say,
  shownTexts,
  waitForText,
  waitUntilOpen,
} from "../support/browser.ts";
import { join, type Person } from "../support/person.ts";
import {
  chromiumPath,
  createTestData,
  startServer,
  type TestData,
  type TestServer,
  waitUntil,
} from "../support/server.ts";

describe.skipIf(!chromiumPath)("the keyboard", () => {
  let data: TestData;
  let server: TestServer;
  let browser: Browser;
  let alice: Person;

  beforeAll(async () => {
    data = await createTestData("embedded");
    server = await startServer(data);
    browser = await launchBrowser();
    alice = await join(server, "alice");
    // Alone, she would see the first steps.
    await join(server, "dave");
    const socket = await alice.enter();
    for (let index = 0; index < 12; index++) await socket.sayAndWait(`message ${index}`);
    socket.close();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await data?.remove();
  });

  const focused = (page: Page) =>
    page.evaluate(
      () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "",
    );

  const composed = (page: Page) => page.locator(".composer-field").inputValue();

  test("[V2] keys after Ctrl+K are for what opens, also while its code is on its way", async () => {
    const { page, faults } = await openPage(browser, desktop);
    await page
      .context()
      .addCookies([...alice.cookies].map(([name, value]) => ({ name, value, url: server.url })));
    let isLate = true;
    await page.route("**/assets/*.js", async (route) => {
      const response = await route.fetch();
      // The code of dialogs and menus.
      if (isLate && (await response.text()).includes("overlay-place")) await Bun.sleep(2500);
      await route.fulfill({ response });
    });
    await page.goto(`${server.url}/chat`);
    await page.locator(".composer-field").waitFor();
    await page.locator(".composer-field").focus();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("design");
    await page.keyboard.press("Enter");
    const field = page.locator(".switcher-field");
    await field.waitFor();
    expect(await field.inputValue()).toBe("design");
    expect(await page.locator(".composer-field").inputValue()).toBe("");
    await page.keyboard.press("Escape");
    await field.waitFor({ state: "detached" });

    // And at once when it is here.
    isLate = false;
    for (let round = 0; round < 3; round++) {
      await page.locator(".composer-field").focus();
      await page.keyboard.press("Control+k");
      await page.keyboard.type("gen");
      expect(await field.inputValue()).toBe("gen");
      await page.keyboard.press("Escape");
      await field.waitFor({ state: "detached" });
    }
    expect(await page.locator(".composer-field").inputValue()).toBe("");
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test("the composer has the focus at once; Enter sends, Shift+Enter doesn't, formatting wraps a selection", async () => {
    const { page } = await openChat(browser, alice);
    expect(await focused(page)).toBe("Message General");
    await page.keyboard.type("two");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("lines");
    expect((await shownTexts(page)).at(-1)).toBe("message 11");
    await page.keyboard.press("Enter");
    await waitForText(page, "two\nlines");
    expect(await composed(page)).toBe("");
    await page.keyboard.type("bold");
    await page.keyboard.press("Control+A");
    await page.keyboard.press("Control+B");
    expect(await waitUntil(async () => (await composed(page)) === "**bold**")).toBe(true);
    // Pressed again it removes the formatting, and both can be undone.
    await page.keyboard.press("Control+B");
    expect(await composed(page)).toBe("bold");
    await page.keyboard.press("Control+Z");
    expect(await composed(page)).toBe("**bold**");
    await page.keyboard.press("Control+Z");
    expect(await composed(page)).toBe("bold");
    await page.keyboard.press("Control+A");
    await page.keyboard.press("Delete");
    await page.context().close();
  });

  test("Enter that ends an input method's composition doesn't send", async () => {
    const { page } = await openChat(browser, alice);
    const before = (await shownTexts(page)).length;
    await page.locator(".composer-field").fill("かな");
    await page
      .locator(".composer-field")
      .dispatchEvent("keydown", { key: "Enter", isComposing: true, bubbles: true });
    await page
      .locator(".composer-field")
      .dispatchEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true });
    await Bun.sleep(100);
    expect((await shownTexts(page)).length).toBe(before);
    await page.locator(".composer-field").fill("");
    await page.context().close();
  });

  test("F6 moves between regions, arrows between messages, a letter from the list into the composer, ? to the help and back", async () => {
    const { page } = await openChat(browser, alice);
    await page.keyboard.press("Shift+F6");
    expect(await focused(page)).toBe("Messages in General");
    await page.keyboard.press("ArrowUp");
    const newest = await focused(page);
    expect(newest).toStartWith("alice, ");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("k");
    expect(await focused(page)).not.toBe(newest);
    await page.keyboard.press("Home");
    expect(await focused(page)).toContain("message 0");
    await page.keyboard.press("End");
    expect(await focused(page)).toBe(newest);
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await focused(page)).toBe(newest);
    await page.keyboard.press("Shift+F6");
    await page.keyboard.press("F6");
    await page.keyboard.press("h");
    expect(await focused(page)).toBe("Message General");
    expect(await waitUntil(async () => (await composed(page)) === "h")).toBe(true);
    await page.locator(".composer-field").fill("");
    await page.context().close();
  });

  test("a group of emoji is one stop of Tab, and the account menu goes by arrows", async () => {
    const { page } = await openChat(browser, alice);
    await page.getByRole("button", { name: "Emoji" }).click();
    await page.locator(".emoji-cell").first().waitFor();
    const group = () =>
      page.evaluate(() => document.activeElement?.closest(".emoji-group")?.getAttribute("aria-label"));
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    const recent = await group();
    const first = await focused(page);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowLeft");
    expect(await focused(page)).toBe(first);
    await page.keyboard.press("Tab");
    expect(await group()).not.toBe(recent);
    await page.keyboard.press("Escape");

    await page.locator(".account summary").focus();
    await page.keyboard.press("Enter");
    await page.locator(".account-row").first().waitFor();
    await page.keyboard.press("ArrowUp");
    expect(await focused(page)).toBe("Sign out");
    await page.keyboard.press("Home");
    expect(await focused(page)).toBe("Set a status");
    await page.context().close();
  });

  test("what a panel covers is out of reach, and the focus is back when it closes", async () => {
    for (const viewport of [
      { width: 390, height: 844 },
      { width: 820, height: 700 },
    ]) {
      const { page } = await openChat(browser, alice, { viewport });
      await page.getByRole("button", { name: /^\d+ members?$/ }).click();
      expect(await waitUntil(async () => (await focused(page)) === "Close")).toBe(true);
      for (let tabs = 0; tabs < 30; tabs++) {
        await page.keyboard.press("Tab");
        const covered = await page.evaluate(() => {
          const element = document.activeElement!;
          if (element === document.body) return null;
          const { left, top, width, height } = element.getBoundingClientRect();
          const shown = document.elementFromPoint(
            Math.min(left + width / 2, innerWidth - 1),
            Math.min(top + height / 2, innerHeight - 1),
          );
          return shown && (element.contains(shown) || shown.contains(element)) ? null : element.outerHTML;
        });
        expect(covered).toBeNull();
      }
      await page.getByRole("complementary").getByRole("button", { name: "Close" }).focus();
      await page.keyboard.press("Escape");
      expect(await waitUntil(async () => /^\d+ members?$/.test(await focused(page)))).toBe(true);
      await page.context().close();
    }
  });

  test("from the top of the page the composer is at most four Tabs beyond the list, and the focus is always visible", async () => {
    const { page } = await openChat(browser, alice);
    await page.locator(".messages-viewport").focus();
    let tabs = 0;
    for (; tabs < 5 && (await focused(page)) !== "Message General"; tabs++) {
      await page.keyboard.press("Tab");
      const outline = await page.evaluate(() => {
        const element = document.activeElement!;
        const own = getComputedStyle(element).outlineStyle;
        const around = getComputedStyle(element.closest(".composer") ?? element).outlineStyle;
        return own !== "none" || around !== "none";
      });
      expect(outline).toBe(true);
    }
    expect(tabs).toBeLessThanOrEqual(4);
    await page.context().close();
  });

  test("the member list opens and closes with the focus following; the theme can be chosen and stays", async () => {
    const { page } = await openChat(browser, alice);
    await page.getByRole("button", { name: /^\d+ members?$/ }).focus();
    await page.keyboard.press("Enter");
    expect(await waitUntil(async () => (await focused(page)) === "Close")).toBe(true);
    await page.keyboard.press("Escape");
    expect(await focused(page)).toMatch(/^\d+ members?$/);
    await page.locator(".account summary").click();
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Appearance" }).click();
    await page.getByLabel("Theme").selectOption("dark");
    await page.reload();
    // The room list is as wide as the person makes it.
    const edge = page.getByRole("separator", { name: "Room list width" });
    const width = async () => (await page.locator(".sidebar").boundingBox())!.width;
    expect(await width()).toBe(264);
    await edge.focus();
    await page.keyboard.press("ArrowRight");
    expect(await width()).toBe(280);
    await edge.hover();
    await page.mouse.down();
    await page.mouse.move(350, 300);
    await page.mouse.up();
    expect(await width()).toBe(350);
    await page.keyboard.press("End");
    await page.reload();
    expect(await width()).toBe(400);
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
    expect(await page.evaluate(() => getComputedStyle(document.body).colorScheme)).toBe("dark");
    await page.context().close();
  });

  test("when the focused element disappears, the focus stays in the list or returns to where it was", async () => {
    const { page } = await openChat(browser, alice);
    await page.getByRole("button", { name: /^\d+ members?$/ }).focus();
    await page.keyboard.press("Enter");
    expect(await waitUntil(async () => (await focused(page)) === "Close")).toBe(true);
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await focused(page)).toBe("Close");
    await page.keyboard.press("Escape");
    expect(await focused(page)).toMatch(/^\d+ members?$/);
    await page.locator(".account summary").click();
    await page.keyboard.press("Escape");
    expect(await page.locator(".account").getAttribute("open")).toBeNull();
    expect(await focused(page)).toContain("alice");
    await page.context().close();
  });

  test("a message keeps the focus when it changes from sending to sent", async () => {
    const { page } = await openPage(browser);
    const cookies = [...alice.cookies].map(([name, value]) => ({ name, value, url: server.url }));
    await page.context().addCookies(cookies);
    let isHeld = false;
    const held: (() => void)[] = [];
    await page.routeWebSocket(/\/ws\//, (socket) => {
      socket.connectToServer().onMessage((frame) => {
        const pass = () => socket.send(frame);
        if (isHeld) held.push(pass);
        else pass();
      });
    });
    await page.goto(`${server.url}/chat`);
    await waitUntilOpen(page);
    isHeld = true;
    await page.locator(".composer-field").fill("not sent yet");
    await page.keyboard.press("Enter");
    await waitForText(page, "not sent yet");
    await page.keyboard.press("Shift+F6");
    await page.keyboard.press("ArrowUp");
    expect(await focused(page)).toContain("not sent yet");
    await page.locator(".pending-late").waitFor();
    expect(await waitUntil(() => held.length > 0)).toBe(true);
    isHeld = false;
    for (const pass of held) pass();
    await page.locator(".pending-late").waitFor({ state: "detached" });
    expect(await focused(page)).toContain("not sent yet");
    await page.context().close();
  });

  test("a letter after clicking a message goes into the composer; with the keyboard C copies the text as written", async () => {
    const { page } = await openChat(browser, alice);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.locator(".message-text").first().click();
    await page.keyboard.type("can you see this");
    expect(await waitUntil(async () => (await composed(page)) === "can you see this")).toBe(true);
    await page.locator(".composer-field").fill("**two**\nlines");
    await page.keyboard.press("Enter");
    await waitForText(page, "two\nlines");
    await page.keyboard.press("Shift+F6");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("c");
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    expect(await waitUntil(async () => (await copied()) === "**two**\nlines")).toBe(true);
    await page.context().close();
  });

  test("on a phone Enter starts a new line and a button sends; Back goes from the rooms to the room", async () => {
    const { page } = await openChat(browser, alice, phone);
    // No on-screen keyboard that nobody asked for, and no focus ring.
    expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
    await page.locator(".composer-field").tap();
    await page.keyboard.type("one");
    await page.keyboard.press("Enter");
    await page.keyboard.type("two");
    expect(await composed(page)).toBe("one\ntwo");
    await page.getByRole("button", { name: "Send", exact: true }).tap();
    await waitForText(page, "one\ntwo");
    // A tap chooses from the list, and nothing underneath it.
    await page.locator(".composer-field").tap();
    await page.keyboard.type("/shr");
    await page.locator(".suggestion").first().tap();
    expect(await composed(page)).toBe("/shrug ");
    expect(await page.locator(".suggestion, .panel, .message-toolbar, dialog[open]").count()).toBe(0);
    await page.locator(".composer-field").fill("");
    await page.getByRole("button", { name: "All rooms" }).tap();
    await page.locator(".sidebar").waitFor();
    expect(await page.locator(".composer-field").isVisible()).toBe(false);
    await page.goBack();
    await page.locator(".composer-field").waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await page.context().close();
  });

  test("[interface 37] a new message is announced once, politely; old ones that are loaded are not", async () => {
    const { page } = await openChat(browser, alice);
    const bob = await join(server, "bob");
    const socket = await bob.enter();
    const log = page.locator('[role="log"]');
    expect(await log.textContent()).toBe("");
    await socket.sayAndWait("listen to this");
    await log.filter({ hasText: "bob: listen to this" }).waitFor({ timeout: 5000, state: "attached" });
    // All at once: on a busy machine, one after the other would be more than one announcement.
    for (let index = 0; index < 5; index++) socket.say(`many ${index}`);
    await log.filter({ hasText: "5 new messages" }).waitFor({ timeout: 5000, state: "attached" });
    socket.close();
    await page.context().close();
  });

  test("the sides' arrows go through what is in a message, and Escape back to it", async () => {
    const { page } = await openChat(browser, alice);
    await say(page, "ask @dave, or see https://example.org/manual");
    await waitForText(page, "example.org/manual");
    await page.keyboard.press("Shift+F6");
    await page.keyboard.press("ArrowUp");
    const message = await focused(page);
    expect(message).toContain("ask @dave");
    const seen: string[] = [];
    for (let at = 0; at < 9; at++) {
      await page.keyboard.press("ArrowRight");
      if (seen.at(-1) !== (await focused(page))) seen.push(await focused(page));
    }
    // The name is there only where somebody begins.
    expect(seen.filter((name) => name !== "alice")).toEqual([
      "@dave",
      "https://example.org/manual",
      "Add reaction",
      "Reply",
      "Reply in thread",
      "More",
    ]);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    expect(await focused(page)).toBe("Reply");
    await page.keyboard.press("Escape");
    expect(await focused(page)).toBe(message);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "dave" }).waitFor();
    await page.keyboard.press("Escape");
    expect(await waitUntil(async () => (await focused(page)) === "@dave")).toBe(true);
    await page.context().close();
  });

  test("a menu takes the letter it shows; a person that is marked is chosen by Enter; the list goes by pages", async () => {
    const { page } = await openChat(browser, alice);
    await page.keyboard.press("Shift+F6");
    await page.keyboard.press("ArrowUp");
    const newest = await focused(page);
    await page.keyboard.press("PageUp");
    const above = await focused(page);
    expect(above).not.toBe(newest);
    expect(await page.evaluate(() => document.activeElement!.getBoundingClientRect().top >= 0)).toBe(true);
    await page.keyboard.press("Enter");
    await page.getByRole("menu").waitFor();
    await page.keyboard.press("r");
    await page.locator(".composer-about").waitFor();
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "New message" }).click();
    const dialog = page.getByRole("dialog", { name: "New message" });
    await dialog.getByRole("option").first().waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await dialog.locator(".chip").waitFor();
    await page.keyboard.press("Escape");
    await page.context().close();
  });

  test("single keys can be turned off, and then the message's menu still opens by Enter", async () => {
    const { page } = await openChat(browser, alice);
    await page.evaluate(() => localStorage.setItem("preferences", JSON.stringify({ hasSingleKeys: false })));
    await page.reload();
    await waitUntilOpen(page);
    await page.waitForLoadState("networkidle");
    await page.keyboard.press("Shift+F6");
    await page.keyboard.press("ArrowUp");
    const newest = await focused(page);
    for (const key of ["k", "r", "?", "/"]) await page.keyboard.press(key);
    expect(await focused(page)).toBe(newest);
    expect(await page.locator("dialog[open], .panel").count()).toBe(0);
    await page.keyboard.press("Enter");
    await page.getByRole("menu").waitFor();
    await page.context().close();
  });

  test("what is said in an open thread and where else one is called for is announced", async () => {
    const bob = await join(server, "erin");
    const { page } = await openChat(browser, alice);
    const general = "general" as RoomId;
    const root = await alice.say(general, "a thread to listen to");
    await bob.say(general, "first answer", { threadRoot: root });
    await page.locator(".row-message", { hasText: "a thread to listen to" }).locator(".thread-link").click();
    const inThread = page.locator('.panel [role="log"]');
    await inThread.waitFor({ state: "attached" });
    await page.locator(".panel .message-text", { hasText: "first answer" }).waitFor();
    await bob.say(general, "second answer", { threadRoot: root });
    await inThread.filter({ hasText: "erin: second answer" }).waitFor({ timeout: 8000, state: "attached" });
    const aliceId = await alice.id();
    const { room } = await bob.run("direct.open", { people: [aliceId] });
    await bob.say(room.id, "are you there?");
    await page
      .locator('.room [role="log"]')
      .filter({ hasText: "New message from erin" })
      .waitFor({ timeout: 8000, state: "attached" });
    await page.context().close();
  });
});
