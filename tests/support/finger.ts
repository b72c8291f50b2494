// A finger on the screen: touch events as the browser gets them from the system, not events made by a script.
import type { CDPSession, Locator, Page } from "playwright-core";

export type Point = { x: number; y: number };

/** A finger on a page of Chromium, which has to emulate a touch screen. */
export class Finger {
  readonly #page: Page;
  readonly #session: CDPSession;
  #at: Point = { x: 0, y: 0 };

  private constructor(page: Page, session: CDPSession) {
    this.#page = page;
    this.#session = session;
  }

  static async on(page: Page): Promise<Finger> {
    return new Finger(page, await page.context().newCDPSession(page));
  }

  async down(target: Locator | Point): Promise<void> {
    this.#at = "x" in target ? target : await middleOf(target);
    await this.#send("touchStart", [this.#at]);
  }

  async move(by: Point, steps = 8): Promise<void> {
    const from = this.#at;
    for (let step = 1; step <= steps; step++) {
      this.#at = { x: from.x + (by.x * step) / steps, y: from.y + (by.y * step) / steps };
      await this.#send("touchMove", [this.#at]);
      await this.#page.waitForTimeout(16);
    }
  }

  async up(): Promise<void> {
    await this.#send("touchEnd", []);
  }

  async tap(target: Locator | Point): Promise<void> {
    await this.down(target);
    await this.#page.waitForTimeout(40);
    await this.up();
  }

  /** Presses for longer than any system waits. */
  async hold(target: Locator | Point, forMs = 900): Promise<void> {
    await this.down(target);
    await this.#page.waitForTimeout(forMs);
    await this.up();
  }

  /** Two fingers on an element, which go apart from `from` to `to` pixels of distance. */
  async pinch(target: Locator, { from, to }: { from: number; to: number }): Promise<void> {
    const { x, y } = await middleOf(target);
    const both = (apart: number) => [
      { x: x - apart / 2, y },
      { x: x + apart / 2, y },
    ];
    await this.#send("touchStart", both(from));
    for (let step = 1; step <= 10; step++) {
      await this.#send("touchMove", both(from + ((to - from) * step) / 10));
      await this.#page.waitForTimeout(16);
    }
    await this.#send("touchEnd", []);
  }

  async #send(type: "touchStart" | "touchMove" | "touchEnd", touchPoints: Point[]): Promise<void> {
    await this.#session.send("Input.dispatchTouchEvent", { type, touchPoints });
  }
}

/** The middle of an element, once it has come to rest. */
async function middleOf(target: Locator): Promise<Point> {
  await target.scrollIntoViewIfNeeded();
  for (let before = ""; ; ) {
    const box = await target.boundingBox();
    if (!box) throw new Error("not visible");
    const now = JSON.stringify(box);
    if (now === before) return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    before = now;
    await target.page().waitForTimeout(150);
  }
}
