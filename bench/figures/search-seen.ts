// F11 as a person sees it: from the last letter typed to the results on the screen, in Chromium.
import type { Browser } from "playwright-core";
import { desktop } from "../../tests/support/browser.ts";
import { percentile, report } from "../lib/report.ts";
import type { Target } from "../lib/target.ts";
import { queryKinds, seeded, type Words } from "../lib/texts.ts";

const perKind = 3;

/** Types queries of all kinds into the search of a person. */
export async function measureSeen(
  browser: Browser,
  target: Target,
  { token, words, label }: { token: string; words: Words; label: string },
): Promise<void> {
  const context = await browser.newContext(desktop);
  await context.addCookies([{ name: "novax_session", value: token, url: target.url.href }]);
  const page = await context.newPage();
  await page.goto(new URL("/chat", target.url).href);
  await page.locator(".composer-field").waitFor();
  await page.getByRole("button", { name: "Search messages" }).click();
  const field = page.locator(".search-field");
  await field.waitFor();
  const random = seeded(4);
  const times: number[] = [];
  for (const make of Object.values(queryKinds))
    for (let turn = 0; turn < perKind; turn++) {
      await field.fill("");
      await page.locator(".search-hits li").first().waitFor({ state: "detached" });
      await field.evaluate((element) => {
        const seen = new Promise<number>((resolve) => {
          element.addEventListener(
            "input",
            () => {
              const began = performance.now();
              // The next frame draws what is in the document by then. More may follow behind the first results.
              const look = () =>
                document.querySelector(".search-progress") && !document.querySelector(".search-hits li")
                  ? requestAnimationFrame(look)
                  : resolve(performance.now() - began);
              requestAnimationFrame(look);
            },
            { once: true },
          );
        });
        Object.assign(globalThis, { seen });
      });
      await field.fill(make(random, words));
      times.push(await page.evaluate(() => (globalThis as unknown as { seen: Promise<number> }).seen));
    }
  await context.close();
  times.sort((a, b) => a - b);
  for (const [name, share] of [
    ["p50", 0.5],
    ["p95", 0.95],
    ["max", 1],
  ] as const)
    report({
      ...{ figure: "F11", unit: "ms", durability: label, what: `seen in Chromium, ${name}` },
      rounds: [{ value: percentile(times, share), faults: [] }],
    });
}
