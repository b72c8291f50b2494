// The inbox as its person sees it: one list, on two devices.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { generalRoomId as general } from "@novax/protocol/general-room";
import type { Browser, Page } from "playwright-core";
import { axeFindings, launchBrowser, openChat, phone } from "../support/browser.ts";
import { waitUntil } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

describeServer(
  "the inbox, in a browser",
  { env: { MESSAGES_PER_SECOND: "1000" }, only: "embedded" },
  ({ alice, bob, carol }) => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchBrowser();
    });
    afterAll(() => browser.close());

    const panel = (page: Page) => page.getByRole("complementary", { name: "Inbox" });
    const entry = (page: Page) => page.locator(".room-item", { hasText: /^Inbox/ });
    const rows = (page: Page) => panel(page).locator(".previews > li");
    const badge = (page: Page) => entry(page).locator(".badge");

    test("everything that concerns a person is in one list, which opens what it is about and is filtered by keyboard", async () => {
      const { page, faults } = await openChat(browser, bob);
      await entry(page).click();
      await panel(page).getByText("Nothing yet.").waitFor();
      const mine = await bob.say(general, "who oils the lathe?");
      await alice.say(general, "I do, @bob");
      await carol.say(general, "or me", { threadRoot: mine });
      await alice.run("reaction.add", { room: general, seq: mine, emoji: "👍" });
      await carol.run("reaction.add", { room: general, seq: mine, emoji: "🎉" });
      await alice.run("room.create", { kind: "private", name: "Attic", people: [await bob.id()] });
      expect(await waitUntil(async () => (await rows(page).count()) === 4)).toBe(true);
      const texts = await rows(page).allInnerTexts();
      expect(texts[0]).toContain("added you to Attic");
      // Two reactions to one message are one row.
      expect(texts[1]).toMatch(/carol and alice reacted to your message in General 🎉\s*👍/);
      expect(texts[2]).toContain("replied to a thread");
      expect(texts[3]).toContain("I do, @bob");
      for (const text of texts) expect(text).toContain("new");
      expect(await axeFindings(page)).toEqual([]);
      await page.getByRole("combobox", { name: "Show" }).selectOption("reaction");
      expect(await waitUntil(async () => (await rows(page).count()) === 1)).toBe(true);
      await rows(page).first().getByRole("button").focus();
      await page.keyboard.press("Enter");
      await page.locator(".message-highlighted", { hasText: "who oils the lathe?" }).waitFor();
      await page.getByRole("combobox", { name: "Show" }).selectOption("all");
      await rows(page).nth(2).getByRole("button").click();
      await page.getByRole("complementary", { name: "Thread" }).getByText("or me").waitFor();
      expect(faults).toEqual([]);
      await page.context().close();
    }, 60_000);

    test("what was seen on one device is not new on the other; a reminder is done with a button", async () => {
      const { page: desk, faults } = await openChat(browser, bob);
      const mobile = await openChat(browser, bob, phone);
      await alice.run("room.create", { kind: "private", name: "Loft", people: [await bob.id()] });
      await bob.run("reminder.set", { room: general, note: "turn it", at: Date.now() + 3000 });
      const list = mobile.page.getByRole("button", { name: "All rooms" });
      if (await list.isVisible()) await list.click();
      for (const page of [desk, mobile.page])
        expect(await waitUntil(async () => /\b2\b/.test(await badge(page).innerText()), 10_000)).toBe(true);
      // Messages about both are over it for some seconds.
      await entry(mobile.page).dispatchEvent("click");
      await rows(mobile.page).first().waitFor();
      // One is the reminder, which is not done yet.
      expect(await waitUntil(async () => /\b1\b/.test(await badge(desk).innerText()), 10_000)).toBe(true);
      const reminder = panel(mobile.page).locator("li", { hasText: "turn it" });
      await reminder.getByRole("button", { name: "Done" }).tap();
      await reminder.waitFor({ state: "detached" });
      expect(await waitUntil(async () => (await badge(desk).count()) === 0, 10_000)).toBe(true);
      expect([...faults, ...mobile.faults]).toEqual([]);
      for (const page of [desk, mobile.page]) await page.context().close();
    }, 60_000);
  },
);
