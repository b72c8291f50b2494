import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser } from "playwright-core";
import {
  axeFindings,
  desktop,
  launchBrowser,
  openChat,
  openPage,
  phone,
  tablet,
} from "../support/browser.ts";
import { join, type Person } from "../support/person.ts";
import {
  chromiumPath,
  createTestData,
  startServer,
  type TestData,
  type TestServer,
} from "../support/server.ts";

const sizes = { phone, tablet, desktop };
const themes = ["light", "dark"] as const;

describe.skipIf(!chromiumPath)("axe finds nothing", () => {
  let data: TestData;
  let server: TestServer;
  let browser: Browser;
  let alice: Person;

  beforeAll(async () => {
    data = await createTestData("embedded");
    server = await startServer(data);
    browser = await launchBrowser();
    alice = await join(server, "alice");
    const bob = await join(server, "bob");
    const socket = await bob.enter();
    await socket.sayAndWait(
      "# A heading\n\n> a quote\n\n1. one\n2. two\n\n```ts\nlet long = 'a line that is longer than a phone is wide, so that it scrolls';\n```",
    );
    await socket.sayAndWait("see [here](https://example.org) and `there`");
    await socket.sayAndWait("🎉");
    socket.close();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await data?.remove();
  });

  for (const [size, options] of Object.entries(sizes)) {
    for (const colorScheme of themes) {
      test(`on the sign-in pages, with and without errors (${size}, ${colorScheme})`, async () => {
        const { page } = await openPage(browser, { ...options, colorScheme });
        for (const path of ["/", "/register", "/nowhere"]) {
          await page.goto(server.url + path);
          expect(await axeFindings(page), path).toEqual([]);
        }
        await page.goto(server.url);
        await page.getByLabel("Username").fill("alice");
        await page.getByLabel("Password").fill("wrong password");
        await page.getByRole("button", { name: "Sign in", exact: true }).click();
        await page.getByRole("alert").waitFor();
        expect(await axeFindings(page)).toEqual([]);
        await page.goto(`${server.url}/register`);
        await page.getByLabel("Username").fill("alice");
        await page.getByLabel("Email").fill("a@example.org");
        await page.getByLabel("Password", { exact: true }).fill("a fine long passphrase");
        await page.getByText("Very good").waitFor();
        expect(await axeFindings(page)).toEqual([]);
        await page.getByRole("button", { name: "Create account" }).click();
        await page.getByText("This username is taken.").waitFor();
        expect(await axeFindings(page)).toEqual([]);
        await page.context().close();
      }, 30_000);

      // overlays.test.ts checks the other two, with everything that can be opened.
      if (`${size} ${colorScheme}` === "desktop light" || `${size} ${colorScheme}` === "phone dark") continue;
      test(`in the chat as people see it every day (${size}, ${colorScheme})`, async () => {
        const { page } = await openChat(browser, alice, { ...options, colorScheme });
        expect(await axeFindings(page)).toEqual([]);
        await page.getByRole("button", { name: /^\d+ members?$/ }).click();
        await page.locator(".person").first().waitFor();
        expect(await axeFindings(page)).toEqual([]);
        await page.getByRole("button", { name: "Close" }).click();
        if (size === "phone") await page.getByRole("button", { name: "All rooms" }).click();
        await page.locator(".account summary").click();
        expect(await axeFindings(page)).toEqual([]);
        // A phone is offered no keys.
        const shown = size === "phone" ? "Settings" : "Keyboard shortcuts";
        await page.getByRole("button", { name: shown, exact: size === "phone" }).click();
        await page.getByRole("dialog").waitFor();
        expect(await axeFindings(page)).toEqual([]);
        await page.goto(`${server.url}/account/password`);
        expect(await axeFindings(page)).toEqual([]);
        await page.context().close();
      }, 30_000);
    }
  }
});
