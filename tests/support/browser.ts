import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { type Person, password } from "./person.ts";
import { type TestServer, waitUntil } from "./server.ts";
import { findChromium } from "./services.ts";

export const desktop = { viewport: { width: 1360, height: 820 } } satisfies BrowserContextOptions;
export const tablet = { viewport: { width: 820, height: 1100 } } satisfies BrowserContextOptions;
export const phone = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
} satisfies BrowserContextOptions;

/** `isWhole`: with what only the browser that has windows can do, such as showing notifications. */
export function launchBrowser({ isWhole = false }: { isWhole?: boolean } = {}): Promise<Browser> {
  const light = isWhole ? undefined : process.env.NOVAX_TEST_CHROMIUM_HEADLESS;
  return chromium.launch({
    executablePath: light ?? findChromium() ?? "chromium",
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      // A microphone and a camera that need no hardware and no permission.
      ...["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
    ],
  });
}

/** A page that records what must never happen: script errors, and anything that the security policy blocked. */
export type WatchedPage = { page: Page; faults: string[] };

export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = desktop,
): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  return { page, faults: watch(page) };
}

export function watch(page: Page): string[] {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    const text = message.text();
    // Broken connections and deliberate refusals are part of the tests.
    const isExpected = /WebSocket connection to|Failed to load resource/.test(text);
    if (message.type() === "error" && !isExpected) faults.push(text);
  });
  return faults;
}

/** Opens the chat for somebody who is already registered. */
export async function openChat(
  browser: Browser,
  person: Person,
  options: BrowserContextOptions = desktop,
): Promise<WatchedPage> {
  const watched = await openPage(browser, options);
  const cookies = [...person.cookies].map(([name, value]) => ({ name, value, url: person.server.url }));
  await watched.page.context().addCookies(cookies);
  await watched.page.goto(`${person.server.url}/chat`);
  await waitUntilOpen(watched.page);
  return watched;
}

/** Waits until the chat is drawn and connected: presence has arrived. */
export async function waitUntilOpen(page: Page): Promise<void> {
  await page.locator(".composer-field").waitFor();
  await page.locator('.room-header[data-online]:not([data-online="0"])').waitFor({ state: "attached" });
}

/** Fills in the registration form as a person does. */
export async function registerByForm(page: Page, server: TestServer, username: string): Promise<void> {
  await page.goto(`${server.url}/register`);
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Email").fill(`${username}@example.org`);
  await page.getByLabel("Password", { exact: true }).fill(password);
  // Without a script it is typed twice.
  const again = page.getByLabel("Confirm password");
  if (await again.isVisible()) await again.fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.waitForURL("**/chat");
}

export async function say(page: Page, text: string): Promise<void> {
  await page.locator(".composer-field").fill(text);
  await page.getByRole("button", { name: "Send", exact: true }).click();
}

/** The texts of all messages in the document, in document order. */
export function shownTexts(page: Page): Promise<string[]> {
  return page.locator(".message-text").allInnerTexts();
}

/** Waits until a message containing the text is shown. */
export async function waitForText(page: Page, text: string, timeoutMs = 10_000): Promise<void> {
  const isShown = async () => (await shownTexts(page)).some((shown) => shown.includes(text));
  if (!(await waitUntil(isShown, timeoutMs))) throw new Error(`no message shows ${JSON.stringify(text)}`);
}

/** Everything axe finds wrong on the current page, or a part of it, as text. */
export async function axeFindings(page: Page, part?: string): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  // What passes is not read, and to name its elements would be most of the work. We use no frames.
  const options: axe.RunOptions = {
    runOnly: { type: "tag", values: tags },
    resultTypes: ["violations"],
    iframes: false,
    preload: false,
  };
  return page.evaluate(
    async ({ part, options }) => {
      const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(
        part ?? document,
        options,
      );
      return violations.map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`,
      );
    },
    { part, options },
  );
}
