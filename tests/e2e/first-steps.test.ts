import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser } from "playwright-core";
import {
  axeFindings,
  desktop,
  launchBrowser,
  openPage,
  phone,
  registerByForm,
  say,
  waitForText,
} from "../support/browser.ts";
import { password } from "../support/person.ts";
import { chromiumPath } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

describe.skipIf(!chromiumPath)("the first steps on a new server", () => {
  const { server } = useServer("embedded", { people: [], env: { REGISTRATION: "invite" } });
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });

  test("[V3] [V19] the owner is led to an account, invites a colleague from the chat, and they talk", async () => {
    const { page: owner, faults } = await openPage(browser, desktop);
    await owner.goto(server.url);
    await owner.waitForURL("**/register");
    await registerByForm(owner, server, "alice");
    const card = owner.locator(".start-card");
    await card.getByRole("heading", { name: "Welcome to your server" }).waitFor();
    for (const name of ["Create a room", "Invite people"])
      expect(await card.getByRole("button", { name }).isVisible()).toBe(true);
    await card.getByRole("button", { name: "Invite people" }).click();
    const dialog = owner.locator("dialog[open]");
    await dialog.getByRole("button", { name: "Create link" }).click();
    const link = dialog.getByLabel("Invitation link");
    await link.waitFor();
    await dialog.getByRole("img", { name: "QR code of the invitation" }).waitFor();
    expect(await axeFindings(owner, "dialog[open]")).toEqual([]);
    const address = await link.inputValue();
    await owner.keyboard.press("Escape");

    const guest = await openPage(browser, phone);
    await guest.page.goto(address);
    await guest.page.getByLabel("Username").fill("bob");
    await guest.page.getByLabel("Email").fill("bob@example.org");
    await guest.page.getByLabel("Password", { exact: true }).fill(password);
    await guest.page.getByRole("button", { name: "Create account" }).click();
    await guest.page.waitForURL("**/chat");
    await guest.page.locator(".composer-field").waitFor();
    expect(await guest.page.locator(".start-card").count()).toBe(0);
    await say(guest.page, "I'm in");
    await waitForText(owner, "I'm in");
    await say(owner, "Welcome!");
    await waitForText(guest.page, "Welcome!");
    await card.waitFor({ state: "detached" });
    expect([...faults, ...guest.faults]).toEqual([]);

    // Later the same is in the menu beside the rooms and in the member list, and only for those who may.
    await owner.getByRole("button", { name: "Add a room" }).click();
    await owner.getByRole("menuitem", { name: "Invite people" }).click();
    await dialog.getByRole("button", { name: "Create link" }).waitFor();
    await owner.keyboard.press("Escape");
    await owner.getByRole("button", { name: /^\d+ members?$/ }).click();
    await owner.locator(".panel").getByRole("button", { name: "Invite people" }).waitFor();
    await guest.page.getByRole("button", { name: /^\d+ members?$/ }).click();
    await guest.page.locator(".panel .person").first().waitFor();
    expect(await guest.page.getByRole("button", { name: "Invite people" }).count()).toBe(0);
    await guest.page.context().close();
    await owner.context().close();
  }, 60_000);
});
