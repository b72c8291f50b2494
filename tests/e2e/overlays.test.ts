import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { RoomId, SendId } from "@novax/protocol/ids";
import { isEmoji } from "@novax/protocol/text";
import type { Browser, Page } from "playwright-core";
import { axeFindings, desktop, launchBrowser, openChat, phone } from "../support/browser.ts";
import { join, type Person } from "../support/person.ts";
import {
  chromiumPath,
  createTestData,
  startServer,
  type TestData,
  type TestServer,
  waitUntil,
} from "../support/server.ts";

/** Everything that can be opened over or beside a room, and how to open it. */
type Overlay = { name: string; open: (page: Page, isPhone: boolean) => Promise<void>; shown: string };

describe.skipIf(!chromiumPath)("everything that can be opened in the chat", () => {
  let data: TestData;
  let server: TestServer;
  let browser: Browser;
  let alice: Person;
  let room: RoomId;

  beforeAll(async () => {
    data = await createTestData("embedded");
    server = await startServer(data, { env: { MESSAGES_PER_SECOND: "100000" } });
    browser = await launchBrowser();
    alice = await join(server, "alice");
    const [bob, carol] = [await join(server, "bob"), await join(server, "carol")];
    const people = [await bob.id(), await carol.id()];
    room = (
      await alice.run("room.create", {
        kind: "public",
        name: "Workshop",
        topic: "Things in the making",
        people,
      })
    ).room.id;
    const first = await bob.say(room, "Good morning @alice");
    await alice.say(room, "An answer", { replyTo: first });
    await carol.say(room, "in the thread", { threadRoot: first });
    await carol.run("reaction.add", { room, seq: first, emoji: "🎉" });
    await alice.run("message.pin", { room, seq: first });
    await alice.run("message.save", { room, seq: first });
    await carol.run("message.report", { room, seq: first, reason: "loud" });
    await alice.run("reminder.set", { room, seq: first, note: "call back", at: Date.now() + 3_600_000 });
    await alice.run("message.schedule", {
      room,
      sendId: crypto.randomUUID() as SendId,
      text: "later",
      at: Date.now() + 3_600_000,
    });
    const body = {
      kind: "poll" as const,
      question: "Where?",
      choices: ["Sea", "Hills"],
      isMultiple: false,
      isAnonymous: false,
      closesAt: null,
    };
    const poll = (await bob.run("message.send", { room, sendId: crypto.randomUUID() as SendId, body })).seq;
    await carol.run("poll.vote", { room, seq: poll, choices: [0] });
    const own = await alice.say(room, "first words");
    await alice.run("message.edit", { room, seq: own, text: "better words" });
    const direct = (await bob.run("direct.open", { people: [await alice.id()] })).room.id;
    await bob.say(direct, "psst");
    await carol.say(room, "what nobody needs");
    await alice.run("person.block", { person: people[1]! });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await data?.remove();
  });

  const button = (page: Page, name: string | RegExp) =>
    page.getByRole("button", { name, exact: typeof name === "string" });
  const toRooms = async (page: Page, isPhone: boolean) => {
    if (isPhone) await button(page, "All rooms").click();
  };
  const messageMenu = async (page: Page, item: string) => {
    const message = page
      .locator(".row-message", {
        hasText: item === "Edit history" || item === "Seen by" ? "better words" : "Good morning",
      })
      .first();
    await message.locator("article").focus();
    await page.keyboard.press("m");
    await page.getByRole("menuitem", { name: new RegExp(`^${item}`) }).click();
  };
  const fromList = (view: string): Overlay => ({
    name: view,
    open: async (page, isPhone) => {
      await toRooms(page, isPhone);
      await page.locator(".room-item", { hasText: new RegExp(`^${view}`) }).click();
    },
    shown: ".panel .previews > li, .panel .panel-note",
  });

  const overlays: Overlay[] = [
    { name: "the room", open: async () => {}, shown: ".row-message" },
    { name: "the rooms", open: toRooms, shown: ".room-item" },
    { name: "people", open: (page) => button(page, /^Members/).click(), shown: ".panel .person" },
    {
      name: "about this room",
      open: (page) => button(page, "Room details").click(),
      shown: ".panel form",
    },
    {
      name: "a thread",
      open: (page) => page.locator(".thread-link").click(),
      shown: ".panel .row-message >> nth=1",
    },
    ...["Mentions", "Threads", "Saved", "Scheduled & reminders", "Reports"].map(fromList),
    {
      name: "the message menu",
      open: async (page) => {
        await page.locator(".row-message article").first().focus();
        await page.keyboard.press("m");
      },
      shown: ".menu",
    },
    {
      name: "a room's menu",
      open: async (page, isPhone) => {
        await toRooms(page, isPhone);
        await page.locator(".room-item[aria-current]").dispatchEvent("contextmenu");
      },
      shown: ".menu",
    },
    {
      name: "who reacted",
      open: async (page) => {
        await page
          .locator(".row-message", { has: page.locator(".reaction") })
          .first()
          .locator("article")
          .focus();
        await page.keyboard.press("m");
        await page.getByRole("menuitem", { name: "Reactions" }).click();
      },
      shown: ".reaction-list dd",
    },
    {
      name: "the emoji",
      open: (page) => button(page, "Emoji").click(),
      shown: ".emoji-cell",
    },
    {
      name: "the switcher",
      open: (page) => page.keyboard.press("Control+k"),
      shown: ".switcher .suggestion",
    },
    {
      name: "completion",
      open: async (page) => {
        await page.locator(".composer-field").click();
        await page.keyboard.type("@b");
      },
      shown: ".suggestions .suggestion",
    },
    {
      name: "create a room",
      open: async (page, isPhone) => {
        await toRooms(page, isPhone);
        await button(page, "Add a room").click();
        await page.getByRole("menuitem", { name: "Create a room" }).click();
      },
      shown: "dialog[open] form",
    },
    {
      name: "browse",
      open: async (page, isPhone) => {
        await toRooms(page, isPhone);
        await button(page, "Add a room").click();
        await page.getByRole("menuitem", { name: "Browse rooms" }).click();
      },
      shown: "dialog[open] .browse-room",
    },
    {
      name: "new message",
      open: async (page, isPhone) => {
        await toRooms(page, isPhone);
        await button(page, "New message").click();
      },
      shown: "dialog[open] .people-found [role=option]",
    },
    {
      name: "settings",
      open: async (page, isPhone) => {
        await toRooms(page, isPhone);
        await page.locator(".account summary").click();
        await button(page, "Settings").click();
      },
      shown: "dialog[open] .settings-section",
    },
    {
      name: "a poll",
      open: async (page) => {
        await button(page, "Add").click();
        await page.getByRole("menuitem", { name: "Create a poll" }).click();
      },
      shown: "dialog[open] form",
    },
    { name: "a reminder", open: (page) => messageMenu(page, "Remind me"), shown: "dialog[open] .when-list" },
    { name: "a report", open: (page) => messageMenu(page, "Report"), shown: "dialog[open] .quoted" },
    {
      name: "what it said before",
      open: (page) => messageMenu(page, "Edit history"),
      shown: "dialog[open] .revisions li",
    },
    { name: "readers", open: (page) => messageMenu(page, "Seen by"), shown: "dialog[open]" },
    {
      name: "a profile",
      open: (page) => page.locator(".message-author").first().click(),
      shown: "dialog[open] .profile-fact",
    },
  ];

  for (const [size, options, colorScheme] of [
    ["desktop", desktop, "light"],
    ["phone", phone, "dark"],
  ] as const) {
    test(`axe finds nothing in it, and nothing overflows (${size}, ${colorScheme})`, async () => {
      const { page, faults } = await openChat(browser, alice, {
        ...options,
        colorScheme,
        reducedMotion: "reduce",
      });
      const isPhone = size === "phone";
      for (const overlay of overlays) {
        // A reload would reopen what was open.
        await page.goto("about:blank");
        await page.goto(`${server.url}/chat/${room}`);
        await page.locator(".row-message").first().waitFor();
        await overlay.open(page, isPhone).catch((error: Error) => {
          throw new Error(`${overlay.name}: ${error.message}`);
        });
        await page
          .locator(overlay.shown)
          .first()
          .waitFor({ timeout: 10_000 })
          .catch((error: Error) => {
            throw new Error(`${overlay.name}: ${error.message}`);
          });
        // What is behind an open dialog has been checked, and cannot be reached.
        const hasDialog = (await page.locator("dialog[open]").count()) > 0;
        expect(await axeFindings(page, hasDialog ? "dialog[open]" : undefined), overlay.name).toEqual([]);
        if (overlay.name === "the emoji")
          for (const emoji of await page.locator(".emoji-cell").allTextContents())
            expect(isEmoji(emoji), emoji).toBe(true);
        const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(width, overlay.name).toBeLessThanOrEqual(0);
      }
      // A blocked person's message is collapsed to one line.
      for (const quiet of await page.locator(".message-folded").all())
        expect((await quiet.boundingBox())!.height).toBeLessThan(90);
      expect(await page.locator(".message-folded").count()).toBeGreaterThan(0);
      expect(faults).toEqual([]);
      await page.context().close();
    }, 240_000);
  }

  test("right to left, everything is mirrored and nothing overflows", async () => {
    const { page } = await openChat(browser, alice, desktop);
    await page.goto(`${server.url}/chat/${room}`);
    await page.locator(".row-message").first().waitFor();
    await page.evaluate(() => {
      document.documentElement.dir = "rtl";
    });
    const leftOf = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => element.getBoundingClientRect().left);
    expect(await leftOf(".sidebar")).toBeGreaterThan(await leftOf(".room"));
    expect(await leftOf(".message-gutter")).toBeGreaterThan(await leftOf(".message-main"));
    expect(await leftOf(".composer-send")).toBeLessThan(await leftOf(".composer-field"));
    await button(page, /^Members/).click();
    await page.locator(".panel .person").first().waitFor();
    expect(await leftOf(".panel")).toBeLessThan(await leftOf(".room"));
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
    await page.context().close();
  });

  test("the second language is complete: none of our English words is left on the page", async () => {
    const { page } = await openChat(browser, alice, { ...desktop, locale: "de-DE" });
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("de");
    expect(
      await waitUntil(async () => (await page.locator(".sidebar").innerText()).includes("Direktnachrichten")),
    ).toBe(true);
    await page.locator(".account summary").click();
    await button(page, "Einstellungen").click();
    await page.locator("dialog[open] .settings-section").first().waitFor();
    expect(await page.locator("dialog[open]").innerText()).not.toMatch(
      /\b(Settings|Save|Clear|Do not|Language|Others|words?)\b/,
    );
    // The server's own pages, and its refusals.
    const account = await page.context().newPage();
    await account.goto(`${server.url}/account`);
    expect(await account.locator("main").innerText()).not.toMatch(/\b(Your|account|Password|sign|None)\b/);
    await account.goto(`${server.url}/account/profile`);
    await account.getByLabel("Benutzername").fill("x");
    await account.getByRole("button", { name: "Benutzernamen ändern" }).click();
    await account.getByText("Verwende 2–32 Zeichen.").waitFor();
    // Chosen here, it applies to every page in this browser.
    await page.getByLabel("Sprache").selectOption("en");
    await button(page, "Übernehmen").click();
    await page.getByRole("heading", { name: "Direct messages" }).waitFor();
    await account.goto(`${server.url}/account`);
    await account.getByRole("heading", { name: "Your account" }).waitFor();
    await page.context().close();
  });
});
