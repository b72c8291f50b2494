// A device that sleeps: its connections die without a word, and its person comes back to a page that has missed something.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generalRoomId as general } from "@novax/protocol/general-room";
import type { TimelinePage } from "@novax/protocol/reads";
import type { Browser } from "playwright-core";
import { launchBrowser, openChat, say, waitForText } from "../support/browser.ts";
import { join, type Person } from "../support/person.ts";
import { TcpProxy } from "../support/proxy.ts";
import {
  chromiumPath,
  createTestData,
  startServer,
  type TestData,
  type TestServer,
  waitUntil,
} from "../support/server.ts";
import { freePort } from "../support/services.ts";

describe.skipIf(!chromiumPath)("a device that sleeps", () => {
  let data: TestData;
  let server: TestServer;
  let browser: Browser;
  let alice: Person;
  let bob: Person;
  let line: TcpProxy;

  beforeAll(async () => {
    data = await createTestData("embedded");
    const port = await freePort();
    line = new TcpProxy(port);
    const origin = `http://localhost:${line.port}`;
    server = await startServer(data, { port, env: { PUBLIC_URL: origin } });
    // alice comes by the line, bob does not.
    const byLine = { ...server, url: origin, origin, port: line.port };
    [alice, bob] = [await join(byLine, "alice"), await join({ ...server, origin }, "bob")];
    browser = await launchBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    line?.stop();
    await data?.remove();
  });

  test("shows on waking what it missed, and sends once what is written then", async () => {
    const { page, faults } = await openChat(browser, alice);
    await say(page, "good night");
    line.silence();
    await bob.say(general, "said in the night");
    // A headless browser cannot sleep. On waking, a page gets this event.
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await say(page, "good morning");
    // A dead connection alone would be noticed after 20 to 30 s.
    await waitForText(page, "said in the night", 9000);
    const texts = async () =>
      (await bob.read<TimelinePage>(`/api/rooms/${general}/timeline`)).entries.flatMap((entry) =>
        entry.kind === "message" && entry.body.kind === "text" ? [entry.body.text] : [],
      );
    expect(await waitUntil(async () => (await texts()).includes("good morning"), 10_000)).toBe(true);
    expect(await texts()).toEqual(["good night", "said in the night", "good morning"]);
    expect(faults).toEqual([]);
    await page.context().close();
  }, 60_000);
});
