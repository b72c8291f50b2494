import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchBrowser, openChat, phone, say, waitForText } from "../support/browser.ts";
import { isAvailable, waitUntil } from "../support/server.ts";
import { picture } from "../support/uploads.ts";
import { useServer } from "../support/use-server.ts";

describe.skipIf(!isAvailable("chromium"))("files in the chat", () => {
  const { server, alice, bob } = useServer("embedded");
  const folder = mkdtempSync(join(tmpdir(), "novax-files-"));
  let browser: Browser;

  /** A file on the disk of the person who sends it. */
  const file = (name: string, bytes: Uint8Array | string) => {
    const path = join(folder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, bytes);
    return path;
  };

  const attach = async (page: Page, ...paths: string[]) => {
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Attach files" }).click();
    await (await chooser).setFiles(paths);
  };

  const isLoaded = (page: Page, selector: string) =>
    page.locator(selector).last().evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 0);

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("a picture is attached, sent with a text, and seen by another person without anything moving", async () => {
    const { page, faults } = await openChat(browser, alice);
    const other = await openChat(browser, bob);
    await attach(page, file("sunset.jpg", await picture("jpeg", { width: 1200, height: 800 })));
    await page.locator(".attachment").waitFor();
    expect(await page.locator(".attachment .file-name").innerText()).toBe("sunset.jpg");
    await say(page, "look at this");
    await waitForText(other.page, "look at this");
    await other.page.locator(".picture img").waitFor();
    expect(await waitUntil(() => isLoaded(other.page, ".picture img"))).toBe(true);
    expect(await waitUntil(() => isLoaded(page, ".picture img"))).toBe(true);
    const box = await other.page.locator(".picture").boundingBox();
    expect([Math.round(box!.width), Math.round(box!.height)]).toEqual([400, 267]);
    expect(await page.locator(".attachment").count()).toBe(0);
    expect([faults, other.faults]).toEqual([[], []]);
    await page.context().close();
    await other.page.context().close();
  });
});
