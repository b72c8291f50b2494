import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { RoomId } from "@novax/protocol/ids";
import { isEmoji } from "@novax/protocol/text";
import type { Browser, Page } from "playwright-core";
import { axeFindings, desktop, launchBrowser, openChat, phone, waitUntilOpen } from "../support/browser.ts";
import type { Person } from "../support/person.ts";
import { furnish, scenesIn } from "../support/scenes.ts";
import {
  chromiumPath,
  createTestData,
  startServer,
  type TestData,
  type TestServer,
  waitUntil,
} from "../support/server.ts";

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
    const { room: workshop, people } = await furnish(server);
    room = workshop;
    const [owner, , carol] = people;
    alice = owner;
    await carol.say(room, "what nobody needs");
    await alice.run("person.block", { person: await carol.id() });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await data?.remove();
  });

  const button = (page: Page, name: string | RegExp) =>
    page.getByRole("button", { name, exact: typeof name === "string" });

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
      for (const scene of scenesIn("en")) {
        const opened = async () => {
          // A reload would reopen what was open.
          await page.goto("about:blank");
          await page.goto(`${server.url}/chat/${room}`, { waitUntil: "commit" });
          await page.locator(".row-message").first().waitFor();
          // What is opened while the room is still arriving is closed when its messages move.
          await waitUntilOpen(page);
          await scene.open(page, isPhone);
          await page.locator(scene.shown).first().waitFor({ timeout: 10_000 });
        };
        await opened().catch(async (error: Error) => {
          const seen = await page.locator("body").innerText();
          throw new Error(`${scene.name}: ${error.message}\nThe page says: ${seen}\n${faults.join("\n")}`);
        });
        // The room itself is the first scene. What is beside or behind the others has been checked with it.
        const part = await page.evaluate(
          (parts) => parts.find((selector) => document.querySelector(selector)),
          ["dialog[open]", ".menu", ".suggestions", ".panel"],
        );
        expect(await axeFindings(page, part), scene.name).toEqual([]);
        if (scene.name === "emoji")
          for (const emoji of await page.locator(".emoji-cell:not(:has(img))").allTextContents())
            expect(isEmoji(emoji), emoji).toBe(true);
        const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(width, scene.name).toBeLessThanOrEqual(0);
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
    await button(page, /^\d+ members?$/).click();
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
