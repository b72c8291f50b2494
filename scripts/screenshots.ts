// npm run screenshots: every page, desktop and phone, light and dark, into build/screenshots; and the README's
// picture.
import { mkdirSync } from "node:fs";
import { join as joinPath, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";

process.env.NOVAX_TEST_CHROMIUM ??= Bun.which("chromium") ?? undefined;
const { launchBrowser, openChat, openPage, phone, desktop, tablet } = await import(
  "../tests/support/browser.ts"
);
const { addPasskey, setUpFactor } = await import("../tests/support/factors.ts");
const { join } = await import("../tests/support/person.ts");
const { createTestData, startServer } = await import("../tests/support/server.ts");

const root = resolve(import.meta.dir, "..");
const folder = joinPath(root, "build/screenshots");
mkdirSync(folder, { recursive: true });

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

const data = await createTestData("embedded");
const server = await startServer(data);
const browser = await launchBrowser();
try {
  await shootEmpty(browser);
  const [alice, bob, carol] = [
    await join(server, "alice"),
    await join(server, "bob"),
    await join(server, "carol"),
  ];
  const workshop = await furnish();
  await talk();
  await setUpFactor(alice);
  await addPasskey(alice, "Phone");
  for (const [size, options] of Object.entries({ desktop, tablet, phone })) {
    for (const colorScheme of ["light", "dark"] as const) {
      const shoot = (page: Page, name: string) =>
        page.screenshot({ path: joinPath(folder, `${name}-${size}-${colorScheme}.png`) });
      const { page } = await openPage(browser, { ...options, colorScheme });
      await page.goto(server.url);
      await shoot(page, "login");
      await page.getByLabel("Username").fill("alice");
      await page.getByLabel("Password").fill("wrong password");
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.getByRole("alert").waitFor();
      await shoot(page, "login-wrong");
      await page.goto(`${server.url}/register`);
      await page.getByLabel("Password", { exact: true }).fill("a few words in a row");
      await shoot(page, "register");
      await page.context().close();

      const chat = await openChat(browser, alice, { ...options, colorScheme });
      await chat.page.waitForTimeout(300);
      await shoot(chat.page, "chat");
      await chat.page.getByRole("button", { name: /^Members/ }).click();
      await shoot(chat.page, "people");
      await chat.page.locator(".panel").getByRole("button", { name: "Close" }).click();
      await shootRoom(chat.page, size === "phone", shoot);
      for (const path of accountPages) {
        await chat.page.goto(server.url + path);
        await shoot(chat.page, path.slice(1).replace(/[/?=]/g, "-"));
      }
      await chat.page.goto(`${server.url}/chat`);
      await chat.page.locator(".composer-field").waitFor();
      if (size === "phone") await chat.page.getByRole("button", { name: "All rooms" }).click();
      await chat.page.locator(".account summary").click();
      await shoot(chat.page, "account-menu");
      await chat.page.context().close();
    }
  }
  await composePicture(browser);

  /** Creates rooms with realistic content. */
  async function furnish(): Promise<string> {
    const people = [await bob.id(), await carol.id()];
    const { room } = await alice.run("room.create", {
      kind: "public",
      name: "Workshop",
      topic: "Things in the making",
      icon: "🔧",
      colour: 6,
      people,
    });
    await alice.run("room.create", { kind: "private", name: "Board", people: [people[0]!] });
    const direct = (await bob.run("direct.open", { people: [await alice.id()] })).room.id;
    await bob.say(direct, "Have you seen the numbers?");
    const first = await alice.say(room.id, "The lathe is back from repair. 🎉");
    const second = await bob.say(room.id, "That was **quick**. Who takes the first shift?");
    await alice.say(room.id, "You do, @bob.", { replyTo: second });
    for (const [person, emoji] of [
      [bob, "🎉"],
      [carol, "🎉"],
      [alice, "👍"],
    ] as const)
      await person.run("reaction.add", { room: room.id, seq: first, emoji });
    await bob.say(room.id, "Does it still pull to the left?", { threadRoot: first });
    await carol.say(room.id, "Not any more.", { threadRoot: first });
    await alice.run("message.pin", { room: room.id, seq: second });
    const edited = await carol.say(room.id, "I bring teh coffee");
    await carol.run("message.edit", { room: room.id, seq: edited, text: "I bring the coffee" });
    const body = {
      kind: "poll" as const,
      question: "Where shall we have lunch?",
      choices: ["The usual", "By the river", "Sandwiches here"],
      isMultiple: false,
      isAnonymous: false,
      closesAt: null,
    };
    const sendId = crypto.randomUUID() as never;
    const poll = (await alice.run("message.send", { room: room.id, sendId, body })).seq;
    for (const [person, choice] of [
      [bob, 1],
      [carol, 1],
      [alice, 0],
    ] as const)
      await person.run("poll.vote", { room: room.id, seq: poll, choices: [choice] });
    await bob.run("message.report", { room: room.id, seq: edited, reason: "decaf" });
    await alice.run("message.save", { room: room.id, seq: second });
    return room.id;
  }

  /** A room with what opens over it and beside it. */
  async function shootRoom(
    page: Page,
    isPhone: boolean,
    shoot: (page: Page, name: string) => Promise<unknown>,
  ) {
    const open = async () => {
      // A reload would reopen what was open.
      await page.goto("about:blank");
      await page.goto(`${server.url}/chat/${workshop}`);
      await page.locator(".row-message").first().waitFor();
      await page.waitForTimeout(300);
    };
    const shots: [name: string, work: () => Promise<void>][] = [
      ["room", async () => {}],
      ["thread", () => page.locator(".thread-link").first().click()],
      ["details", () => page.getByRole("button", { name: "Room details" }).click()],
      [
        "pins",
        async () => {
          if (!isPhone) await page.getByRole("button", { name: "Pinned messages" }).click();
        },
      ],
      [
        "message-menu",
        async () => {
          await page.locator(".row-message article").first().focus();
          await page.keyboard.press("m");
        },
      ],
      ["emoji", () => page.getByRole("button", { name: "Emoji", exact: true }).click()],
      ["switcher", () => page.keyboard.press("Control+k")],
      [
        "reports",
        async () => {
          if (isPhone) await page.getByRole("button", { name: "All rooms" }).click();
          await page.locator(".room-item", { hasText: /^Reports/ }).click();
        },
      ],
      [
        "settings",
        async () => {
          if (isPhone) await page.getByRole("button", { name: "All rooms" }).click();
          await page.locator(".account summary").click();
          await page.getByRole("button", { name: "Settings" }).click();
        },
      ],
    ];
    if (isPhone) shots.push(["rooms", () => page.getByRole("button", { name: "All rooms" }).click()]);
    for (const [name, work] of shots) {
      await open();
      await work();
      await page.waitForTimeout(400);
      await shoot(page, name);
    }
    await page.goto(`${server.url}/chat/general`);
    await page.locator(".composer-field").waitFor();
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

async function shootEmpty(on: Browser): Promise<void> {
  const { page } = await openPage(on, { ...desktop, colorScheme: "light" });
  await page.goto(server.url);
  await page.screenshot({ path: joinPath(folder, "first-start-desktop-light.png") });
  await page.context().close();
}

/** A desktop in light and a phone in dark, side by side. */
async function composePicture(on: Browser): Promise<void> {
  const { page } = await openPage(on, { viewport: { width: 1400, height: 700 } });
  const image = async (name: string) => {
    const bytes = await Bun.file(joinPath(folder, name)).bytes();
    return `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`;
  };
  await page.setContent(`<body style="margin:0;background:#e6eaf0;display:flex;gap:40px;align-items:center;justify-content:center;height:700px">
    <img style="height:600px;border-radius:10px;box-shadow:0 8px 30px rgb(0 0 0/18%)" src="${await image("room-desktop-light.png")}">
    <img style="height:600px;border-radius:18px;box-shadow:0 8px 30px rgb(0 0 0/25%)" src="${await image("chat-phone-dark.png")}">`);
  await page.screenshot({ path: joinPath(root, "docs/chat.png") });
  await page.context().close();
}
