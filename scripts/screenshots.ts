// npm run screenshots: every page, desktop and phone, light and dark, in English and German, into build/screenshots;
// the README's picture; and which texts of the catalogues are on none of them.
import { mkdirSync } from "node:fs";
import { join as joinPath, resolve } from "node:path";
import type { Language } from "@novax/protocol/language";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { de } from "../server/src/texts/de.ts";
import { en } from "../server/src/texts/en.ts";
import type { Person } from "../tests/support/person.ts";
import { unseenTexts } from "./unseen-texts.ts";

process.env.NOVAX_TEST_CHROMIUM ??= Bun.which("chromium") ?? undefined;
const { launchBrowser, openChat, openPage, phone, desktop, tablet } = await import(
  "../tests/support/browser.ts"
);
const { addPasskey, setUpFactor } = await import("../tests/support/factors.ts");
const { join } = await import("../tests/support/person.ts");
const { catalogues, furnish, scenesIn, wordyScenesIn } = await import("../tests/support/scenes.ts");
const { createTestData, startServer } = await import("../tests/support/server.ts");

const root = resolve(import.meta.dir, "..");
const folder = joinPath(root, "build/screenshots");
mkdirSync(folder, { recursive: true });

const serverTexts = { en, de };
const accountPages = [
  ...[
    "",
    "/profile",
    "/email",
    "/password",
    "/two-factor",
    "/two-factor?setup=1",
    "/passkeys",
    "/devices",
    "/data",
  ].map((page) => `/account${page}`),
  ...["", "/invites", "/settings", "/audit"].map((page) => `/admin${page}`),
];
const refusedPages = ["/reset?token=none", "/verify?token=none", "/join/none", "/nothing", "/login/code"];

type Look = {
  language: Language;
  size: string;
  colorScheme: "light" | "dark";
  options: BrowserContextOptions;
};
const looks: Look[] = [];
for (const [size, options] of Object.entries({ desktop, tablet, phone }))
  for (const colorScheme of ["light", "dark"] as const)
    for (const language of ["en", "de"] as const)
      if (language === "en" || (size === "desktop" && colorScheme === "light") || size === "phone")
        looks.push({ language, size, colorScheme, options: { ...options, colorScheme, locale: language } });

const seen: Record<Language, Set<string>> = { en: new Set(), de: new Set() };
const failures: string[] = [];

const data = await createTestData("embedded");
const server = await startServer(data);
const browser = await launchBrowser();
try {
  for (const look of looks.filter(({ size }) => size === "desktop")) {
    const { page } = await openPage(browser, look.options);
    for (const path of ["/", "/register"]) {
      await page.goto(server.url + path);
      await shoot(page, look, path === "/" ? "first-start" : "first-account");
    }
    await page.context().close();
  }
  const { room: workshop, people } = await furnish(server);
  const [alice, bob, carol] = people;
  await talk();
  await composePicture(browser, alice, workshop);
  const dave = await join(server, "dave");
  await alice.run("member.add", { room: workshop, people: [await dave.id()] });
  await bob.run("room.leave", { room: workshop });
  await bob.run("room.join", { room: workshop });
  await alice.run("room.set_topic", { room: workshop, topic: "Things in the making, and their makers" });
  await carol.say(workshop, "what nobody needs");
  await setUpFactor(dave);
  await addPasskey(alice, "Phone");
  const isWanted = ({ size, colorScheme, language }: Look) =>
    `${size}-${colorScheme}-${language}`.includes(process.argv[2] ?? "");
  for (const look of looks.filter(isWanted)) {
    const { page } = await openPage(browser, look.options);
    await signedOut(page, look);
    await page.context().close();
    const chat = await openChat(browser, alice, look.options);
    await chat.page.waitForTimeout(300);
    await shoot(chat.page, look, "chat");
    const scenes = [...scenesIn(look.language)];
    const isWordy = look.size !== "tablet" && (look.size === "desktop") === (look.colorScheme === "light");
    if (isWordy) scenes.push(...wordyScenesIn(look.language));
    for (const scene of scenes) {
      // A reload would reopen what was open.
      await chat.page.goto("about:blank");
      await chat.page.goto(`${server.url}/chat/${workshop}`);
      await chat.page.locator(".row-message").first().waitFor();
      await scene
        .open(chat.page, look.size === "phone")
        .then(() => chat.page.locator(scene.shown).first().waitFor({ timeout: 5000 }))
        .catch((error: Error) =>
          failures.push(`${scene.name}, ${look.language}, ${look.size}: ${error.message}`),
        );
      await chat.page.waitForTimeout(250);
      await shoot(chat.page, look, scene.name);
    }
    await signedIn(chat.page, look);
    await chat.page.context().close();
    await newcomer(look);
    if (isWordy) await states(look);
  }
  for (const language of ["en", "de"] as const) {
    const { t, more } = catalogues[language];
    const unseen = unseenTexts({ client: t, dialogs: more, server: serverTexts[language] }, seen[language]);
    console.log(`\n${language}: on no picture: ${unseen.length}\n${unseen.join("\n")}`);
  }
  if (failures.length > 0) console.log(`\nnot opened:\n${failures.join("\n")}`);

  /** The pages before the sign-in. */
  async function signedOut(page: Page, look: Look) {
    const texts = serverTexts[look.language];
    await page.goto(server.url);
    await shoot(page, look, "login");
    await page.locator("[name=username]").fill("alice");
    await page.locator("[name=password]").fill("wrong password");
    await page.getByRole("button", { name: texts.signIn.title, exact: true }).click();
    await page.getByRole("alert").waitFor();
    await shoot(page, look, "login-wrong");
    await page.goto(`${server.url}/register`);
    await page.locator("[name=password]").fill("a few words in a row");
    await shoot(page, look, "register");
    await page.locator("[name=username]").fill("x");
    await page.locator("[name=email]").fill("x@example.org");
    await page.locator("[name=password]").fill("short");
    await page.locator("form button[type=submit]").first().click();
    await page.locator("#password-problem").waitFor();
    await shoot(page, look, "register-wrong");
    await page.goto(`${server.url}/forgot`);
    await shoot(page, look, "forgot");
    for (const path of refusedPages) {
      await page.goto(server.url + path);
      await shoot(page, look, `refused-${path.slice(1).replace(/[/?=]/g, "-")}`);
    }
    // A second factor, with a wrong code.
    await page.goto(server.url);
    await page.locator("[name=username]").fill("dave");
    await page.locator("[name=password]").fill("four quiet words here");
    await page.getByRole("button", { name: texts.signIn.title, exact: true }).click();
    await page.locator("[name=code]").waitFor();
    await shoot(page, look, "second-factor");
  }

  /** The pages of an account, and of the server for its owner. */
  async function signedIn(page: Page, look: Look) {
    for (const path of accountPages) {
      await page.goto(server.url + path);
      await shoot(page, look, path.slice(1).replace(/[/?=]/g, "-"));
    }
    await page.goto(`${server.url}/admin/people/${await bob.id()}`);
    await shoot(page, look, "admin-person");
  }

  /** What is empty for somebody new. */
  async function newcomer(look: Look) {
    const { page } = await openChat(browser, dave, look.options);
    const { t, more } = catalogues[look.language];
    for (const [name, title] of Object.entries({
      mentions: more.inbox.tabs.mentions,
      threads: more.inbox.tabs.threads,
      saved: more.inbox.tabs.saved,
      scheduled: more.inbox.tabs.scheduled,
    })) {
      await page.goto("about:blank");
      await page.goto(`${server.url}/chat/general`);
      await page.locator(".composer-field").waitFor();
      if (look.size === "phone") await page.getByRole("button", { name: t.rooms.all, exact: true }).click();
      await page.locator(".room-item", { hasText: t.rooms.inbox }).first().click();
      await page.locator(".inbox-tabs .tab", { hasText: title }).click();
      await page.locator(".panel .panel-note, .panel .previews").first().waitFor();
      await shoot(page, look, `empty-${name}`);
    }
    await page.context().close();
  }

  /** Rooms that one can't write in, or only under conditions; and texts of which one place shows many. */
  async function states(look: Look) {
    const { t, more } = catalogues[look.language];
    const { page } = await openChat(browser, alice, look.options);
    const open = async (room: string, name: string, wait = ".row-message, .list-start") => {
      await page.goto("about:blank");
      await page.goto(`${server.url}/chat/${room}`);
      await page
        .locator(wait)
        .first()
        .waitFor({ timeout: 5000 })
        .catch(() => {});
      await page.waitForTimeout(250);
      await shoot(page, look, name);
    };
    await open((await alice.run("direct.open", { people: [] })).room.id, "own-notes");
    await open((await alice.run("direct.open", { people: [await dave.id()] })).room.id, "direct-start");
    const attic = (
      await bob.run("room.create", {
        kind: "public",
        name: `Attic ${look.size} ${look.language}`,
        people: [await alice.id(), await dave.id(), await carol.id()],
      })
    ).room.id;
    const lost = await bob.say(attic, "lost words");
    await alice.say(attic, "These words?", { replyTo: lost });
    await bob.run("message.delete", { room: attic, seq: lost });
    await bob.run("room.change", { room: attic, name: `Loft ${look.size} ${look.language}` });
    await bob.run("room.set_topic", { room: attic, topic: "Boxes" });
    await bob.run("room.set_topic", { room: attic, topic: "" });
    await bob.run("room.change", { room: attic, description: "Where things are that nobody needs." });
    await bob.run("member.remove", { room: attic, person: await dave.id() });
    await bob.run("room.archive", { room: attic });
    await open(attic, "archived");
    const board = (await alice.rooms()).find(({ name }) => name === "Board")!.id;
    await open(board, "board");
    await page.getByRole("button", { name: t.room.details, exact: true }).click();
    await page.getByRole("button", { name: more.details.leave, exact: true }).click();
    await page.locator("dialog[open]").waitFor();
    await shoot(page, look, "leave-ask");
    await bob.run("room.unarchive", { room: attic });
    await open(attic, "system-lines");
    await bob.run("room.change", { room: attic, posting: "moderators" });
    await page.goto(`${server.url}/chat/${attic}`);
    await bob.run("member.set_role", { room: attic, person: await carol.id(), role: "read_only" });
    for (const [who, name] of [
      [carol, "read-only"],
      [alice, "announcements"],
    ] as const) {
      const other = await openChat(browser, who, look.options);
      await other.page.goto(`${server.url}/chat/${attic}`);
      await other.page.locator(".row-message").first().waitFor();
      await shoot(other.page, look, name);
      await other.page.context().close();
    }
    await alice.run("person.block", { person: await carol.id() });
    await open(
      (
        await carol
          .run("direct.open", { people: [await alice.id()] })
          .catch(() => ({ room: { id: workshop } }))
      ).room.id,
      "blocked",
    );
    await page
      .locator(".message-author")
      .first()
      .click()
      .catch(() => {});
    await page.waitForTimeout(300);
    await shoot(page, look, "profile-blocked");
    await alice.run("person.unblock", { person: await carol.id() });
    // Offline for longer than the banner waits, with a message on its way.
    await open(workshop, "before-offline");
    await page.context().setOffline(true);
    await page.locator(".composer-field").fill("written in a lift");
    await page.keyboard.press("Enter");
    await page
      .locator(".banner")
      .waitFor({ timeout: 20_000 })
      .catch(() => failures.push("banner"));
    await shoot(page, look, "offline");
    await page.context().setOffline(false);
    await page.locator(".composer-field").fill("x".repeat(8200));
    await page.waitForTimeout(300);
    await shoot(page, look, "too-long");
    await page.locator(".composer-field").fill("");
    // A toast shows many texts, one at a time.
    const values = (text: (...values: never[]) => string, ...given: unknown[]) => text(...(given as never[]));
    await fill(page, look, "toasts", [
      t.errors.offline,
      t.errors.notLoaded,
      values(t.rooms.youEntered, "Workshop"),
      values(t.rooms.youLeft, "Workshop"),
      values(t.reminder.due, "oil the lathe"),
      more.details.saved,
      values(more.details.left, "Workshop"),
      more.lists.unsaved,
      values(more.scheduled.scheduled, "18:00"),
      values(more.scheduled.reminded, "18:00"),
      more.report.sent,
      more.settings.saved,
      more.commands.isMuted,
      more.commands.isHeard,
      more.commands.dndOn,
      more.commands.dndOff,
      more.commands.badTime,
      values(more.commands.nobodyCalled, "erin"),
      values(more.commands.unknownCommand, "dance"),
      more.room.markedRead,
      more.message.copied,
    ]);
    const { refusals, done, problems, script } = serverTexts[look.language];
    const texts = (group: object) =>
      Object.values(group).flatMap((text) =>
        typeof text === "function" ? [text(7, "7", 7)] : [text].flat(),
      );
    for (let from = 0; from < texts(refusals).length; from += 25)
      await fill(page, look, `refusals-${from}`, texts(refusals).slice(from, from + 25));
    await page.goto(`${server.url}/account?done=saved`);
    await page.evaluate(
      (lines) => {
        const list = document.querySelector("main")!;
        for (const line of lines) {
          const note = document.createElement("p");
          note.className = "form-done";
          note.textContent = line;
          list.prepend(note);
        }
      },
      [...texts(done), ...texts(problems), ...texts(script)],
    );
    await page.setViewportSize({ width: look.options.viewport!.width, height: 3200 });
    await shoot(page, look, "done");
    await page.context().close();
    const { notices } = serverTexts[look.language];
    const account = await openPage(browser, look.options);
    await account.page
      .context()
      .addCookies([...alice.cookies].map(([name, value]) => ({ name, value, url: server.url })));
    await account.page.goto(`${server.url}/account`);
    await account.page.evaluate(
      (rows) => {
        const list = document.querySelector(".notices")!;
        const row = list.querySelector("li")!;
        for (const [title, detail] of rows) {
          const copy = row.cloneNode(true) as HTMLElement;
          copy.querySelector(".notice-title")!.textContent = title!;
          copy.querySelector(".notice-detail")!.textContent = detail!;
          list.append(copy);
        }
      },
      Object.values(notices.titles).map((title, index) => [
        title,
        texts({ ...notices, titles: "" })[index + 1] ?? "",
      ]),
    );
    await account.page.setViewportSize({ width: look.options.viewport!.width, height: 2600 });
    await shoot(account.page, look, "notices");
    const { mails } = serverTexts[look.language];
    await account.page.goto("about:blank");
    await account.page.setContent(
      `<body style="font: 16px/1.5 sans-serif; max-width: 34em">${texts(mails)
        .map((line) => `<p>${line}</p>`)
        .join("")}`,
    );
    await shoot(account.page, look, "mails");
    await account.page.context().close();
  }

  /** Shows each of the texts in a toast, one above the other. */
  async function fill(page: Page, look: Look, name: string, texts: readonly string[]) {
    await page.evaluate((lines) => {
      const toasts = document.querySelector<HTMLElement>(".toasts")!;
      toasts.replaceChildren(
        ...lines.map((line) => {
          const toast = document.createElement("div");
          toast.className = "toast";
          const words = document.createElement("span");
          words.textContent = line;
          toast.append(words);
          return toast;
        }),
      );
      toasts.showPopover();
    }, texts);
    await page.setViewportSize({ width: look.options.viewport!.width, height: 1900 });
    await shoot(page, look, name);
    await page.evaluate(() => {
      const toasts = document.querySelector<HTMLElement>(".toasts")!;
      toasts.hidePopover();
      toasts.replaceChildren();
    });
    await page.setViewportSize(look.options.viewport!);
  }

  async function talk(): Promise<void> {
    const [a, b] = [await alice.enter(), await bob.enter()];
    const lines: [typeof a, string][] = [
      [a, "Good morning! The new room is up, on our own machine. 🎉"],
      [a, "The notes are at https://example.org/notes, as always."],
      [b, "That was quick. What did you have to install?"],
      [
        a,
        "Node, and then **one command**:\n\n```sh\nnpm start\n```\n\nThe database comes with it; messages survive a `kill -9`.",
      ],
      [b, "> messages survive a `kill -9`\n\nTried it twice, mid-sentence. _Nothing_ lost, nothing doubled."],
      [b, "1. sign in on the phone\n2. walk into the lift\n3. keep writing: it is sent when you come out"],
      [a, "🚀🚀"],
      [b, "I'll move the team over this afternoon."],
    ];
    for (const [socket, text] of lines) await socket.sayAndWait(text);
    for (const person of [a, b]) {
      const seq = person.events.at(-1)!.seq;
      await person.command({ type: "room.mark_read", room: "general" as never, seq });
    }
    b.close();
    a.close();
  }
} finally {
  await browser.close();
  await server.stop();
  await data.remove();
}

async function shoot(page: Page, { language, size, colorScheme }: Look, name: string): Promise<void> {
  for (const text of await page.evaluate(textsOnPage)) seen[language].add(text);
  await page.screenshot({ path: joinPath(folder, `${name}-${size}-${colorScheme}-${language}.png`) });
}

/** Everything on the page that is read: its texts, and what is told of a field or a button. */
function textsOnPage(): string[] {
  const texts = document.body.innerText.split("\n");
  for (const element of document.querySelectorAll(
    "[aria-label], [title], [placeholder], option, legend, title",
  ))
    for (const text of [
      element.getAttribute("aria-label"),
      element.getAttribute("title"),
      element.getAttribute("placeholder"),
      element.textContent,
    ])
      if (text) texts.push(text);
  return texts;
}

/** A desktop in light and a phone in dark, side by side. */
async function composePicture(on: Browser, viewer: Person, room: string): Promise<void> {
  const shot = async (path: string, options: BrowserContextOptions) => {
    const { page } = await openChat(on, viewer, options);
    await page.goto(`${server.url}/chat/${path}`);
    await page.locator(".row-message").first().waitFor();
    await page.waitForTimeout(300);
    const bytes = await page.screenshot();
    await page.context().close();
    return `data:image/png;base64,${bytes.toString("base64")}`;
  };
  const shots = [
    await shot(room, { ...desktop, colorScheme: "light" }),
    await shot("general", { ...phone, colorScheme: "dark" }),
  ] as const;
  const { page } = await openPage(on, { viewport: { width: 1400, height: 700 } });
  await page.setContent(`<body style="margin:0;background:#e6eaf0;display:flex;gap:40px;align-items:center;justify-content:center;height:700px">
    <img style="height:600px;border-radius:10px;box-shadow:0 8px 30px rgb(0 0 0/18%)" src="${shots[0]}">
    <img style="height:600px;border-radius:18px;box-shadow:0 8px 30px rgb(0 0 0/25%)" src="${shots[1]}">`);
  await page.screenshot({ path: joinPath(root, "docs/chat.png") });
  await page.context().close();
}
