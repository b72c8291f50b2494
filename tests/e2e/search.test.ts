// Two people look for what they half remember: one at a desk, by keyboard alone, one on a phone.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { axeFindings, desktop, launchBrowser, openChat, phone } from "../support/browser.ts";
import { join, type Person } from "../support/person.ts";
import { type Corpus, sendCorpus, untilIndexed } from "../support/search.ts";
import {
  chromiumPath,
  createTestData,
  startServer,
  type TestData,
  type TestServer,
  waitUntil,
} from "../support/server.ts";

describe.skipIf(!chromiumPath)("looking for something", () => {
  let data: TestData;
  let server: TestServer;
  let browser: Browser;
  let alice: Person;
  let bob: Person;
  let corpus: Corpus;
  let a: Page;
  let b: Page;
  let faults: string[];

  beforeAll(async () => {
    data = await createTestData("embedded");
    server = await startServer(data, { env: { MESSAGES_PER_SECOND: "100000" } });
    browser = await launchBrowser();
    alice = await join(server, "alice");
    bob = await join(server, "bob");
    const carol = await join(server, "carol");
    corpus = await sendCorpus({ alice, bob, carol });
    // More than fits on the screen, so that what is opened has to be scrolled to.
    for (let index = 0; index < 120; index++)
      await bob.say(corpus.rooms.engineering, `standup notes number ${index}`);
    await untilIndexed(alice);
    const [desk, hand] = [await openChat(browser, alice, desktop), await openChat(browser, bob, phone)];
    a = desk.page;
    b = hand.page;
    faults = desk.faults;
    b.on("pageerror", (error) => faults.push(error.message));
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await data?.remove();
  });

  const field = (page: Page) => page.locator(".search-field");
  const rows = (page: Page) => page.locator(".search-hits .preview-text").allInnerTexts();
  const finds = (page: Page, text: string) =>
    waitUntil(async () => (await rows(page)).some((row) => row.includes(text)), 10_000);
  const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent ?? "");
  const highlighted = (page: Page, text: string) =>
    page.locator(".message-highlighted", { hasText: text }).waitFor({ timeout: 10_000 });

  test("by keyboard alone: Ctrl+Shift+F, a few letters, down, Enter; Back leads to the results, where they were", async () => {
    await a.keyboard.press("Control+Shift+f");
    await a.keyboard.type("migr");
    expect(await finds(a, "forgot a migration")).toBe(true);
    // Until then it shows the answer to what was typed before.
    const marks = () => a.locator(".search-hits mark").allInnerTexts();
    expect(await waitUntil(async () => (await marks()).join() === "migr")).toBe(true);
    await a.keyboard.press("ArrowDown");
    expect(await focused(a)).toContain("forgot a migration");
    await a.keyboard.press("Enter");
    await highlighted(a, "roll back the deployment");
    expect(await a.locator(".room-header h1").innerText()).toBe("Engineering");
    await a.goBack();
    expect(await waitUntil(async () => (await focused(a)).includes("forgot a migration"))).toBe(true);
    expect(await field(a).inputValue()).toBe("migr");
    await a.keyboard.press("ArrowUp");
    expect(await field(a).evaluate((element) => element === document.activeElement)).toBe(true);
  });

  test("the keys / and Ctrl+Shift+F lead to the field, and select what is in it; Escape empties it, then closes", async () => {
    await a.locator(".composer-field").focus();
    await a.keyboard.press("Control+Shift+F");
    await a.keyboard.type("wifi");
    expect(await finds(a, "Guest wifi")).toBe(true);
    await a.locator('[data-region="messages"] article').last().focus();
    await a.keyboard.press("/");
    await a.keyboard.type("budget");
    expect(await finds(a, "second quarter")).toBe(true);
    expect(await field(a).inputValue()).toBe("budget");
    await a.keyboard.press("Escape");
    expect(await field(a).inputValue()).toBe("");
    await a.keyboard.press("Escape");
    expect(await waitUntil(async () => (await field(a).count()) === 0)).toBe(true);
  });

  test("from a message that was found, Escape leads to the results, then closes them; the key for searching leads to the field", async () => {
    const spoken = a.getByRole("log");
    await a.keyboard.press("Control+Shift+f");
    await a.keyboard.type("roll back");
    expect(await finds(a, "roll back the deployment")).toBe(true);
    await a.keyboard.press("ArrowDown");
    await a.keyboard.press("Enter");
    await highlighted(a, "roll back the deployment");
    await a.keyboard.press("Escape");
    expect(await focused(a)).toContain("roll back the deployment");
    await a.keyboard.press("Escape");
    expect(await waitUntil(async () => (await field(a).count()) === 0)).toBe(true);
    await a.keyboard.press("Control+Shift+f");
    await a.locator(".search-field:focus").waitFor();
    await a.keyboard.type("wifi");
    expect(await finds(a, "Guest wifi")).toBe(true);
    // Older messages that were loaded around the one that was found are no news. How much is unread may be said.
    await Bun.sleep(2500);
    expect(await spoken.innerText()).not.toContain(":");
    await a.keyboard.press("Escape");
    await a.keyboard.press("Escape");
  }, 30_000);

  test("one letter asks for another; a room without messages that fit is no failure; a refusal is announced", async () => {
    const status = a.locator(".search [role=status]");
    await a.keyboard.press("Control+Shift+f");
    await field(a).fill("q");
    await a.getByText("Type one more letter.").waitFor();
    expect(await status.innerText()).toBe("");
    await field(a).fill("engineerin");
    await a.locator(".search-place", { hasText: "Engineering" }).waitFor();
    expect(await waitUntil(async () => (await status.innerText()) === "1 room or person, no messages")).toBe(
      true,
    );
    await field(a).fill("has:banana");
    expect(await waitUntil(async () => (await status.innerText()).includes("has: needs one of"))).toBe(true);
    await field(a).fill("");
    await a.keyboard.press("Escape");
  });

  test("the switcher hands over what was typed, with the last entry or Ctrl+Shift+F", async () => {
    await a.keyboard.press("Control+k");
    await a.locator(".switcher-field:focus").waitFor();
    await a.keyboard.type("receipts");
    await a.getByRole("option", { name: "Search messages for “receipts”" }).click();
    expect(await finds(a, "receipts to me")).toBe(true);
    await a.keyboard.press("Control+k");
    await a.locator(".switcher-field:focus").waitFor();
    await a.keyboard.type("landlord");
    await a.keyboard.press("Control+Shift+f");
    expect(await finds(a, "landlord's number")).toBe(true);
  });

  test("filters are completed with names, not ids", async () => {
    await field(a).fill("");
    await field(a).pressSequentially("cake in:bo");
    await a.locator(".suggestion", { hasText: "bob" }).waitFor();
    await a.keyboard.press("Enter");
    expect(await field(a).inputValue()).toBe("cake in:@bob ");
    expect(await waitUntil(async () => (await rows(a)).join() === "Shall we get Carol a cake too?")).toBe(
      true,
    );
    await field(a).fill("");
    await field(a).pressSequentially("from:car");
    await a.locator(".suggestion", { hasText: "@carol" }).waitFor();
    await a.keyboard.press("Tab");
    await a.keyboard.type("has:im");
    await a.locator(".suggestion", { hasText: "has a picture" }).waitFor();
    await a.keyboard.press("Enter");
    expect(await field(a).inputValue()).toBe("from:carol has:image ");
    expect(
      await waitUntil(async () => (await rows(a)).join().endsWith("The team on the beach in Lisbon")),
    ).toBe(true);
  });

  test("what can't be meant is said in words, and nothing found offers a way on", async () => {
    await field(a).fill("has:banana");
    await a.locator(".search-refused", { hasText: "has: needs one of" }).waitFor();
    await a.getByRole("button", { name: /^This room/ }).click();
    await field(a).fill("landlord");
    await a.locator(".search-nothing").waitFor();
    await a.getByRole("button", { name: "Search all rooms" }).click();
    expect(await finds(a, "landlord's number")).toBe(true);
  });

  test("a typing mistake still finds it, and says how", async () => {
    await field(a).fill("accomodation");
    await a.getByRole("region", { name: "General · similar words" }).waitFor();
    expect(await a.locator(".search-hits mark").allInnerTexts()).toEqual(["accommodation"]);
  });

  test("with a word too many, what has some of them is offered", async () => {
    await field(a).fill("office alarm landlord");
    await a.getByRole("region", { name: "Office · only some of the words" }).waitFor();
    expect(await finds(a, "landlord's number")).toBe(true);
    await field(a).fill("?!");
    await a.getByText("Type a word to search for.").waitFor();
  });

  test("more is shown by keyboard, and the focus goes to the first of it; down leads to what was opened last", async () => {
    await field(a).fill("standup notes");
    expect(await finds(a, "number 119")).toBe(true);
    await a.getByRole("button", { name: "Show more" }).focus();
    await a.keyboard.press("Enter");
    expect(await waitUntil(async () => (await focused(a)).includes("number 99"))).toBe(true);
    await a.keyboard.press("ArrowDown");
    await a.keyboard.press("Enter");
    await highlighted(a, "number 98");
    await a.keyboard.press("Control+Shift+f");
    await a.keyboard.press("ArrowDown");
    expect(await focused(a)).toContain("number 98");
    await a.keyboard.press("ArrowDown");
    expect(await focused(a)).toContain("number 97");
    await a.keyboard.press("End");
    expect(await focused(a)).toContain("number 80");
  });

  test('a month is named, and "This room" is the one that is open', async () => {
    const month = new Intl.DateTimeFormat("en", { month: "long", year: "numeric" }).format(new Date());
    await field(a).fill("");
    await field(a).pressSequentially(`after:${month.slice(0, 3)}`);
    await a.locator(".suggestion", { hasText: month }).waitFor();
    await a.locator(".room-item", { hasText: "Office" }).first().click();
    await a.getByRole("button", { name: "This room: Office" }).click();
    await field(a).fill("espresso");
    await a.locator(".search-nothing").waitFor();
    await a.locator(".room-item", { hasText: "General" }).first().click();
    expect(await finds(a, "best espresso")).toBe(true);
    await a.getByRole("button", { name: "All rooms" }).click();
  });

  test("rooms and people are found by any word of a name, or a room by its topic", async () => {
    await alice.run("room.set_topic", { room: corpus.rooms.office, topic: "Rent and coffee machines" });
    await field(a).fill("coffee");
    await a.locator(".search-place", { hasText: "Office" }).waitFor();
    await field(a).fill("caro");
    await a.locator(".search-place", { hasText: "carol" }).click();
    expect(await waitUntil(async () => (await a.locator(".room-header h1").innerText()) === "carol")).toBe(
      true,
    );
  });

  test("a hit in a thread opens the thread, and closing it leads back to the results", async () => {
    await field(a).fill("typo in the config");
    expect(await finds(a, "my typo in the config")).toBe(true);
    await a.locator(".search-hits .preview-message").first().click();
    await a.getByRole("complementary", { name: "Thread" }).getByText("my typo in the config").waitFor();
    await a
      .getByRole("complementary", { name: "Thread" })
      .getByRole("button", { name: "Close" })
      .first()
      .click();
    expect(await finds(a, "my typo in the config")).toBe(true);
  });

  test("recent searches are kept on the device until they are cleared", async () => {
    await a.reload();
    await a.locator(".composer-field").waitFor();
    await a.keyboard.press("Control+Shift+f");
    await a.getByRole("region", { name: "Recent searches" }).waitFor();
    const recent = () => a.locator(".search-recent:not(:has(code))").allInnerTexts();
    expect((await recent())[0]).toBe("typo in the config");
    await a.getByRole("button", { name: "typo in the config" }).click();
    expect(await finds(a, "my typo in the config")).toBe(true);
    await field(a).fill("");
    await a.getByRole("button", { name: "Clear", exact: true }).click();
    expect(await recent()).toEqual([]);
    expect(
      await a.evaluate(() =>
        Object.entries(localStorage)
          .filter(([key]) => key.includes("searches"))
          .map(([, value]) => value),
      ),
    ).toEqual(["[]"]);
  });

  test("on a phone it is a page of its own; a hit opens in its room, and Back leads to the results", async () => {
    await b.getByRole("button", { name: "Search messages" }).click();
    await field(b).fill("standup notes");
    expect(await finds(b, "number 119")).toBe(true);
    for (let page = 0; page < 3; page++) {
      const before = (await rows(b)).length;
      await b.getByRole("button", { name: "Show more" }).click();
      expect(await waitUntil(async () => (await rows(b)).length > before)).toBe(true);
    }
    const hit = b.locator(".search-hits .preview-message", { hasText: "number 55" });
    await hit.scrollIntoViewIfNeeded();
    const top = await b.locator(".panel-body").evaluate((element) => element.scrollTop);
    await hit.click();
    await highlighted(b, "number 55");
    expect(await b.locator(".panel").count()).toBe(0);
    await b.goBack();
    expect(
      await waitUntil(
        async () =>
          Math.abs((await b.locator(".panel-body").evaluate((element) => element.scrollTop)) - top) < 5,
      ),
    ).toBe(true);
    expect(await focused(b)).toContain("number 55");
    // So does the button in the room.
    await b.keyboard.press("Enter");
    await highlighted(b, "number 55");
    await b.locator(".room-header").getByRole("button", { name: "Back to the results" }).click();
    expect(await waitUntil(async () => (await focused(b)).includes("number 55"))).toBe(true);
    expect(await b.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });

  test("without a line it says so, and searches again when asked to", async () => {
    await b.context().setOffline(true);
    await field(b).fill("falafel");
    await b.getByText("Can't reach the server").waitFor();
    await b.context().setOffline(false);
    await b.getByRole("button", { name: "Try again" }).click();
    expect(await finds(b, "Where do we go for lunch?")).toBe(true);
  });

  test("the results are a list with headings, announced, and without faults of accessibility", async () => {
    await field(a).fill("deploy");
    expect(await finds(a, "Deployment is done")).toBe(true);
    expect(
      await waitUntil(async () => (await a.locator(".search [role=status]").innerText()) === "3 results"),
    ).toBe(true);
    expect(await axeFindings(a, ".panel")).toEqual([]);
    await field(a).fill("in:");
    await a.locator(".suggestion").first().waitFor();
    expect(await axeFindings(a, ".panel")).toEqual([]);
    await field(a).fill("");
    expect(await axeFindings(a, ".panel")).toEqual([]);
    expect(await axeFindings(b, ".panel")).toEqual([]);
  });

  test("a day is jumped to from the room's menu, and links and files are found by their words", async () => {
    await a.locator(".room-item", { hasText: "Engineering" }).first().click();
    await a.locator(".room-item", { hasText: "Engineering" }).first().click({ button: "right" });
    await a.getByRole("menuitem", { name: "Jump to date" }).click();
    const day = a.getByRole("dialog").getByLabel("Date");
    await day.fill(new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10));
    await a.getByRole("button", { name: "Jump", exact: true }).click();
    await a.getByText("No messages on or after this day.").waitFor();
    await day.fill("2026-01-01");
    await a.getByRole("button", { name: "Jump", exact: true }).click();
    await a.locator(".list-start").waitFor();
    await a.getByRole("button", { name: "Files", exact: true }).click();
    await a.getByRole("button", { name: "Links", exact: true }).click();
    await a.getByRole("link", { name: "architecture overview" }).last().waitFor();
    await a.getByLabel("Search files and links").fill("8ad5399f");
    expect(await waitUntil(async () => (await a.locator(".link-row").count()) === 1)).toBe(true);
    expect(await a.locator(".link-row a").getAttribute("href")).toBe(
      "https://git.example.org/novax/server/commit/8ad5399f",
    );
  });

  test("nothing of it faulted", () => {
    expect(faults).toEqual([]);
  });
});
