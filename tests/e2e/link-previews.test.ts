// Previews of links as people see them, change them and take them away.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { generalRoomId as general } from "@novax/protocol/general-room";
import type { Browser, Page } from "playwright-core";
import { axeFindings, launchBrowser, openChat, phone, say, waitForText } from "../support/browser.ts";
import { Finger } from "../support/finger.ts";
import { waitUntil } from "../support/server.ts";
import { picture } from "../support/uploads.ts";
import { describeServer } from "../support/use-server.ts";

const wide = await picture("jpeg", { width: 1200, height: 630 });
const asked: string[] = [];
const web = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => {
    const name = new URL(request.url).pathname.slice(1);
    asked.push(name);
    if (name === "wide.jpg") return new Response(wide, { headers: { "content-type": "image/jpeg" } });
    const head = `<title>Page &lt;img src=x onerror=alert(1)&gt; ${name}</title>
      <meta property="og:description" content="What is on ${name}"><meta property="og:image" content="/wide.jpg">`;
    return new Response(`<html><head>${head}</head><body>`, { headers: { "content-type": "text/html" } });
  },
});
const at = (name: string) => `http://127.0.0.1:${web.port}/${name}`;

const env = { LINK_PREVIEWS: "rooms", PREVIEW_NETWORKS: "127.0.0.1", MESSAGES_PER_SECOND: "1000" };

describeServer("link previews in the chat", { env, only: "embedded" }, ({ server, alice, bob }) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await web.stop(true);
  });

  const card = (page: Page, name: string) => page.locator(".link-preview", { hasText: `${name}What` });
  const setRoom = async (page: Page, isOn: boolean) => {
    await page.getByRole("button", { name: "Room details" }).click();
    await page.getByRole("checkbox", { name: "Show previews of links" }).setChecked(isOn);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved").first().waitFor();
    await page.getByRole("button", { name: "Room details" }).click();
  };

  test("a card appears on everybody's screen, as text and from this server alone; its sender takes it away", async () => {
    const sender = await openChat(browser, alice);
    const reader = await openChat(browser, bob);
    const elsewhere: string[] = [];
    for (const { page } of [sender, reader])
      page.on("request", (request) => {
        if (new URL(request.url()).origin !== server.origin && !request.url().startsWith("blob:"))
          elsewhere.push(request.url());
      });
    await say(sender.page, `see ${at("lathe")}`);
    for (const { page } of [sender, reader]) {
      await card(page, "lathe").waitFor();
      const image = page.locator(".link-preview-picture");
      await waitUntil(() =>
        image.evaluate((shown: HTMLImageElement) => shown.complete && shown.naturalWidth > 0),
      );
    }
    expect(await card(reader.page, "lathe").innerText()).toContain("Page <img src=x onerror=alert(1)> lathe");
    const link = card(reader.page, "lathe").getByRole("link");
    expect([await link.getAttribute("href"), await link.getAttribute("rel")]).toEqual([
      ...[at("lathe"), "noopener noreferrer nofollow"],
    ]);
    // The room for it was there before its code and its picture.
    const [height, reserved] = await reader.page
      .locator(".link-previews")
      .evaluate((frame) => [
        frame.firstElementChild!.clientHeight,
        Number.parseFloat(getComputedStyle(frame).minHeight),
      ]);
    expect(height).toBe(reserved!);
    expect(await axeFindings(reader.page)).toEqual([]);
    expect(await card(reader.page, "lathe").getByRole("button").count()).toBe(0);
    await card(sender.page, "lathe").hover();
    await card(sender.page, "lathe")
      .getByRole("button", { name: /^Remove preview of/ })
      .click();
    for (const { page } of [sender, reader]) await card(page, "lathe").waitFor({ state: "detached" });
    await waitForText(reader.page, "see");
    expect(elsewhere).toEqual([]);
    for (const { page, faults } of [sender, reader]) {
      expect(faults).toEqual([]);
      await page.context().close();
    }
  }, 60_000);

  test("a person sees titles or nothing, where they want it so; the room's owner turns them off for all", async () => {
    const seq = await bob.say(general, `about ${at("mill")}`);
    const { page, faults } = await openChat(browser, alice);
    await card(page, "mill").waitFor();
    const choose = async (style: string) => {
      await page.locator(".account summary").click();
      await page.getByRole("button", { name: "Settings" }).click();
      await page.getByRole("button", { name: "Appearance" }).click();
      await page.getByRole("combobox", { name: "Link previews" }).selectOption({ label: style });
      await page.keyboard.press("Escape");
    };
    await choose("Titles only");
    expect(await page.locator(".link-preview-picture").isVisible()).toBe(false);
    expect((await card(page, "mill").boundingBox())!.height).toBeLessThan(40);
    await page.reload();
    await card(page, "mill").waitFor();
    expect((await card(page, "mill").boundingBox())!.height).toBeLessThan(40);
    await choose("None");
    expect(await card(page, "mill").isVisible()).toBe(false);
    await choose("Cards");
    await card(page, "mill").waitFor();
    await setRoom(page, false);
    await bob.say(general, `and ${at("press")}`);
    await waitForText(page, "and");
    await setRoom(page, true);
    // What was sent later has its card by now.
    await bob.say(general, `then ${at("lever")}`);
    await card(page, "lever").waitFor();
    expect(asked).not.toContain("press");
    // A moderator takes it away by keyboard, in the message's menu.
    await page.locator(`[data-seq="${seq}"] .message`).focus();
    await page.keyboard.press("m");
    await page.getByRole("menuitem", { name: "Remove link previews" }).click();
    await card(page, "mill").waitFor({ state: "detached" });
    expect(faults).toEqual([]);
    await page.context().close();
  }, 60_000);

  test("on a phone the card fits, and the message's sheet takes it away", async () => {
    await alice.say(general, `phone ${at("drill")}`);
    const { page, faults } = await openChat(browser, alice, phone);
    await card(page, "drill").waitFor();
    const box = (await card(page, "drill").boundingBox())!;
    expect(box.x + box.width).toBeLessThanOrEqual(phone.viewport.width);
    const finger = await Finger.on(page);
    await finger.hold(page.locator(".message-time").last());
    await page.getByRole("menuitem", { name: "Remove link previews" }).tap();
    await card(page, "drill").waitFor({ state: "detached" });
    expect(faults).toEqual([]);
    await page.context().close();
  }, 60_000);
});
