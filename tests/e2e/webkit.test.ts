import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generalRoomId as general } from "@novax/protocol/general-room";
import { Person, password } from "../support/person.ts";
import { waitUntil } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";
import { walk } from "../support/walk.ts";
import { hasWebKit, WebKit } from "../support/webkit.ts";

// Not skipped where WebKit cannot be installed, but left out: npm test says so.
if (hasWebKit)
  describe("[V1] in WebKit", () => {
    const { server, restart } = useServer("embedded", {
      people: [],
      env: { MESSAGES_PER_SECOND: "100000" },
    });
    const alice = new Person(server, "alice");
    let browser: WebKit;

    /** A finger that presses for a while, at the middle of an element. */
    const hold = async (selector: string, forMs: number) => {
      const send = (type: string) =>
        browser.run(
          `const [selector, type] = arguments;
          const target = document.querySelector(selector);
          const { x, y, width, height } = target.getBoundingClientRect();
          target.dispatchEvent(new PointerEvent(type, { bubbles: true, cancelable: true, pointerType: "touch",
            isPrimary: true, pointerId: 7, clientX: x + width / 2, clientY: y + height / 2 }));`,
          selector,
          type,
        );
      await send("pointerdown");
      await Bun.sleep(forMs);
      await send("pointerup");
    };
    const row = ".row-message .message-text";

    beforeAll(async () => {
      browser = await WebKit.start({ width: 420, height: 860 });
    }, 60_000);
    afterAll(() => browser?.stop());

    test("somebody creates an account, is told what is wrong in place, and keeps what they typed", async () => {
      await browser.go(`${server.url}/`);
      await browser.type("[name=username]", "alice");
      await browser.type("[name=email]", "not an address");
      await browser.type("[name=password]", password);
      await browser.run("document.querySelector('form').noValidate = true");
      expect(
        await browser.run("return document.querySelector('[name=confirm_password]').offsetParent"),
      ).toBeNull();
      await browser.click(".show-password");
      expect(await browser.run<string>("return document.querySelector('[name=password]').type")).toBe("text");
      await browser.click("form button[type=submit]");
      await browser.until("return document.querySelector('#email-problem')");
      expect(await browser.run<string>("return document.querySelector('[name=password]').value")).toBe(
        password,
      );
      await browser.run("document.querySelector('[name=email]').value = ''");
      await browser.type("[name=email]", "alice@example.org");
      await browser.click("form button[type=submit]");
      await browser.until("return location.pathname === '/chat'");
    }, 60_000);

    test("what is written is drawn, and a press and hold opens the sheet with its six emoji and its actions", async () => {
      await browser.run(
        "window.faults = []; addEventListener('error', (event) => faults.push(event.message));",
      );
      await browser.type(".composer-field", "hello **WebKit** 2*3*4 https://пример.рф/\uE007");
      await browser.until(
        "return document.querySelector('.row-message[data-seq] strong')?.textContent === 'WebKit'",
      );
      expect(await browser.run<string>(`return document.querySelector("${row}").textContent`)).toBe(
        "hello WebKit 2*3*4 https://пример.рф/",
      );
      await hold(row, 200);
      await Bun.sleep(500);
      expect(await browser.run("return document.querySelector('[role=menu]')")).toBeNull();
      await hold(row, 700);
      await browser.until("return document.querySelectorAll('[role=menu] .menu-emoji').length === 6");
      expect(await browser.run<string>("return String(getSelection())")).toBe("");
      await browser.click("[role=menu] .menu-emoji");
      await browser.until("return document.querySelector('.reaction-own')");
      expect(await browser.run<string[]>("return faults")).toEqual([]);
    }, 60_000);

    test("an overlay takes the keys from the first on", async () => {
      const bob = new Person(server, "bob");
      await bob.register();
      await browser.run(
        "document.activeElement.blur(); dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true }));" +
          "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true, cancelable: true }));",
      );
      await browser.type("dialog[open] input", "bob");
      await browser.until("return document.querySelector('dialog[open]').textContent.includes('bob')");
    }, 60_000);

    test("what was seen opens without the server; what is written there is sent on return", async () => {
      await browser.go(`${server.url}/chat`);
      await browser.until("return document.body.innerText.includes('hello WebKit')");
      // What a script waits for can't be returned by it here, so it is left on the window.
      await browser.until(
        "caches.keys().then(async (names) => { const app = names.find((name) => name.startsWith('app-'));" +
          "window.hasApp = names.includes('kept') && app !== undefined && (await (await caches.open(app)).keys()).length > 5; });" +
          // What this page shows is kept, and not only what an earlier one did.
          "indexedDB.open('novax-kept').onsuccess = ({ target: { result } }) => {" +
          "const rows = result.transaction('values').objectStore('values').getAll();" +
          "rows.onsuccess = () => { result.close();" +
          "window.hasRoom = rows.result.some(({ name, at }) => name === 'room general' && at > performance.timeOrigin); }; };" +
          "return window.hasApp && window.hasRoom",
      );
      await server.stop();
      await browser.go(`${server.url}/chat`);
      await browser.until("return document.body.innerText.includes('hello WebKit')");
      await browser.type(".composer-field", "written without a line\uE007");
      await browser.until("return document.body.innerText.includes('written without a line')");
      await restart();
      await alice.signIn();
      const sent = async () => JSON.stringify(await alice.read(`/api/rooms/${general}/timeline`));
      expect(await waitUntil(async () => (await sent()).includes("written without a line"), 20_000)).toBe(
        true,
      );
    }, 90_000);

    test("[V14] the way through the chat, at a desk and at the width of a phone", async () => {
      const walker = new Person(server, "walker");
      await walker.register();
      const { room } = await alice.run("room.create", {
        kind: "public",
        name: "Workshop",
        people: [await walker.id()],
      });
      await browser.clearCookies();
      await walk(browser, { person: walker, room: room.id, name: "WebKit" });
      // The views are as high as the rooms, without a bullet beside them.
      await browser.resize(1200, 800);
      expect(
        await browser.evaluate<string>(
          "getComputedStyle(document.querySelector('.room-views li')).listStyleType",
        ),
      ).toBe("none");
      // Escape in a search field closes what it is in.
      await browser.run(
        "document.activeElement.blur(); document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true, cancelable: true }));",
      );
      await browser.until("return document.querySelector('dialog[open] input') === document.activeElement");
      await browser.keys("x\uE00C");
      await browser.until("return !document.querySelector('dialog[open]')");
    }, 90_000);
  });
