import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generalRoomId } from "@novax/protocol/general-room";
import type { Browser, Page } from "playwright-core";
import {
  desktop,
  launchBrowser,
  openChat,
  openPage,
  phone,
  registerByForm,
  say,
  shownTexts,
  waitForText,
  waitUntilOpen,
  watch,
} from "../support/browser.ts";
import { join, Person, password } from "../support/person.ts";
import {
  chromiumPath,
  createTestData,
  startServer,
  type TestData,
  type TestServer,
  waitUntil,
} from "../support/server.ts";

describe.skipIf(!chromiumPath)("the chat in a browser", () => {
  let data: TestData;
  let server: TestServer;
  let browser: Browser;

  beforeAll(async () => {
    data = await createTestData("embedded");
    server = await startServer(data, { env: { MESSAGES_PER_SECOND: "100000" } });
    browser = await launchBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await data?.remove();
  });

  const isAtEnd = (page: Page) =>
    page
      .locator(".messages-viewport")
      .evaluate((list) => list.scrollHeight - list.clientHeight - list.scrollTop < 2);

  test("two people register and chat; a reload, a second tab, a phone and a server killed with -9 show every message once, in order", async () => {
    const [a, b] = [await openPage(browser), await openPage(browser)];
    await registerByForm(a.page, server, "alice");
    await registerByForm(b.page, server, "bob");
    await Promise.all([waitUntilOpen(a.page), waitUntilOpen(b.page)]);
    const said: string[] = [];
    for (let index = 0; index < 6; index++) {
      const [from, to] = index % 2 ? [b.page, a.page] : [a.page, b.page];
      said.push(`message ${index}`);
      await say(from, `message ${index}`);
      await waitForText(to, `message ${index}`);
    }
    expect(await shownTexts(a.page)).toEqual(said);
    expect(await shownTexts(b.page)).toEqual(said);

    await a.page.reload();
    await waitUntilOpen(a.page);
    expect(await shownTexts(a.page)).toEqual(said);
    const tab = await a.page.context().newPage();
    const tabFaults = watch(tab);
    await tab.goto(`${server.url}/chat`);
    await waitUntilOpen(tab);
    const mobile = await openPage(browser, phone);
    await mobile.page.goto(server.url);
    await mobile.page.getByLabel("Username").fill("bob");
    await mobile.page.getByLabel("Password").fill(password);
    await mobile.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await waitUntilOpen(mobile.page);

    await server.kill();
    // Written while the server is down: it is in the list, and waits.
    said.push("while you were out", "and another");
    await say(a.page, "while you were out");
    await say(a.page, "and another");
    await a.page.locator(".row-pending").nth(1).waitFor();
    expect(await shownTexts(a.page)).toEqual(said);
    await a.page.locator(".pending-late").first().waitFor();
    await a.page.locator(".banner").waitFor({ timeout: 10_000 });
    server = await startServer(data, { env: { MESSAGES_PER_SECOND: "100000" }, port: server.port });
    // It may have been sent by itself by now; then there is no button to press.
    await a.page
      .getByRole("button", { name: "Try now" })
      .click({ timeout: 1000 })
      .catch(() => {});
    for (const page of [b.page, tab, mobile.page]) await waitForText(page, "and another", 30_000);
    await a.page.locator(".row-pending").first().waitFor({ state: "detached" });
    for (const page of [a.page, b.page, tab, mobile.page]) expect(await shownTexts(page)).toEqual(said);
    await a.page.locator(".banner").waitFor({ state: "detached" });
    expect([...a.faults, ...b.faults, ...tabFaults, ...mobile.faults]).toEqual([]);
    for (const { page } of [a, b, mobile]) await page.context().close();
  }, 90_000);

  test("without JavaScript people can register, sign in, and read what is wrong", async () => {
    const { page } = await openPage(browser, { ...desktop, javaScriptEnabled: false });
    await page.goto(`${server.url}/register`);
    await page.getByLabel("Username").fill("carol");
    await page.getByLabel("Email").fill("carol@example.org");
    await page.getByLabel("Password", { exact: true }).fill("password123");
    await page.getByLabel("Confirm password").fill("password123");
    await page.getByRole("button", { name: "Create account" }).click();
    expect(await page.getByRole("alert").textContent()).toContain("easy to guess");
    expect(await page.getByLabel("Username").inputValue()).toBe("carol");
    expect(await page.getByLabel("Password", { exact: true }).inputValue()).toBe("");
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByLabel("Confirm password").fill(password);
    await page.getByRole("button", { name: "Create account" }).click();
    expect(new URL(page.url()).pathname).toBe("/chat");
    await page.context().clearCookies();
    await page.goto(server.url);
    await page.getByLabel("Username").fill("carol");
    await page.getByLabel("Password").fill("not this one");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    expect(await page.getByRole("alert").textContent()).toBe("Wrong username or password.");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    expect(new URL(page.url()).pathname).toBe("/chat");
    await page.context().close();
  });

  test("signing out closes every tab of that browser and deletes what was stored in it", async () => {
    const dave = await join(server, "dave");
    const { page } = await openChat(browser, dave);
    const tab = await page.context().newPage();
    await tab.goto(`${server.url}/chat`);
    await waitUntilOpen(tab);
    await page.locator(".composer-field").fill("a draft that nobody should find");
    await page.locator(".account summary").click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(`${server.url}/`);
    await tab.waitForURL(({ pathname }) => pathname === "/");
    expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);
    await page.context().close();
  });

  test("a refused message stays, shows the reason, and can be retried or deleted; a draft survives a reload", async () => {
    const erin = await join(server, "erin");
    const { page } = await openChat(browser, erin);
    // The composer would refuse it, so it is stored where an older client could have left it.
    await page.evaluate(
      async (id) => {
        const open = indexedDB.open(`novax-${id}`);
        await new Promise((resolve) => {
          open.onsuccess = resolve;
        });
        const store = open.result.transaction("outbox", "readwrite").objectStore("outbox");
        const item = {
          sendId: crypto.randomUUID(),
          room: "general",
          text: "x".repeat(4001),
          createdAt: Date.now(),
          state: { kind: "waiting" },
        };
        await new Promise((resolve) => {
          store.put(item).onsuccess = resolve;
        });
      },
      await idOf(page),
    );
    await page.locator(".composer-field").fill("half a thought");
    await page.reload();
    await page.locator(".not-sent").waitFor();
    expect(await page.locator(".not-sent").textContent()).toContain("at most 4000 characters");
    expect(await page.locator(".composer-field").inputValue()).toBe("half a thought");
    await page.getByRole("button", { name: "Retry" }).click();
    await page.locator(".not-sent").waitFor();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.locator(".row-pending").waitFor({ state: "detached" });
    await page.context().close();
  });

  test("a session that ended while offline leads to the sign-in page", async () => {
    const kim = await join(server, "kim");
    const { page } = await openChat(browser, kim);
    const twin = await kim.inAnotherBrowser();
    const next = "another four quiet words";
    await page.context().setOffline(true);
    await page.context().clearCookies();
    await twin.post("/account/password", {
      current_password: password,
      password: next,
      confirm_password: next,
    });
    await page.context().setOffline(false);
    await page.waitForURL(`${server.url}/`, { timeout: 20_000 });
    await page.context().close();
  }, 30_000);

  test("somebody in no room is told so, and can sign out", async () => {
    const [lou, alice] = [await join(server, "lou"), new Person(server, "alice")];
    await alice.signIn();
    await alice.run("member.remove", { room: generalRoomId, person: await lou.id() });
    const { page, faults } = await openPage(browser);
    const cookies = [...lou.cookies].map(([name, value]) => ({ name, value, url: server.url }));
    await page.context().addCookies(cookies);
    await page.goto(`${server.url}/chat`);
    await page.getByRole("heading", { name: "You're not in any rooms" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(`${server.url}/`);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test("typing is shown on a line that is always there, and disappears again", async () => {
    const [frank, grace] = [await join(server, "frank"), await join(server, "grace")];
    const [f, g] = [await openChat(browser, frank), await openChat(browser, grace)];
    const height = () => g.page.locator(".messages").evaluate((element) => element.clientHeight);
    const before = await height();
    await f.page.locator(".composer-field").pressSequentially("hm");
    await g.page.getByText("frank is typing…").waitFor();
    expect(await height()).toBe(before);
    await g.page.getByText("frank is typing…").waitFor({ state: "detached", timeout: 8000 });
    await g.page.getByRole("button", { name: /^\d+ members?$/ }).click();
    await g.page.locator(".person", { hasText: "grace (you)" }).waitFor();
    await g.page.locator(".person", { hasText: "frank" }).waitFor();
    for (const { page } of [f, g]) await page.context().close();
  }, 30_000);

  describe("the message list", () => {
    let henry: Person;
    let writer: Person;

    beforeAll(async () => {
      henry = await join(server, "henry");
      writer = await join(server, "writer");
      const socket = await writer.enter();
      for (let index = 0; index < 400; index++)
        socket.say(`row ${index} ${"lorem ipsum dolor ".repeat(index % 7)}`);
      await socket.sayAndWait("row last");
      const seq = socket.events.at(-1)!.seq;
      socket.close();
      const reader = await henry.enter();
      await reader.command({ type: "room.mark_read", room: "general" as never, seq });
      reader.close();
    }, 30_000);

    /** The position of a row in the middle of the view, found by its text. */
    const middleRow = (page: Page) =>
      page.evaluate(() => {
        const view = document.querySelector(".messages-viewport")!.getBoundingClientRect();
        const rows = [...document.querySelectorAll<HTMLElement>(".row-message")];
        const row = rows.find((candidate) => candidate.getBoundingClientRect().top > view.top + 60)!;
        return { key: row.dataset.key!, top: row.getBoundingClientRect().top - view.top };
      });
    const topOf = (page: Page, key: string) =>
      page.evaluate((wanted) => {
        const view = document.querySelector(".messages-viewport")!.getBoundingClientRect();
        const row = document.querySelector<HTMLElement>(`.row[data-key="${wanted}"]`);
        return row ? row.getBoundingClientRect().top - view.top : null;
      }, key);

    /** Resolves when no row has moved for ten frames. */
    const comeToRest = (page: Page) =>
      page.evaluate(async () => {
        const place = () => document.querySelector(".row-message")!.getBoundingClientRect().top;
        for (let still = 0, last = place(); still < 10; last = place()) {
          await new Promise((resolve) => requestAnimationFrame(resolve));
          still = place() === last ? still + 1 : 0;
        }
      });

    test("scrolls back through hundreds of messages with at most 120 rows in the document, and no row being read moves", async () => {
      const { page, faults } = await openChat(browser, henry);
      expect(await isAtEnd(page)).toBe(true);
      const seen = new Set<string>();
      for (let step = 0; step < 60; step++) {
        for (const text of await shownTexts(page)) seen.add(text.split(" ").slice(0, 2).join(" "));
        expect(await page.locator(".messages-list > .row").count()).toBeLessThanOrEqual(121);
        if (await page.locator(".list-start").isVisible()) break;
        await page.mouse.move(700, 400);
        const start = await middleRow(page);
        await page.mouse.wheel(0, -900);
        // A busy machine scrolls late. Movement by the wheel is no drift; anything beyond it is.
        await comeToRest(page);
        const moved = await topOf(page, start.key);
        if (moved !== null) expect(moved - start.top, `step ${step}`).toBeLessThanOrEqual(902);
        const before = await middleRow(page);
        await Bun.sleep(120);
        const after = await topOf(page, before.key);
        expect(Math.abs(after! - before.top), `step ${step}`).toBeLessThanOrEqual(2);
      }
      for (let index = 0; index < 400; index++) expect(seen.has(`row ${index}`), `row ${index}`).toBe(true);
      await page.getByRole("button", { name: "Jump to latest" }).click();
      expect(await waitUntil(() => isAtEnd(page))).toBe(true);
      expect((await shownTexts(page)).at(-1)).toBe("row last");
      expect(faults).toEqual([]);
      await page.context().close();
    }, 60_000);

    test("while you read further up nothing moves: new messages, edits, reactions, deletions, a new width or height; the pill counts and leads down", async () => {
      const { page } = await openChat(browser, henry);
      await page.mouse.move(700, 400);
      await page.mouse.wheel(0, -1500);
      await page.locator(".jump-pill-bottom").waitFor();
      await Bun.sleep(200);
      const steady = async (change: () => Promise<unknown>, name: string) => {
        const before = await middleRow(page);
        await change();
        await Bun.sleep(250);
        const after = await topOf(page, before.key);
        expect(Math.abs(after! - before.top), name).toBeLessThanOrEqual(2);
      };
      const socket = await writer.enter();
      await steady(async () => {
        for (let index = 0; index < 3; index++) await socket.sayAndWait(`news ${index}`);
        await page.getByText("3 new messages").waitFor();
      }, "append");
      // Messages above the reader grow and shrink, and nothing in view moves.
      const above = await page.evaluate(() => {
        const view = document.querySelector(".messages-viewport")!.getBoundingClientRect();
        const rows = [...document.querySelectorAll<HTMLElement>(".row-message")];
        const before = rows.filter((row) => row.getBoundingClientRect().bottom < view.top);
        return before.slice(-4).map((row) => Number(row.dataset.seq));
      });
      const general = { room: generalRoomId };
      await steady(
        () => writer.run("message.edit", { ...general, seq: above[0]!, text: "longer\n".repeat(8) }),
        "edit",
      );
      await steady(() => writer.run("reaction.add", { ...general, seq: above[1]!, emoji: "👍" }), "reaction");
      await steady(() => writer.say(generalRoomId, "an answer", { threadRoot: above[2]! }), "thread");
      await steady(() => writer.run("message.delete", { ...general, seq: above[3]! }), "delete");
      expect(await page.locator(`.row[data-seq="${above[0]}"]`).innerText()).toContain("longer");
      await steady(() => page.setViewportSize({ width: 1360, height: 600 }), "height");
      const topRow = () =>
        page.evaluate(() => {
          const view = document.querySelector(".messages-viewport")!.getBoundingClientRect();
          const rows = [...document.querySelectorAll<HTMLElement>(".row-message")];
          const row = rows.find((candidate) => candidate.getBoundingClientRect().bottom > view.top)!;
          return { key: row.dataset.key!, top: row.getBoundingClientRect().top - view.top };
        });
      // Lines of another width are of another height, so the row at the top stays.
      const steadyTop = async (change: () => Promise<unknown>, name: string) => {
        const { key, top } = await topRow();
        await change();
        await Bun.sleep(250);
        expect(Math.abs((await topOf(page, key))! - top), name).toBeLessThanOrEqual(2);
      };
      await steadyTop(() => page.setViewportSize({ width: 700, height: 600 }), "width");
      await steadyTop(() => page.getByRole("button", { name: /^\d+ members?$/ }).click(), "panel");
      await page.keyboard.press("Escape");
      await page.getByText("3 new messages").click();
      expect(await waitUntil(() => isAtEnd(page))).toBe(true);
      expect((await shownTexts(page)).slice(-3)).toEqual(["news 0", "news 1", "news 2"]);
      await page.locator(".jump-pill-bottom").waitFor({ state: "detached" });
      socket.close();
      await page.context().close();
    }, 30_000);

    test("a room opens at the first unread message under a New line; reading marks it on every device; Escape goes to the end", async () => {
      const socket = await writer.enter();
      const caughtUp = await henry.enter();
      const seq = await socket.sayAndWait("all read up to here");
      await caughtUp.command({ type: "room.mark_read", room: "general" as never, seq });
      caughtUp.close();
      for (let index = 0; index < 60; index++) socket.say(`unread ${index}`);
      const last = await socket.sayAndWait("unread end");
      const { page } = await openChat(browser, henry);
      const line = page.locator(".row-unread");
      await line.waitFor();
      const place = await line.boundingBox();
      expect(place!.y).toBeWithin(52, 500);
      expect(await isAtEnd(page)).toBe(false);
      expect(await page.title()).toMatch(/^\(\d+\) General/);
      const first = await page.evaluate(
        () => document.querySelector(".row-unread")!.nextElementSibling!.textContent,
      );
      expect(first).toContain("unread 0");
      await page.keyboard.press("Escape");
      expect(await waitUntil(() => isAtEnd(page))).toBe(true);
      await line.waitFor({ state: "detached" });
      expect(await waitUntil(async () => (await page.title()) === "General · novaX")).toBe(true);
      const readOnServer = async () =>
        Number(/"readSeq":(\d+)/.exec(await (await henry.fetch("/chat")).text())![1]);
      expect(await waitUntil(async () => (await readOnServer()) === last)).toBe(true);
      socket.close();
      await page.context().close();
    }, 30_000);

    test("a reader who scrolled up a little stays there, whatever others do; scrolling down follows again", async () => {
      const { page } = await openChat(browser, henry);
      const socket = await writer.enter();
      await page.mouse.move(700, 400);
      await page.mouse.wheel(0, -60);
      await page.locator(".jump-pill-bottom").waitFor();
      const before = await middleRow(page);
      await socket.command({ type: "typing.start", room: "general" as never });
      await page.getByText("writer is typing…").waitFor();
      await socket.sayAndWait("not for now");
      await page.getByText("1 new message").waitFor();
      expect(Math.abs((await topOf(page, before.key))! - before.top)).toBeLessThanOrEqual(2);
      await page.mouse.wheel(0, 400);
      await page.locator(".jump-pill-bottom").waitFor({ state: "detached" });
      await socket.sayAndWait("followed again");
      expect(await waitUntil(() => isAtEnd(page))).toBe(true);
      socket.close();
      await page.context().close();
    }, 20_000);

    test("a composer that grows while you type keeps the list at its end", async () => {
      const { page } = await openChat(browser, henry);
      const field = page.locator(".composer-field");
      const height = () => field.evaluate((element) => element.clientHeight);
      const low = await height();
      await field.fill(Array.from({ length: 12 }, (_, index) => `line ${index}`).join("\n"));
      expect(await waitUntil(async () => (await height()) > 4 * low)).toBe(true);
      await field.pressSequentially("abc");
      expect(await waitUntil(() => isAtEnd(page))).toBe(true);
      expect(await page.locator(".jump-pill-bottom").count()).toBe(0);
      await field.fill("x\n".repeat(200));
      expect(await height()).toBeLessThanOrEqual(820 * 0.4 + 2);
      await field.fill("");
      expect(await waitUntil(async () => (await height()) === low)).toBe(true);
      await page.context().close();
    });

    test("on a phone nothing is marked read while the room list is shown; the badge shows what is unread", async () => {
      const { page } = await openChat(browser, henry, phone);
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "All rooms" }).tap();
      const socket = await writer.enter();
      await socket.sayAndWait("for later");
      const news = page.locator(".room-item-unread .room-item-news");
      await news.waitFor({ state: "attached" });
      await Bun.sleep(700);
      expect(await news.textContent()).toContain("1 unread");
      await page.goBack();
      await news.waitFor({ state: "detached" });
      socket.close();
      await page.context().close();
    });

    test("sending a message leads to the end from anywhere", async () => {
      const { page } = await openChat(browser, henry);
      await page.mouse.move(700, 400);
      await page.mouse.wheel(0, -3000);
      await page.locator(".jump-pill-bottom").waitFor();
      await say(page, "back to the end");
      expect(await waitUntil(() => isAtEnd(page))).toBe(true);
      expect((await shownTexts(page)).at(-1)).toBe("back to the end");
      await page.context().close();
    });
  });

  test("[X03] [X04] [A3] whatever people write stays text: no payload runs or creates an element, and the policy has nothing to block", async () => {
    const ivan = await join(server, "ivan");
    const socket = await ivan.enter();
    for (const payload of payloads) await socket.sayAndWait(payload);
    const { page, faults } = await openChat(browser, ivan);
    await waitForText(page, "the last payload");
    const found = await page.evaluate(() => ({
      ran: (globalThis as { xss?: unknown }).xss !== undefined,
      elements: document.querySelectorAll(
        ".message-text :is(script, img, iframe, svg, object, embed, style, form, input, base, math, video, link, meta)",
      ).length,
      handlers: [...document.querySelectorAll(".message-text *")]
        .flatMap((element) => element.getAttributeNames())
        .filter((name) => name.startsWith("on")),
      links: [...document.querySelectorAll<HTMLAnchorElement>(".message-text a")].map((link) => [
        link.protocol,
        link.rel,
      ]),
    }));
    expect(found).toMatchObject({ ran: false, elements: 0, handlers: [] });
    for (const [protocol, rel] of found.links) {
      expect(["http:", "https:", "mailto:"]).toContain(protocol!);
      expect(rel).toContain("noopener");
    }
    for (const link of await page.locator(".message-text a").all()) await link.hover();
    expect(faults).toEqual([]);
    socket.close();
    await page.context().close();
  }, 30_000);
});

function idOf(page: Page): Promise<string> {
  return page.evaluate(
    () => (JSON.parse(document.getElementById("bootstrap")!.textContent!) as { you: { id: string } }).you.id,
  );
}

const run = "globalThis.xss=1";
const payloads = [
  `<script>${run}</script>`,
  `<img src=x onerror=${run}>`,
  `<svg onload=${run}>`,
  `<svg><script>${run}</script></svg>`,
  `<iframe srcdoc="<script>parent.xss=1</script>">`,
  `<body onload=${run}>`,
  `<details open ontoggle=${run}>`,
  `<math><mtext><table><mglyph><style><img src=x onerror=${run}>`,
  `"><img src=x onerror=${run}>`,
  `'"--></title></textarea></script><script>${run}</script>`,
  `[click](javascript:${run})`,
  `[click](JAVASCRIPT:${run})`,
  `[click](java\tscript:${run})`,
  `[click](&#106;avascript:${run})`,
  `[click](data:text/html;base64,PHNjcmlwdD5wYXJlbnQueHNzPTE8L3NjcmlwdD4=)`,
  `[click](vbscript:${run})`,
  `<javascript:${run}>`,
  `![x](x" onerror="${run})`,
  `![x](javascript:${run})`,
  `[a](https://example.org" onmouseover="${run})`,
  `[a](<https://example.org" onmouseover="${run}>)`,
  `https://example.org/"onmouseover="${run}`,
  `https://example.org/<script>${run}</script>`,
  `[ref]\n\n[ref]: javascript:${run}`,
  `\`\`\`"><img src=x onerror=${run}>\nx\n\`\`\``,
  `\`<img src=x onerror=${run}>\``,
  `<a href="javascript:${run}">x</a>`,
  `<base href="https://evil.example/">`,
  `<meta http-equiv="refresh" content="0;url=javascript:${run}">`,
  `<link rel=stylesheet href=https://evil.example/x.css>`,
  `<style>@import 'https://evil.example/x.css'</style>`,
  `<form action=https://evil.example><button>x</button></form>`,
  `<input autofocus onfocus=${run}>`,
  `<video><source onerror=${run}></video>`,
  `<object data="javascript:${run}"></object>`,
  `<embed src="javascript:${run}">`,
  `<template><script>${run}</script></template>`,
  `<noscript><p title="</noscript><img src=x onerror=${run}>">`,
  `<!--<img src="--><img src=x onerror=${run}>">`,
  `<![CDATA[<img src=x onerror=${run}>]]>`,
  `&lt;script&gt;${run}&lt;/script&gt;`,
  `\\<script>${run}</script>`,
  `{{constructor.constructor('${run}')()}}`,
  `\${${run}}`,
  `<x onclick=${run}>x</x>`,
  `<p style="background:url(javascript:${run})">x</p>`,
  "the last payload",
];
