// In Firefox: the whole way of a notification, of which nothing is replaced (it subscribes at a push service, gets what the server
// sends while no page is open, decrypts it and shows it), and the chat without a connection.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generalRoomId as general } from "@novax/protocol/general-room";
import type { TimelinePage } from "@novax/protocol/reads";
import { Firefox, type FirefoxPage, firefoxPath } from "../support/firefox.ts";
import { startFirefoxPush } from "../support/firefox-push.ts";
import { waitUntil } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";
import { walk } from "../support/walk.ts";

if (firefoxPath)
  describe("in Firefox", () => {
    const service = startFirefoxPush();
    const { server, alice, bob, restart } = useServer("embedded", {
      env: { PUSH_SERVICES: service.origin, MESSAGES_PER_SECOND: "100000" },
    });
    let firefox: Firefox;

    beforeAll(async () => {
      firefox = await Firefox.start({ pushService: service.socket });
      for (const [name, value] of bob.cookies) await firefox.setCookie(name, value);
    }, 60_000);
    afterAll(async () => {
      await firefox?.stop();
      await service.stop();
    });

    const click = (page: FirefoxPage, text: string) =>
      page.run(`(() => {
        const all = [...document.querySelectorAll("button, label, summary")];
        all.find((element) => element.textContent.trim() === ${JSON.stringify(text)}).click();
        return true;
      })()`);
    const has = (page: FirefoxPage, text: string) =>
      waitUntil(() => page.run<boolean>(`document.body.innerText.includes(${JSON.stringify(text)})`), 15_000);
    const shown = (page: FirefoxPage) =>
      page.run<{ title: string; body: string }[]>(`(async () => {
        const registration = await navigator.serviceWorker.ready;
        const shown = await registration.getNotifications();
        return shown.map(({ title, body }) => ({ title, body }));
      })()`);

    const isOpen = (page: FirefoxPage) =>
      waitUntil(() => page.run<boolean>(`!!document.querySelector(".composer-field")`), 15_000);

    test("what was seen opens without the server; what is written there is sent once, in order, on return", async () => {
      await alice.say(general, "seen before");
      const page = await firefox.open(`${server.url}/chat`);
      expect(await has(page, "seen before")).toBe(true);
      const isKept = `(async () => {
        const app = (await caches.keys()).find((name) => name.startsWith("app-"));
        return (await caches.has("kept")) && app !== undefined && (await (await caches.open(app)).keys()).length > 5;
      })()`;
      expect(await waitUntil(() => page.run<boolean>(isKept), 20_000)).toBe(true);
      await server.stop();
      await page.go(`${server.url}/chat`);
      expect(await has(page, "seen before")).toBe(true);
      for (const text of ["from Firefox one", "from Firefox two"])
        await page.run(`(async () => {
          const field = document.querySelector(".composer-field");
          field.value = ${JSON.stringify(text)};
          field.dispatchEvent(new InputEvent("input", { bubbles: true }));
          await new Promise((resolve) => requestAnimationFrame(resolve));
          document.querySelector(".composer-send").click();
          return true;
        })()`);
      expect(await has(page, "from Firefox two")).toBe(true);
      const again = await firefox.open(`${server.url}/chat`);
      await page.close();
      expect(await has(again, "from Firefox two")).toBe(true);
      await restart();
      const sent = async () => {
        const { entries } = await alice.read<TimelinePage>(`/api/rooms/${general}/timeline`);
        const texts = entries.flatMap((entry) =>
          entry.kind === "message" && entry.body.kind === "text" ? [entry.body.text] : [],
        );
        return texts.filter((text) => text.startsWith("from Firefox")).join();
      };
      expect(
        await waitUntil(async () => (await sent()) === "from Firefox one,from Firefox two", 20_000),
      ).toBe(true);
      await again.close();
    }, 90_000);

    test("the way through the chat, at a desk and at the width of a phone", async () => {
      const { room } = await alice.run("room.create", {
        kind: "public",
        name: "Workshop",
        people: [await bob.id()],
      });
      const page = await firefox.open("about:blank");
      await firefox.clearCookies();
      await walk({ ...page, evaluate: page.run }, { person: bob, room: room.id, name: "Firefox" });
      await page.close();
      await firefox.clearCookies();
      for (const [name, value] of bob.cookies) await firefox.setCookie(name, value);
    }, 90_000);

    test("it subscribes in the settings; a message that comes while the page is closed is shown with its words", async () => {
      const page = await firefox.open(`${server.url}/chat`);
      expect(await isOpen(page)).toBe(true);
      await page.run(`document.querySelector(".account summary").click()`);
      expect(await has(page, "Settings")).toBe(true);
      await click(page, "Settings");
      expect(await has(page, "Notifications")).toBe(true);
      await click(page, "Notifications");
      expect(await has(page, "Notify me on this device")).toBe(true);
      await click(page, "Notify me on this device while novaX is closed");
      expect(await has(page, "A notification shows")).toBe(true);
      const { device } = await bob.read<{ device: { endpoint: string } | null }>("/api/me/push");
      expect(device?.endpoint).toStartWith(`${service.origin}/send/`);
      await click(page, "Send me a test");
      expect(await waitUntil(() => service.acknowledged.length === 1, 15_000)).toBe(true);
      const blank = await firefox.open("about:blank");
      await page.close();
      await alice.say(general, "@bob the lathe is back");
      expect(await waitUntil(() => service.acknowledged.length === 2, 15_000)).toBe(true);
      expect(service.acknowledged).toEqual([100, 100]);
      const again = await firefox.open(`${server.url}/account`);
      // Without a desktop Firefox takes them away by itself after some seconds, so the first may be gone.
      expect(await shown(again)).toContainEqual({
        title: "alice in General",
        body: "@bob the lathe is back",
      });
      await blank.close();
    }, 90_000);
  });
