import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ReadResult } from "@novax/protocol/reads";
import type { Browser, Page } from "playwright-core";
import { desktop, launchBrowser, openChat, waitUntilOpen } from "../support/browser.ts";
import { chromiumPath, waitUntil } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

const minuteMs = 60_000;

describe.skipIf(!chromiumPath)("times in words", () => {
  const { alice } = useServer("embedded", { people: ["alice"] });
  let browser: Browser;

  const remind = async (page: Page, text: string) => {
    await page.locator(".composer-field").fill(`/remind ${text}`);
    await page.keyboard.press("Enter");
  };
  const dialog = (page: Page) => page.locator("dialog[open]");
  const reminders = async () => (await alice.read<ReadResult<"me.reminders">>("/api/me/reminders")).reminders;

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });

  test("[T2] a reminder shows what was understood, and is set only after a yes", async () => {
    const { page, faults } = await openChat(browser, alice, desktop);
    await remind(page, "tomorrow at 25 call back");
    await page.getByText("Add a time").waitFor();
    expect(await page.locator(".composer-field").inputValue()).toBe("/remind tomorrow at 25 call back");

    await remind(page, "tomorrow at 8pm call back");
    await dialog(page).getByText("8:00 PM").waitFor();
    expect(await dialog(page).innerText()).toContain("call back");
    await page.keyboard.press("Escape");
    await dialog(page).waitFor({ state: "detached" });
    expect(await waitUntil(async () => (await page.locator(".composer-field").inputValue()) !== "")).toBe(
      true,
    );
    expect(await reminders()).toEqual([]);

    await remind(page, "tomorrow at 8pm call back");
    await dialog(page).getByRole("button", { name: "Set reminder" }).click();
    expect(await waitUntil(async () => (await reminders()).length === 1)).toBe(true);
    const [set] = await reminders();
    expect(set!.note).toBe("call back");
    const due = new Date(await page.evaluate((at) => new Date(at).toString(), set!.dueAt));
    expect([due.getHours(), due.getMinutes()]).toEqual([20, 0]);
    await alice.run("reminder.clear", { reminder: set!.id });
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test("[T30] on a device whose clock is wrong, times are counted from the server's", async () => {
    for (const offMs of [-60 * minuteMs, 26 * 60 * minuteMs]) {
      const context = await browser.newContext(desktop);
      await context.addInitScript((off: number) => {
        const now = Date.now.bind(Date);
        Date.now = () => now() + off;
      }, offMs);
      await context.addCookies(
        [...alice.cookies].map(([name, value]) => ({ name, value, url: alice.server.url })),
      );
      const page = await context.newPage();
      await page.goto(`${alice.server.url}/chat`);
      await waitUntilOpen(page);
      await remind(page, "in 20 minutes call back");
      await dialog(page).getByRole("button", { name: "Set reminder" }).click();
      expect(await waitUntil(async () => (await reminders()).length === 1)).toBe(true);
      const [set] = await reminders();
      expect(Math.abs(set!.dueAt - Date.now() - 20 * minuteMs)).toBeLessThan(2 * minuteMs);
      await alice.run("reminder.clear", { reminder: set!.id });
      await context.close();
    }
  });
});
