// Going elsewhere, a broken connection or a second tab must not lose what somebody has begun or not yet read.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { RoomId } from "@novax/protocol/ids";
import type { Browser, Page } from "playwright-core";
import {
  desktop,
  launchBrowser,
  openChat,
  phone,
  say,
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

describe.skipIf(!chromiumPath)("nothing you began is lost", () => {
  let data: TestData;
  let server: TestServer;
  let browser: Browser;
  let alice: Person;
  let bob: Person;
  const rooms = {} as Record<"Alpha" | "Beta" | "Gamma", RoomId>;

  beforeAll(async () => {
    data = await createTestData("embedded");
    server = await startServer(data, { env: { MESSAGES_PER_SECOND: "100000" } });
    browser = await launchBrowser();
    alice = await join(server, "alice");
    bob = await join(server, "bob");
    for (const name of ["Alpha", "Beta", "Gamma"] as const) {
      const { room } = await bob.run("room.create", { kind: "public", name, people: [await alice.id()] });
      // bob is nobody whom alice knows.
      await alice.run("room.set_preferences", { room: room.id, isRequest: false });
      rooms[name] = room.id;
    }
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await data?.remove();
  });

  const item = (page: Page, name: string) => page.locator(".room-item", { hasText: name }).first();
  const heading = (page: Page, name: string) => page.getByRole("heading", { name, exact: true }).waitFor();
  const field = (page: Page) => page.locator(".room .composer-field");
  const rowOf = (page: Page, text: string) => page.locator(".row-message", { hasText: text }).first();
  /** Whether the "New" line is inside the list. */
  const showsNewLine = (page: Page) =>
    page.evaluate(() => {
      const line = document.querySelector(".row-unread")?.getBoundingClientRect();
      const view = document.querySelector(".messages-viewport")!.getBoundingClientRect();
      return line !== undefined && line.top >= view.top && line.bottom <= view.bottom;
    });

  for (const [size, options, name, count] of [
    ["desktop", desktop, "Alpha", 30],
    ["phone", phone, "Beta", 60],
  ] as const) {
    test(`a room you never opened here opens at the first of ${count} unread messages (${size})`, async () => {
      const already = count === 60 ? 60 : 3;
      for (let index = 0; index < already; index++) await bob.say(rooms[name], `old ${index}`);
      await alice.run("room.mark_read", { room: rooms[name], seq: (await alice.room(rooms[name])).headSeq });
      for (let index = 0; index < count; index++)
        await bob.say(rooms[name], `fresh ${index} ${"words to fill a line ".repeat(6)}`);
      const readBefore = (await alice.room(rooms[name])).readSeq;
      const { page } = await openChat(browser, alice, options);
      if (size === "phone") await page.getByRole("button", { name: "All rooms" }).click();
      // Not hovered, so nothing of it has been loaded.
      await item(page, name).dispatchEvent("click");
      await heading(page, name);
      expect(await waitUntil(() => showsNewLine(page))).toBe(true);
      // Messages in view are read, those below are not.
      expect(await waitUntil(async () => (await alice.room(rooms[name])).readSeq > readBefore)).toBe(true);
      expect((await alice.room(rooms[name])).unread).toBeGreaterThan(0);
      await page.context().close();
    }, 30_000);
  }

  test("a room whose messages fail to load says so, and loads them on request or when the connection is back", async () => {
    const { page } = await openChat(browser, alice);
    let isBroken = true;
    await page.route("**/timeline*", (route) => (isBroken ? route.abort() : route.continue()));
    await item(page, "Gamma").dispatchEvent("click");
    const again = page.getByRole("button", { name: /Couldn't load/ });
    await again.waitFor();
    isBroken = false;
    await again.click();
    await page.getByText("This is the beginning of Gamma.").waitFor();
    await page.context().close();
  }, 30_000);

  test("an unfinished edit, reply or thread message waits where you began it", async () => {
    const { page } = await openChat(browser, alice);
    await item(page, "Gamma").click();
    await heading(page, "Gamma");
    await say(page, "first words");
    await waitForText(page, "first words");
    await field(page).click();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("End");
    await page.keyboard.type(" and more");
    await rowOf(page, "first words").locator(".message-highlighted").waitFor();
    await item(page, "General").click();
    await heading(page, "General");
    expect(await field(page).inputValue()).toBe("");
    await item(page, "Gamma").click();
    expect(await field(page).inputValue()).toBe("first words and more");
    await page.keyboard.press("Enter");
    await rowOf(page, "first words and more").waitFor();

    await rowOf(page, "first words").locator("article").focus();
    await page.keyboard.press("r");
    await item(page, "General").click();
    await heading(page, "General");
    expect(await page.getByText("Replying to").count()).toBe(0);
    await item(page, "Gamma").click();
    await page.getByText("Replying to").waitFor();

    await rowOf(page, "first words").locator("article").focus();
    await page.keyboard.press("t");
    const thread = page.getByRole("complementary", { name: "Thread" });
    await thread.getByLabel("Reply in thread").fill("half a thought");
    await page.keyboard.press("Escape");
    await thread.waitFor({ state: "detached" });
    await rowOf(page, "first words").locator("article").focus();
    await page.keyboard.press("t");
    expect(await thread.getByLabel("Reply in thread").inputValue()).toBe("half a thought");
    await page.context().close();
  }, 30_000);

  test("a message sent in one tab is not still offered for sending in another", async () => {
    const { page: one } = await openChat(browser, alice);
    await field(one).fill("only once");
    // It is stored on the server, too.
    expect(
      await waitUntil(async () => (await (await alice.fetch("/chat")).text()).includes("only once")),
    ).toBe(true);
    const two = await one.context().newPage();
    await two.goto(`${server.url}/chat`);
    await waitUntilOpen(two);
    expect(await field(two).inputValue()).toBe("only once");
    await one.bringToFront();
    await field(one).press("Enter");
    expect(await waitUntil(async () => (await field(two).inputValue()) === "")).toBe(true);
    await one.context().close();
  }, 30_000);

  test("Escape closes a side panel before it marks a room read, and marking read can be undone", async () => {
    const { page } = await openChat(browser, alice);
    await page.getByRole("button", { name: "Room details" }).click();
    await page.locator(".panel form, .panel .settings-section").first().waitFor();
    await field(page).click();
    await page.keyboard.press("Escape");
    await page.locator(".panel").waitFor({ state: "detached" });
    expect(await page.evaluate(() => document.activeElement?.classList.contains("composer-field"))).toBe(
      true,
    );
    await item(page, "Beta").click();
    await page.locator(".row-unread").waitFor();
    const { unread } = await alice.room(rooms.Beta);
    await page.keyboard.press("Escape");
    expect(await waitUntil(async () => (await alice.room(rooms.Beta)).unread === 0)).toBe(true);
    await page.getByRole("button", { name: "Undo" }).click();
    expect(await waitUntil(async () => (await alice.room(rooms.Beta)).unread >= unread)).toBe(true);
    expect(await waitUntil(() => showsNewLine(page))).toBe(true);
    await page.context().close();
  }, 30_000);

  test("on a phone Back closes what covers the room, then leads to the room list; a list opens as often as you ask for it", async () => {
    const { page } = await openChat(browser, alice, phone);
    await page.getByRole("button", { name: "All rooms" }).click();
    await item(page, "Gamma").click();
    await heading(page, "Gamma");
    await page.getByRole("button", { name: "Emoji" }).click();
    await page.locator(".emoji-cell").first().waitFor();
    await page.goBack();
    await page.locator(".emoji-picker").waitFor({ state: "detached" });
    expect(await page.locator(".room").isVisible()).toBe(true);
    await page.getByRole("button", { name: "All rooms" }).click();
    for (let round = 0; round < 2; round++) {
      await page.locator(".room-item", { hasText: /^Inbox/ }).click();
      await page.getByRole("complementary", { name: "Inbox" }).waitFor();
      await page.goBack();
      await page.locator(".panel").waitFor({ state: "hidden" });
      expect(await page.locator(".sidebar").isVisible()).toBe(true);
    }
    // Back retraces what was viewed: from a thread to the list it was chosen in, from the pins to the details.
    const root = await alice.say(rooms.Beta, "a thread to come back from");
    await bob.say(rooms.Beta, "an answer in it", { threadRoot: root });
    await page.locator(".room-item", { hasText: /^Inbox/ }).click();
    await page.locator(".inbox-tabs .tab", { hasText: /^Threads/ }).click();
    await page.locator(".preview-message", { hasText: "a thread to come back from" }).click();
    await page.getByRole("complementary", { name: "Thread", exact: true }).waitFor();
    await waitForText(page, "an answer in it");
    await page.goBack();
    await page.locator(".preview-message", { hasText: "a thread to come back from" }).waitFor();
    await page.goBack();
    await item(page, "Gamma").click();
    await heading(page, "Gamma");
    await page.getByRole("button", { name: "Room details" }).click();
    await page.locator(".panel").getByRole("button", { name: "Pinned messages" }).click();
    const pins = page.getByRole("complementary", { name: "Pinned messages" });
    await pins.waitFor();
    // A reload stays where the person was.
    await page.reload();
    await pins.waitFor();
    await page.goBack();
    await page.getByRole("complementary", { name: "Room details" }).waitFor();
    await page.goBack();
    await page.locator(".panel").waitFor({ state: "hidden" });
    await heading(page, "Gamma");
    await page.context().close();
  }, 30_000);

  test("a room's menu marks read, mutes and leaves; leaving a private room needs confirmation; rooms in view are marked", async () => {
    const { room } = await alice.run("room.create", {
      kind: "private",
      name: "Den",
      people: [await bob.id()],
    });
    const { page } = await openChat(browser, alice);
    await bob.say(room.id, "knock");
    await page.locator(".room-item-unread", { hasText: "Den" }).waitFor();
    const choose = async (name: string) => {
      await item(page, "Den").click({ button: "right" });
      await page.getByRole("menuitem", { name, exact: true }).click();
    };
    await choose("Mark as read");
    expect(await waitUntil(async () => (await alice.room(room.id)).unread === 0)).toBe(true);
    await choose("Mute");
    expect(await waitUntil(async () => (await alice.room(room.id)).isMuted)).toBe(true);
    await choose("Leave room");
    await page.getByRole("button", { name: "Cancel" }).click();
    expect((await alice.rooms()).some((own) => own.id === room.id)).toBe(true);
    // A room named in a message is linked from the time it was sent.
    await field(page).fill("see #gamma, please");
    await page.keyboard.press("Enter");
    await page.locator(".message-text a", { hasText: "#Gamma" }).click();
    await heading(page, "Gamma");
    await page.context().close();
  }, 30_000);
});
