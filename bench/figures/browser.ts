// B1: the page under load, in Chromium. 1,000 messages at 100 a second into the open room; switching to a room in
// memory; how far a row being read moves while others write; and the memory all of that takes.
import type { RoomId } from "@novax/protocol/ids";
import type { Page } from "playwright-core";
import { desktop, launchBrowser, openChat } from "../../tests/support/browser.ts";
import { join } from "../../tests/support/person.ts";
import { createTestData, startServer } from "../../tests/support/server.ts";
import { type Round, report } from "../lib/report.ts";

const messages = 1000;
const everyMs = 10;
const switches = 20;

type Measured = {
  longTasks: number;
  lateShare: number;
  switchFrames: number;
  drift: number;
  heapMb: number;
  elements: number;
};

export async function runBrowser(options: { rounds: number }): Promise<void> {
  const measured: Measured[] = [];
  for (let round = 0; round < options.rounds; round++) measured.push(await measure());
  const line = (what: string, unit: string, pick: (one: Measured) => number, max: number) => {
    const rounds: Round[] = measured.map((one) => ({
      value: pick(one),
      faults: pick(one) > max ? [`over ${max}`] : [],
    }));
    report({ figure: "B1", what, unit, durability: "", rounds });
  };
  line("long tasks in 1,000 messages at 100/s", "tasks", (one) => one.longTasks, 2);
  line("frames later than 34 ms", "%", (one) => one.lateShare * 100, 3);
  line("room switch from memory, median", "frames", (one) => one.switchFrames, 1);
  line("drift of the row being read", "px", (one) => one.drift, 2);
  line("heap at the end", "MB", (one) => one.heapMb, 25);
  line("elements in the document", "", (one) => one.elements, 3500);
}

async function measure(): Promise<Measured> {
  const data = await createTestData("embedded");
  const server = await startServer(data, { env: { MESSAGES_PER_SECOND: "100000" } });
  const browser = await launchBrowser();
  try {
    const [alice, bob] = [await join(server, "alice"), await join(server, "bob")];
    const rooms: RoomId[] = [];
    for (const name of ["One", "Two"]) {
      const { room } = await alice.run("room.create", { kind: "public", name, people: [await bob.id()] });
      rooms.push(room.id);
      for (let index = 0; index < 150; index++)
        await bob.say(room.id, `${name} ${index}: some words to fill a line with`);
    }
    const { page } = await openChat(browser, alice, desktop);
    const writer = await bob.connect();
    const item = (name: string) => page.locator(".room-item", { hasText: name });
    await item("One").click();
    await page.getByRole("heading", { name: "One" }).waitFor();
    // The room opens at the first unread message; new messages are followed only at the end.
    await page.locator(".row-message").first().waitFor();
    await page.keyboard.press("Escape");
    const pour = async () => {
      for (let index = 0; index < messages; index++) {
        writer.say(`live ${index} with **some** words and \`code\``, rooms[0]);
        await Bun.sleep(everyMs);
      }
      await page.getByText(`live ${messages - 1} `).waitFor({ timeout: 20_000 });
    };
    await watch(page);
    await pour();
    const { longTasks, lateShare } = await page.evaluate(() => {
      const { tasks, frames } = (globalThis as unknown as { seen: { tasks: number[]; frames: number[] } })
        .seen;
      return {
        longTasks: tasks.length,
        lateShare: frames.filter((ms) => ms > 34).length / Math.max(1, frames.length),
      };
    });
    const drift = await readWhileOthersWrite(page, () => writer.say("behind your back", rooms[0]));
    const switchFrames = await countSwitchFrames(page);
    const heapMb = await page.evaluate(
      () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize / 1e6,
    );
    const elements = await page.evaluate(() => document.querySelectorAll("*").length);
    writer.close();
    return { longTasks, lateShare, switchFrames, drift, heapMb, elements };
  } finally {
    await browser.close();
    await server.stop();
    await data.remove();
  }
}

/** From now on, records every task over 50 ms and the time of every frame. */
async function watch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen = { tasks: [] as number[], frames: [] as number[] };
    Object.assign(globalThis, { seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.tasks.push(entry.duration);
    }).observe({ entryTypes: ["longtask"] });
    let last = performance.now();
    const frame = (now: number) => {
      seen.frames.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}

/** How far the row in the middle of the view moves while fifty messages arrive. */
async function readWhileOthersWrite(page: Page, write: () => void): Promise<number> {
  await page.mouse.move(700, 400);
  await page.mouse.wheel(0, -1500);
  await page.locator(".jump-pill-bottom").waitFor();
  await Bun.sleep(300);
  const find = () =>
    page.evaluate(() => {
      const row = document.elementFromPoint(700, 400)!.closest<HTMLElement>(".row")!;
      return { key: row.dataset.key!, top: row.getBoundingClientRect().top };
    });
  const before = await find();
  for (let index = 0; index < 50; index++) write();
  await page.locator(".jump-pill-bottom", { hasText: /new messages/ }).waitFor();
  await Bun.sleep(500);
  const after = await page.evaluate(
    (key) =>
      document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)!.getBoundingClientRect().top,
    before.key,
  );
  return Math.abs(after - before.top);
}

/** Frames from the key press until the other room's rows are shown, with both rooms in memory. */
async function countSwitchFrames(page: Page): Promise<number> {
  const counts: number[] = [];
  for (const name of ["Two", "One"]) {
    await page.locator(".room-item", { hasText: name }).click();
    await page.getByRole("heading", { name }).waitFor();
    await page.locator(".row-message").first().waitFor();
  }
  for (let index = 0; index < switches; index++) {
    const name = index % 2 ? "One" : "Two";
    counts.push(
      await page.evaluate(
        (wanted) =>
          new Promise<number>((resolve) => {
            const button = [...document.querySelectorAll<HTMLElement>(".room-item")].find((item) =>
              item.textContent!.startsWith(wanted),
            )!;
            button.click();
            let frames = 0;
            const checkFrame = () => {
              frames += 1;
              const label = document.querySelector(".messages-viewport")!.getAttribute("aria-label")!;
              if (label.endsWith(wanted) && document.querySelector(".row-message")) resolve(frames);
              else requestAnimationFrame(checkFrame);
            };
            requestAnimationFrame(checkFrame);
          }),
        name,
      ),
    );
  }
  return counts.sort((a, b) => a - b)[Math.floor(switches / 2)]!;
}
