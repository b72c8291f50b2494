// The chat without a connection: what was seen is there, what is written is sent on return, and what is kept on the device ends
// with the session. Without a connection means here that nothing answers at the server's address.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generalRoomId as general } from "@novax/protocol/general-room";
import type { RoomId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import type { Browser, BrowserContext, Page } from "playwright-core";
import {
  axeFindings,
  desktop,
  launchBrowser,
  openChat,
  phone,
  say,
  shownTexts,
  waitForText,
  waitUntilOpen,
} from "../support/browser.ts";
import type { Person } from "../support/person.ts";
import { chromiumPath, waitUntil } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

describe.skipIf(!chromiumPath)("without a connection", () => {
  const { server, alice, bob, carol, restart } = useServer("embedded", {
    env: { MESSAGES_PER_SECOND: "100000" },
  });
  let browser: Browser;
  let workshop: RoomId;
  beforeAll(async () => {
    browser = await launchBrowser();
    const people = [await bob.id(), await carol.id()];
    workshop = (await alice.run("room.create", { kind: "public", name: "Workshop", people })).room.id;
    await bob.say(general, "the door code has changed");
    await bob.say(workshop, "the lathe is back");
  });
  afterAll(async () => {
    await browser?.close();
  });

  /** What a browser keeps of the chat, and when it was written; null if it has no key for it. */
  const keptIn = (page: Page): Promise<Record<string, number> | null> =>
    page.evaluate(async () => {
      const open = indexedDB.open("novax-kept");
      await new Promise((resolve) => {
        open.onsuccess = resolve;
      });
      const database = open.result;
      const read = (name: string) =>
        new Promise<{ name: string; at: number }[]>((resolve) => {
          if (!database.objectStoreNames.contains(name)) return resolve([]);
          const request = database.transaction(name).objectStore(name).getAll();
          request.onsuccess = () => resolve(request.result);
        });
      const [keys, values] = [await read("keys"), await read("values")];
      database.close();
      return keys.length === 0 ? null : Object.fromEntries(values.map(({ name, at }) => [name, at]));
    });

  /** Waits until both rooms and the list of rooms are on the device as they were at a time. */
  async function waitForKept(
    page: Page,
    since = 0,
    names = ["chat", `room ${general}`, ...(since === 0 ? [`room ${workshop}`] : [])],
  ): Promise<void> {
    const isKept = async () => {
      const kept = (await keptIn(page)) ?? {};
      const times = names.map((name) => kept[name] ?? -1);
      return times.every((at) => at >= since) && (await hasApp(page));
    };
    expect(await waitUntil(isKept, 20_000)).toBe(true);
  }

  /** Opens the chat and both rooms, and waits until all of it is on the device. */
  async function openAndKeep(person: Person, options = desktop): Promise<Page> {
    const { page } = await openChat(browser, person, options);
    await goToRoom(page, "Workshop");
    await waitForText(page, "the lathe is back");
    await waitForKept(page);
    return page;
  }

  const hasApp = (page: Page) =>
    page.evaluate(async () => {
      const name = (await caches.keys()).find((candidate) => candidate.startsWith("app-"));
      return (
        navigator.serviceWorker.controller !== null &&
        name !== undefined &&
        (await (await caches.open(name)).keys()).length > 5
      );
    });

  /** What the messages of a room say, as the server has them. */
  async function textsOf(room: RoomId): Promise<string[]> {
    const { entries } = await bob.read<TimelinePage>(`/api/rooms/${room}/timeline`);
    return entries.flatMap((entry) =>
      entry.kind === "message" && entry.body.kind === "text" ? [entry.body.text] : [],
    );
  }

  async function goToRoom(page: Page, name: string): Promise<void> {
    const back = page.getByRole("button", { name: "All rooms" });
    if (await back.isVisible()) await back.click();
    await page.locator(".room-item", { hasText: name }).first().click();
    await page.getByRole("heading", { name, exact: true }).waitFor();
  }

  /** Leaves the page, and opens the chat again in the same browser. */
  async function openAgain(context: BrowserContext, path = "/chat"): Promise<Page> {
    const page = await context.newPage();
    for (const other of context.pages()) if (other !== page) await other.close();
    await page.goto(`${server.url}${path}`);
    return page;
  }

  for (const [size, options, person] of [
    ["desktop", desktop, () => alice],
    ["phone", phone, () => carol],
  ] as const) {
    test(`what was seen is there; what is written in two rooms is sent once and in order on return (${size})`, async () => {
      const first = await openAndKeep(person(), options as typeof desktop);
      await server.stop();
      const page = await openAgain(first.context(), `/chat/${general}`);
      await waitForText(page, "the door code has changed");
      await goToRoom(page, "Workshop");
      await waitForText(page, "the lathe is back");
      await page.getByText("You're offline. Messages will send when you reconnect.").waitFor();
      expect(await axeFindings(page)).toEqual([]);
      for (const text of [`${size} one`, `${size} two`, `${size} three`]) await say(page, text);
      await goToRoom(page, "General");
      for (const text of [`${size} four`, `${size} five`]) await say(page, text);
      const later = await openAgain(page.context());
      await waitForText(later, `${size} five`);
      await restart();
      const texts = async (room: RoomId) => (await textsOf(room)).filter((text) => text.startsWith(size));
      expect(await waitUntil(async () => (await texts(general)).length === 2, 20_000)).toBe(true);
      expect(await texts(workshop)).toEqual([`${size} one`, `${size} two`, `${size} three`]);
      expect(await texts(general)).toEqual([`${size} four`, `${size} five`]);
      // What was missed arrives, and nothing is there twice.
      await bob.say(general, `welcome back, ${size}`);
      await waitForText(later, `welcome back, ${size}`);
      const shown = await shownTexts(later);
      expect(shown.filter((text) => text.startsWith(size))).toEqual([`${size} four`, `${size} five`]);
      await later.context().close();
    }, 90_000);
  }

  test("a reaction, an edit and what was read offline are there on return, after a reload too", async () => {
    const seq = await bob.say(workshop, "who takes the first shift?");
    await carol.run("reaction.add", { room: workshop, seq, emoji: "🎉" });
    const own = await alice.say(workshop, "I wil");
    const first = await openAndKeep(alice);
    await waitForText(first, "I wil");
    const read = await bob.say(general, "read without a connection");
    await waitForKept(first, Date.now());
    await server.stop();
    const page = await openAgain(first.context(), `/chat/${workshop}`);
    await waitForText(page, "I wil");
    await page.locator(".reaction", { hasText: "🎉" }).first().click();
    await page.locator(".reaction[aria-pressed=true]", { hasText: "🎉" }).waitFor();
    await page.locator(".composer-field").click();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("End");
    await page.keyboard.type("l");
    await page.keyboard.press("Enter");
    await waitForText(page, "I will");
    const shownAt = Date.now();
    await goToRoom(page, "General");
    await waitForText(page, "read without a connection");
    // In view for long enough to be read.
    await page.locator(".room-item-unread", { hasText: "General" }).waitFor({ state: "detached" });
    await goToRoom(page, "Workshop");
    await waitForKept(page, shownAt);
    const later = await openAgain(page.context(), `/chat/${workshop}`);
    await waitForText(later, "I will");
    await restart();
    const entry = async (at: number) => {
      const { entries } = await bob.read<TimelinePage>(`/api/rooms/${workshop}/timeline`);
      return JSON.stringify(entries.find((candidate) => candidate.seq === at));
    };
    const me = await alice.id();
    expect(
      await waitUntil(
        async () => (await entry(seq)).includes(`"by":["${await carol.id()}","${me}"]`),
        20_000,
      ),
    ).toBe(true);
    expect(await waitUntil(async () => (await entry(own)).includes("I will"))).toBe(true);
    expect(await waitUntil(async () => (await alice.room(general)).readSeq >= read)).toBe(true);
    await later.context().close();
  }, 90_000);

  test("a thread that was seen is there, and what is written in it is sent; a refused edit goes back into the composer", async () => {
    const root = await bob.say(workshop, "where is the key?");
    await bob.say(workshop, "under the mat", { threadRoot: root });
    const own = await alice.say(workshop, "I lost it");
    const first = await openAndKeep(alice);
    await first.getByRole("button", { name: "1 reply" }).click();
    const thread = (page: Page) => page.getByRole("complementary", { name: "Thread" });
    await thread(first).getByText("under the mat").waitFor();
    expect(
      await waitUntil(
        async () => Object.keys((await keptIn(first)) ?? {}).includes(`thread ${workshop} ${root}`),
        20_000,
      ),
    ).toBe(true);
    await server.stop();
    const page = await openAgain(first.context(), `/chat/${workshop}`);
    await page.getByRole("button", { name: "1 reply" }).click();
    await thread(page).getByText("under the mat").waitFor();
    await thread(page).locator(".composer-field").fill("found it");
    await page.keyboard.press("Enter");
    await thread(page).getByText("found it").waitFor();
    await thread(page).getByRole("button", { name: "Close" }).click();
    await page.locator(".composer-field").click();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("End");
    await page.keyboard.type(" yesterday");
    await page.keyboard.press("Enter");
    const editedAt = Date.now();
    await waitForText(page, "I lost it yesterday");
    await page.close();
    await restart();
    await alice.run("message.delete", { room: workshop, seq: own });
    // Until then the field in which it was written would still be there.
    await waitUntil(() => Date.now() - editedAt > 5200, 10_000);
    const later = await openAgain(first.context(), `/chat/${workshop}`);
    expect(
      await waitUntil(
        async () => (await later.locator(".composer-field").first().inputValue()) === "I lost it yesterday",
        20_000,
      ),
    ).toBe(true);
    const replies = async () =>
      (await bob.read<TimelinePage>(`/api/rooms/${workshop}/threads/${root}`)).entries.map(({ seq }) => seq);
    expect(await waitUntil(async () => (await replies()).length === 2, 20_000)).toBe(true);
    await later.context().close();
  }, 90_000);

  test("a server that comes back shows what was missed, in rooms that were open", async () => {
    const first = await openAndKeep(alice);
    await first.goto("about:blank");
    await bob.say(workshop, "missed while away");
    await server.stop();
    const page = await openAgain(first.context(), `/chat/${workshop}`);
    await waitForText(page, "the lathe is back");
    expect(await shownTexts(page)).not.toContain("missed while away");
    await restart();
    await waitForText(page, "missed while away", 20_000);
    await page.context().close();
  }, 60_000);

  test("a session that was ended elsewhere takes everything with it when the server is reached", async () => {
    const elsewhere = await alice.inAnotherBrowser();
    const first = await openAndKeep(elsewhere);
    const context = first.context();
    await first.goto("about:blank");
    await elsewhere.post("/logout", {});
    await server.stop();
    const page = await openAgain(context);
    await waitForText(page, "the lathe is back");
    await restart();
    await page.getByLabel("Password", { exact: true }).waitFor();
    expect(await keptIn(page)).toBeNull();
    await server.stop();
    await page.goto(`${server.url}/chat`);
    await page.getByRole("heading", { name: "You're offline" }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await restart();
    // It opens by itself, here with the question who it is.
    await page.getByLabel("Password", { exact: true }).waitFor();
    await context.close();
  }, 90_000);

  test("signing out deletes it", async () => {
    const page = await openAndKeep(await alice.inAnotherBrowser());
    await page.locator(".account summary").click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Password", { exact: true }).waitFor();
    expect(await keptIn(page)).toBeNull();
    expect(await page.evaluate(() => caches.has("kept"))).toBe(false);
    await page.context().close();
  }, 60_000);

  test("somebody else who signs in in the same browser finds nothing of it", async () => {
    const page = await openAndKeep(alice);
    const context = page.context();
    await context.clearCookies();
    await context.addCookies([...bob.cookies].map(([name, value]) => ({ name, value, url: server.url })));
    const other = await openAgain(context);
    await waitUntilOpen(other);
    // Of General alone, which is open.
    const isOthers = async () => Object.keys((await keptIn(other)) ?? {}).join() === `chat,room ${general}`;
    expect(await waitUntil(isOthers, 20_000)).toBe(true);
    await context.close();
  }, 60_000);

  test("the week ends also for somebody who opens it without a connection again and again", async () => {
    const first = await openAndKeep(bob);
    const context = first.context();
    await server.stop();
    await context.clock.setSystemTime(Date.now() + 5 * 86_400_000);
    const page = await openAgain(context);
    await waitForText(page, "the lathe is back");
    // It writes what is kept again, and says of it when the server was last reached.
    await waitForKept(page, Date.now() + 4 * 86_400_000, ["chat"]);
    await context.clock.setSystemTime(Date.now() + 8 * 86_400_000);
    const later = await openAgain(context);
    await later.getByRole("heading", { name: "You're offline" }).waitFor();
    expect(await keptIn(later)).toBeNull();
    await restart();
    await context.close();
  }, 60_000);

  test("a session that ended takes it with the sign-in page, also if no page of the chat was open", async () => {
    const elsewhere = await alice.inAnotherBrowser();
    const first = await openAndKeep(elsewhere);
    const context = first.context();
    await first.goto("about:blank");
    await elsewhere.post("/logout", {});
    const page = await openAgain(context);
    await page.getByLabel("Password", { exact: true }).waitFor();
    expect(await waitUntil(async () => (await keptIn(page)) === null)).toBe(true);
    await context.close();
  }, 60_000);

  for (const [what, days] of [
    ["more than a week after the server was last reached", 8],
    ["with a clock that was set back by days", -3],
  ] as const)
    test(`${what} nothing is shown, and everything is deleted`, async () => {
      const first = await openAndKeep(bob);
      const context = first.context();
      await server.stop();
      await context.clock.setSystemTime(Date.now() + days * 86_400_000);
      const page = await openAgain(context);
      await page.getByRole("heading", { name: "You're offline" }).waitFor();
      expect(await keptIn(page)).toBeNull();
      await restart();
      await context.close();
    }, 60_000);

  test("a device without storage says that nothing can be read offline, and the chat goes on", async () => {
    const { page } = await openChat(browser, bob);
    await page.addInitScript(() => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException("full", "QuotaExceededError");
      };
    });
    await page.reload();
    await waitUntilOpen(page);
    await page.getByText("This device is out of storage.").waitFor();
    await say(page, "goes on");
    await waitForText(page, "goes on");
    await page.context().close();
  }, 60_000);

  test("a new version is offered, loses no draft, and leaves the files of the old one to the pages that use them", async () => {
    const page = await openAndKeep(bob);
    const context = page.context();
    await page.evaluate(async () => {
      const old = await caches.open("app-old");
      const headers = { "content-type": "text/javascript" };
      await old.put("/assets/chunk-gone.js", new Response("export const answer = 42;", { headers }));
    });
    await page.locator(".composer-field").fill("half a sentence");
    await context.serviceWorkers()[0]!.evaluate(async () => {
      const { clients } = globalThis as unknown as {
        clients: { matchAll(): Promise<{ postMessage(message: unknown): void }[]> };
      };
      for (const client of await clients.matchAll())
        client.postMessage({ type: "version", script: "/assets/chat-newer.js" });
    });
    await page.getByText("There's a new version of this app.").waitFor();
    const chunk = () => page.evaluate("import('/assets/chunk-gone.js').then((module) => module.answer)");
    expect(await chunk()).toBe(42);
    await page.getByRole("button", { name: "Reload" }).click();
    await waitUntilOpen(page);
    expect(await page.locator(".composer-field").inputValue()).toBe("half a sentence");
    // They go when the chat is opened and no page is left; the browser may still count one that has just been closed.
    const isGone = async () => {
      const left = await openAgain(context);
      await waitUntilOpen(left);
      return left.evaluate(async () => !(await caches.has("app-old")));
    };
    expect(await waitUntil(isGone, 10_000)).toBe(true);
    await context.close();
  }, 60_000);
});
