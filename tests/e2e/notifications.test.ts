// Notifications of a device: turned on in the settings, shown by the service worker also while no page is open, and chosen.
// Chromium's own push service can't be reached here, so a device of ours subscribes, and what arrives there is delivered.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generalRoomId as general } from "@novax/protocol/general-room";
import type { PushMessage } from "@novax/protocol/push";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { axeFindings, desktop, launchBrowser, openChat, phone, waitUntilOpen } from "../support/browser.ts";
import type { Person } from "../support/person.ts";
import { startPushService, type TestDevice } from "../support/push-service.ts";
import { chromiumPath, waitUntil } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

type Shown = { title: string; body: string; tag: string };

describe.skipIf(!chromiumPath)("notifications on this device", () => {
  const service = startPushService();
  const { server, alice, bob, carol, smtp } = useServer("embedded", {
    hasMail: true,
    env: { PUSH_SERVICES: service.origin },
  });
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser({ isWhole: true });
  });
  afterAll(async () => {
    await browser?.close();
    await service.stop();
  });

  /** Makes the pages of a context subscribe with a device of ours, and counts what they do. */
  async function giveDevice(context: BrowserContext): Promise<TestDevice> {
    const device = service.makeDevice();
    await context.grantPermissions(["notifications"]);
    await context.addInitScript(({ endpoint, p256dh, auth }) => {
      const key = "test-subscribed";
      const subscription = {
        endpoint,
        toJSON: () => ({ endpoint, keys: { p256dh, auth } }),
        unsubscribe: async () => {
          localStorage.removeItem(key);
          return true;
        },
      } as unknown as PushSubscription;
      PushManager.prototype.subscribe = async () => {
        localStorage.setItem(key, "yes");
        return subscription;
      };
      PushManager.prototype.getSubscription = async () => (localStorage.getItem(key) ? subscription : null);
    }, device.fields);
    return device;
  }

  async function openSettings(page: Page): Promise<void> {
    await page.locator(".account summary").click();
    await page.getByRole("button", { name: "Settings", exact: true }).click();
    await page.getByRole("button", { name: "Notifications", exact: true }).click();
  }

  const inSettings = (page: Page) => page.locator("dialog[open]");
  const onSwitch = (page: Page) =>
    inSettings(page).getByLabel("Notify me on this device while novaX is closed");

  async function turnOn(page: Page, person: Person): Promise<void> {
    await openSettings(page);
    await onSwitch(page).click();
    await inSettings(page).getByLabel("A notification shows").waitFor();
    const { device } = await person.read<{ device: object | null }>("/api/me/push");
    expect(device).not.toBeNull();
  }

  /**
   * Delivers a message to the worker of a context, as the browser does when its push service has one, and waits until it is
   * shown. Chromium forgets a notification whose list is read while it is being shown.
   */
  async function deliver(page: Page, message: PushMessage): Promise<void> {
    const [worker] = page.context().serviceWorkers();
    await worker!.evaluate(() => {
      const scope = globalThis as unknown as {
        registration: ServiceWorkerRegistration;
        shown: Promise<void>;
      };
      const { registration } = scope;
      const show = registration.showNotification;
      scope.shown = new Promise((resolve) => {
        registration.showNotification = async (...given) => {
          registration.showNotification = show;
          await registration.showNotification(...given);
          resolve();
        };
      });
    });
    const session = await page.context().newCDPSession(page);
    const registered = new Promise<string>((resolve) =>
      session.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
        const own = registrations.find(({ scopeURL }) => scopeURL.startsWith(server.url));
        if (own) resolve(own.registrationId);
      }),
    );
    await session.send("ServiceWorker.enable");
    const registrationId = await registered;
    const data = JSON.stringify(message);
    await session.send("ServiceWorker.deliverPushMessage", { origin: server.url, registrationId, data });
    await session.detach();
    await worker!.evaluate(() => (globalThis as unknown as { shown: Promise<void> }).shown);
  }

  const shownOn = (page: Page): Promise<Shown[]> =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      const shown = (await registration?.getNotifications()) ?? [];
      return shown.map(({ title, body, tag }) => ({ title, body, tag }));
    });

  /** Chooses the notification that is shown, or a button of it, as a person does in the system's list. */
  async function choose(context: BrowserContext, action = ""): Promise<void> {
    const [worker] = context.serviceWorkers();
    await worker!.evaluate(async (chosen) => {
      const { registration } = globalThis as unknown as { registration: ServiceWorkerRegistration };
      const [notification] = await registration.getNotifications();
      const Event = (globalThis as unknown as Record<string, new (type: string, init: object) => Event>)
        .NotificationEvent!;
      dispatchEvent(new Event("notificationclick", { notification, action: chosen }));
    }, action);
  }

  test("are turned on, tried, told what to say, and turned off again", async () => {
    const { page, faults } = await openChat(browser, bob, desktop);
    const device = await giveDevice(page.context());
    await page.reload();
    await waitUntilOpen(page);
    await turnOn(page, bob);
    await inSettings(page).getByRole("button", { name: "Send me a test" }).click();
    await page.getByText("Sent. It should appear in a moment.").waitFor();
    await deliver(page, device.received[0]!.message);
    expect(await shownOn(page)).toHaveLength(1);
    expect(await shownOn(page)).toEqual([
      { title: "novaX", body: "Notifications work on this device.", tag: "test" },
    ]);
    await inSettings(page).getByLabel("A notification shows").selectOption("sender");
    const content = async () =>
      (await bob.read<{ device: { content: string } | null }>("/api/me/push")).device?.content ?? null;
    expect(await waitUntil(async () => (await content()) === "sender")).toBe(true);
    expect(await axeFindings(page, "dialog[open]")).toEqual([]);
    await onSwitch(page).click();
    expect(await waitUntil(async () => (await content()) === null)).toBe(true);
    // It stays off.
    await page.reload();
    await waitUntilOpen(page);
    await openSettings(page);
    await onSwitch(page).waitFor();
    expect(await onSwitch(page).isChecked()).toBe(false);
    expect(faults).toEqual([]);
    await page.context().close();
  }, 60_000);

  test("a message that comes while no page is open is shown with its words; chosen, it is opened in the page that is there", async () => {
    const { page } = await openChat(browser, bob, desktop);
    const { room } = await alice.run("room.create", {
      kind: "private",
      name: "Workshop",
      people: [await bob.id()],
    });
    const device = await giveDevice(page.context());
    await page.reload();
    await waitUntilOpen(page);
    await turnOn(page, bob);
    const blank = await page.context().newPage();
    await page.close();
    const seq = await alice.say(room.id, "@bob the lathe is back");
    expect(await waitUntil(() => device.received.length === 1, 15_000)).toBe(true);
    await deliver(blank, device.received[0]!.message);
    const again = await page.context().newPage();
    await again.goto(`${server.url}/chat/${general}`);
    await waitUntilOpen(again);
    expect(await shownOn(again)).toEqual([
      { title: "alice in Workshop", body: "@bob the lathe is back", tag: room.id },
    ]);
    await choose(page.context());
    await again.waitForURL(`**/chat/${room.id}/${seq}`);
    await again.getByText("@bob the lathe is back").first().waitFor();
    // Read, it is gone from the device too.
    expect(await waitUntil(async () => (await shownOn(again)).length === 0, 15_000)).toBe(true);
    await again.context().close();
  }, 60_000);

  test("marked as read from the notification, the message is read on all devices", async () => {
    const { page } = await openChat(browser, carol, desktop);
    const { room } = await alice.run("room.create", {
      kind: "private",
      name: "Garden",
      people: [await carol.id()],
    });
    const device = await giveDevice(page.context());
    await page.goto(`${server.url}/chat/${general}`);
    await waitUntilOpen(page);
    await turnOn(page, carol);
    const seq = await alice.say(room.id, "@carol the seeds are here");
    expect(await waitUntil(() => device.received.length === 1, 15_000)).toBe(true);
    await deliver(page, device.received[0]!.message);
    expect(await shownOn(page)).toHaveLength(1);
    await choose(page.context(), "read");
    expect(await waitUntil(async () => (await carol.room(room.id)).readSeq === seq)).toBe(true);
    expect(await shownOn(page)).toEqual([]);
    await page.context().close();
  }, 60_000);

  test("a session that ended gets none; after the next sign-in in the same browser they go on by themselves", async () => {
    const second = await carol.inAnotherBrowser();
    const { page } = await openChat(browser, second, desktop);
    const context = page.context();
    const device = await giveDevice(context);
    await page.reload();
    await waitUntilOpen(page);
    await turnOn(page, second);
    await second.post("/logout", {});
    // The page leaves by itself; until then it would interrupt where the test goes.
    await page.waitForURL("**/?done=session-ended");
    await alice.say(general, "@carol are you there?");
    const third = await carol.inAnotherBrowser();
    await context.clearCookies();
    await context.addCookies([...third.cookies].map(([name, value]) => ({ name, value, url: server.url })));
    await page.goto(`${server.url}/chat`);
    await waitUntilOpen(page);
    const state = () => third.read<{ device: { endpoint: string } | null }>("/api/me/push");
    expect(await waitUntil(async () => (await state()).device?.endpoint === device.fields.endpoint)).toBe(
      true,
    );
    await page.goto("about:blank");
    await alice.say(general, "@carol now?");
    const bodies = () => device.received.map(({ message }) => message.notification.body);
    expect(await waitUntil(() => bodies().includes("@carol now?"), 15_000)).toBe(true);
    expect(bodies()).not.toContain("@carol are you there?");
    // Somebody else signs in: nothing of hers is shown to them.
    await context.clearCookies();
    await context.addCookies([...bob.cookies].map(([name, value]) => ({ name, value, url: server.url })));
    await page.goto(`${server.url}/chat`);
    await waitUntilOpen(page);
    const isSubscribed = () => page.evaluate(() => localStorage.getItem("test-subscribed") !== null);
    expect(await waitUntil(async () => !(await isSubscribed()))).toBe(true);
    await context.close();
  }, 60_000);

  test("the chat can be installed as an app, as far as Chromium can tell in a test, and its icon opens what it offers", async () => {
    const { page } = await openChat(browser, bob, desktop);
    await page.evaluate(async () => void (await navigator.serviceWorker.ready));
    const session = await page.context().newCDPSession(page);
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    // A test's browser keeps nothing, as a private window does.
    expect(installabilityErrors.map(({ errorId }) => errorId)).toEqual(["in-incognito"]);
    expect((await session.send("Page.getAppManifest")).errors).toEqual([]);
    await page.goto(`${server.url}/chat?open=message`);
    await page.getByRole("dialog", { name: "New message" }).waitFor();
    await page.goto(`${server.url}/chat?open=search`);
    await page.locator(".switcher").waitFor();
    expect(new URL(page.url()).search).toBe("");
    await page.context().close();
  }, 60_000);

  for (const [size, options] of [
    ["desktop", desktop],
    ["phone", phone],
  ] as const)
    test(`quiet hours and email about what stays unread are chosen in the settings (${size})`, async () => {
      const { link } = await smtp.next("bob@example.org", /code/);
      await bob.post("/verify", { token: new URL(link).searchParams.get("token")! });
      const { page } = await openChat(browser, bob, options);
      if (size === "phone") await page.evaluate(() => history.back());
      await openSettings(page);
      const quiet = async () =>
        (await bob.read<{ quietHours: { from: number; to: number } | null }>("/api/me")).quietHours;
      const isQuiet = async (from: number | null, to?: number) => {
        const hours = await quiet();
        return from === null ? hours === null : hours?.from === from && hours.to === to;
      };
      const box = inSettings(page).getByLabel("Quiet hours every day, without notifications");
      await box.click();
      expect(await waitUntil(() => isQuiet(22 * 60, 7 * 60))).toBe(true);
      await inSettings(page).getByLabel("From", { exact: true }).fill("21:30");
      await inSettings(page).getByLabel("From", { exact: true }).press("Enter");
      expect(await waitUntil(() => isQuiet(21 * 60 + 30, 7 * 60))).toBe(true);
      expect(await axeFindings(page, "dialog[open]")).toEqual([]);
      await box.click();
      expect(await waitUntil(() => isQuiet(null))).toBe(true);
      const mail = inSettings(page).getByLabel("Email me about unread mentions and direct messages");
      const minutes = async () => (await bob.read<{ minutes: number | null }>("/api/me/unread-mail")).minutes;
      for (const [name, chosen] of [
        ["After 15 minutes", 15],
        ["Never", null],
        ["After an hour", 60],
      ] as const) {
        await mail.selectOption({ label: name });
        await inSettings(page).getByRole("button", { name: "Apply" }).click();
        expect(await waitUntil(async () => (await minutes()) === chosen)).toBe(true);
      }
      await page.context().close();
    }, 60_000);

  test("on a phone where the browser blocks them it says what to do", async () => {
    const { page } = await openChat(browser, bob, phone);
    await page.context().addInitScript(() => {
      Object.defineProperty(Notification, "permission", { get: () => "denied" });
    });
    await page.reload();
    await waitUntilOpen(page);
    await page.evaluate(() => history.back());
    await page.locator(".account summary").click();
    await page.getByRole("button", { name: "Settings", exact: true }).click();
    await page.getByRole("button", { name: "Notifications", exact: true }).click();
    await page.getByText("Notifications from this site are blocked in your browser.").waitFor();
    await page.context().close();
  }, 60_000);
});
