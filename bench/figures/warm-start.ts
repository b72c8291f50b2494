// B2: how soon the first message is there, from the server, and from the device while the server is gone. In Chromium, from the
// beginning of the navigation.
import type { BrowserContext } from "playwright-core";
import { desktop, launchBrowser, openChat } from "../../tests/support/browser.ts";
import { join } from "../../tests/support/person.ts";
import { createTestData, startServer, waitUntil } from "../../tests/support/server.ts";
import { percentile, report } from "../lib/report.ts";

const opens = 15;
const goalMs = 300;

export async function runWarmStart(): Promise<void> {
  const data = await createTestData("embedded");
  const server = await startServer(data, { env: { MESSAGES_PER_SECOND: "100000" } });
  const browser = await launchBrowser({ isWhole: true });
  const alice = await join(server, "alice");
  const room = "general" as Parameters<typeof alice.say>[0];
  for (let index = 0; index < 60; index++) await alice.say(room, `${index}: some words to fill a line with`);
  const { page } = await openChat(browser, alice, desktop);
  const context = page.context();
  await context.addInitScript(() => {
    const seen = new MutationObserver(() => {
      if (!document.querySelector(".message-text")) return;
      seen.disconnect();
      // The next frame draws it.
      requestAnimationFrame(() => Object.assign(globalThis, { firstMs: performance.now() }));
    });
    seen.observe(document, { subtree: true, childList: true });
  });
  const isKept = () =>
    page.evaluate(async () => {
      const name = (await caches.keys()).find((candidate) => candidate.startsWith("app-"));
      return (
        (await caches.has("kept")) &&
        name !== undefined &&
        (await (await caches.open(name)).keys()).length > 5
      );
    });
  if (!(await waitUntil(isKept, 20_000))) throw new Error("nothing was kept");
  await Bun.sleep(4000);
  const line = (what: string, times: number[]) => {
    const faults = percentile(times, 0.5) > goalMs ? [`over ${goalMs}`] : [];
    const base = { figure: "B2", unit: "ms", durability: "" };
    report({ ...base, what: `${what}, median`, rounds: [{ value: percentile(times, 0.5), faults }] });
    report({ ...base, what: `${what}, p95`, rounds: [{ value: percentile(times, 0.95), faults: [] }] });
  };
  line("first message, from the server", await timesOf(context, server.url));
  await server.stop();
  line("first message, without the server", await timesOf(context, server.url));
  await browser.close();
  await data.remove();
}

/** Opens the chat again and again, each time in a new page. Returns the times in ms, in ascending order. */
async function timesOf(context: BrowserContext, url: string): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < opens; count++) {
    const page = await context.newPage();
    await page.goto(`${url}/chat`);
    const first = () => page.evaluate(() => (globalThis as unknown as { firstMs?: number }).firstMs ?? null);
    await waitUntil(async () => (await first()) !== null, 10_000);
    times.push((await first())!);
    await page.close();
  }
  return times.sort((a, b) => a - b);
}
