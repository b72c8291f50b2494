// Everything that can be opened over or beside a room, in either language: for the tests that look at each of them,
// and for the pictures.

import type { RoomId, SendId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { de } from "../../web/src/texts/de.ts";
import { deMore } from "../../web/src/texts/de-more.ts";
import { en } from "../../web/src/texts/en.ts";
import { enMore } from "../../web/src/texts/en-more.ts";
import type { MoreTexts } from "../../web/src/texts/more.ts";
import type { Texts } from "../../web/src/texts/text.ts";
import { join, type Person } from "./person.ts";
import type { TestServer } from "./server.ts";
import { text, upload } from "./uploads.ts";

/** The client's two catalogues in each language. */
export const catalogues: Record<Language, { t: Texts; more: MoreTexts }> = {
  en: { t: en, more: enMore },
  de: { t: de, more: deMore },
};

/** Something to open in the room of {@link furnish}, as its owner alice, and the selector that says it is there. */
export type Scene = {
  name: string;
  open: (page: Page, isPhone: boolean) => Promise<unknown>;
  shown: string;
};

/** What {@link furnish} writes, by which the scenes find a message. */
const said = {
  files: "The new corner",
  first: "Good morning",
  edited: "bring the coffee",
  poll: "Where shall we have lunch?",
};

/** Registers three people, and makes a room in which there is one of everything. The first person owns the server. */
export async function furnish(
  server: TestServer,
): Promise<{ room: RoomId; people: [Person, Person, Person] }> {
  const [alice, bob, carol] = [
    await join(server, "alice"),
    await join(server, "bob"),
    await join(server, "carol"),
  ];
  const ids = [await bob.id(), await carol.id()];
  const room = (
    await alice.run("room.create", {
      kind: "public",
      name: "Workshop",
      topic: "Things in the making",
      icon: "🔧",
      colour: 6,
      people: ids,
    })
  ).room.id;
  await alice.run("room.create", { kind: "private", name: "Board", people: [ids[0]!] });
  const first = await bob.say(room, `${said.first} @alice! The lathe is back from repair. 🎉`);
  await alice.say(room, "That was **quick**. Who takes the first shift?", { replyTo: first });
  await bob.say(room, "Does it still pull to the left?", { threadRoot: first });
  await carol.say(room, "Not any more.", { threadRoot: first });
  for (const [person, emoji] of [
    [alice, "🎉"],
    [carol, "🎉"],
    [carol, "👍"],
  ] as const)
    await person.run("reaction.add", { room, seq: first, emoji });
  await alice.run("message.pin", { room, seq: first });
  await alice.run("message.save", { room, seq: first });
  await carol.run("message.report", { room, seq: first, reason: "loud" });
  const inAnHour = Date.now() + 3_600_000;
  await alice.run("reminder.set", { room, seq: first, note: "oil the lathe", at: inAnHour });
  const sendId = () => crypto.randomUUID() as SendId;
  await alice.run("message.schedule", { room, sendId: sendId(), text: "Time to sweep up", at: inAnHour });
  const own = await alice.say(room, "I'll bring teh coffee");
  await alice.run("message.edit", { room, seq: own, text: `I'll ${said.edited}` });
  await sendPictures(bob, room);
  const sign = await upload(alice, await landscape(120, 120, 40), { purpose: "emoji", name: "lathe.png" });
  await alice.run("emoji.add", { name: "lathe", picture: sign.id });
  const face = await upload(bob, await landscape(400, 400, 300), { purpose: "person", name: "bob.png" });
  await bob.run("picture.set", { picture: face.id });
  const body = {
    kind: "poll" as const,
    question: said.poll,
    choices: ["The usual", "By the river", "Sandwiches here"],
    isMultiple: false,
    isAnonymous: false,
    closesAt: null,
  };
  const poll = (await bob.run("message.send", { room, sendId: sendId(), body })).seq;
  for (const [person, choice] of [
    [bob, 1],
    [carol, 1],
    [alice, 0],
  ] as const)
    await person.run("poll.vote", { room, seq: poll, choices: [choice] });
  const direct = (await bob.run("direct.open", { people: [await alice.id()] })).room.id;
  await bob.say(direct, "Have you seen the numbers?");
  const robot = await join(server, "robot");
  const request = (await robot.run("direct.open", { people: [await alice.id()] })).room.id;
  await robot.say(request, "Hello, I'd like to lend you a hand.");
  return { room, people: [alice, bob, carol] };
}

/** Three pictures, of which one is described, and a text, in one message. */
async function sendPictures(person: Person, room: RoomId): Promise<void> {
  const files = [
    await upload(person, await landscape(1600, 900, 20), { name: "workshop.png" }),
    await upload(person, await landscape(700, 900, 140), { name: "lathe.png" }),
    await upload(person, await landscape(900, 900, 220), { name: "bench.png" }),
    await upload(person, text("# Rota\n\n- Monday: bob\n- Tuesday: carol\n"), { name: "rota.md" }),
  ];
  const [first, ...others] = files.map((file) => ({ id: file.id }));
  await person.run("message.send", {
    room,
    sendId: crypto.randomUUID() as SendId,
    body: {
      kind: "text",
      text: said.files,
      files: [{ ...first!, alt: "The workshop in the evening sun" }, ...others],
    },
  });
}

/** Something to look at: a sun over a plain, in one hue. */
async function landscape(width: number, height: number, hue: number): Promise<Uint8Array<ArrayBuffer>> {
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <rect width="100%" height="100%" fill="hsl(${hue},60%,75%)"/>
    <circle cx="${width * 0.7}" cy="${height * 0.4}" r="${height * 0.15}" fill="hsl(${hue + 30},90%,88%)"/>
    <rect y="60%" width="100%" height="40%" fill="hsl(${hue + 40},35%,38%)"/></svg>`;
  return new Uint8Array(await sharp(Buffer.from(drawing)).png().toBuffer());
}

export function scenesIn(language: Language): Scene[] {
  const { t, more } = catalogues[language];
  const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
  const members = (page: Page) => page.locator(".room-header .button-count");
  const toRooms = async (page: Page, isPhone: boolean) => {
    if (isPhone) await button(page, t.rooms.all).click();
  };
  const openMenu = async (page: Page, text: string) => {
    const message = page.locator(".row-message", { hasText: text }).first();
    await message.locator("article").focus();
    await page.keyboard.press("m");
  };
  const menuItem = (page: Page, name: string) => page.getByRole("menuitem", { name }).click();
  const ofMessage = (item: string, text = said.first) => ({
    open: async (page: Page) => {
      await openMenu(page, text);
      await menuItem(page, item);
    },
  });
  const list = (name: string, title: string): Scene => ({
    name,
    open: async (page, isPhone) => {
      await toRooms(page, isPhone);
      await page.locator(".room-item", { hasText: new RegExp(`^${t.rooms.inbox}`) }).click();
      await page.locator(".inbox-tabs .tab", { hasText: title }).click();
    },
    shown: ".panel .previews > li, .panel .panel-note",
  });
  const add = (item: string) => async (page: Page, isPhone: boolean) => {
    await toRooms(page, isPhone);
    await button(page, t.rooms.addRoom).click();
    await menuItem(page, item);
  };
  const typed = (text: string) => async (page: Page) => {
    // A draft of an earlier scene may have come back from the server.
    await page.locator(".composer-field").fill("");
    await page.keyboard.type(text);
  };
  const account = (item: string) => async (page: Page, isPhone: boolean) => {
    await toRooms(page, isPhone);
    await page.locator(".account summary").click();
    await page.locator(".account-row", { hasText: item }).first().click();
  };
  return [
    { name: "room", open: async () => {}, shown: ".row-message" },
    { name: "rooms", open: toRooms, shown: ".room-item" },
    { name: "people", open: (page) => members(page).click(), shown: ".panel .person" },
    { name: "details", open: (page) => button(page, t.room.details).click(), shown: ".panel form" },
    {
      name: "thread",
      open: (page) => page.locator(".thread-link").first().click(),
      shown: ".panel .row-message >> nth=1",
    },
    list("mentions", more.inbox.tabs.mentions),
    list("threads", more.inbox.tabs.threads),
    list("saved", more.inbox.tabs.saved),
    list("scheduled", more.inbox.tabs.scheduled),
    list("reports", more.inbox.tabs.reports),
    { name: "message-menu", open: (page) => openMenu(page, said.first), shown: ".menu" },
    {
      name: "room-menu",
      open: async (page, isPhone) => {
        await toRooms(page, isPhone);
        await page.locator(".room-item[aria-current]").dispatchEvent("contextmenu");
      },
      shown: ".menu",
    },
    { name: "reactions", ...ofMessage(more.message.reactionList), shown: ".reaction-list dd" },
    { name: "emoji", open: (page) => button(page, t.composer.emoji).click(), shown: ".emoji-cell" },
    { name: "switcher", open: (page) => page.keyboard.press("Control+k"), shown: ".switcher .suggestion" },
    { name: "completion", open: typed("@b"), shown: ".suggestions .suggestion" },
    { name: "create-room", open: add(more.createRoom.title), shown: "dialog[open] form" },
    { name: "browse", open: add(more.browse.title), shown: "dialog[open] .browse-room" },
    {
      name: "new-message",
      open: async (page, isPhone) => {
        await toRooms(page, isPhone);
        await button(page, t.rooms.newDirect).click();
      },
      shown: "dialog[open] .people-found [role=option]",
    },
    {
      name: "request",
      open: async (page, isPhone) => {
        await toRooms(page, isPhone);
        await page.locator(".room-item", { hasText: "robot" }).click();
      },
      shown: ".request-bar",
    },
    { name: "settings", open: account(more.account.settings), shown: "dialog[open] .settings-section" },
    {
      name: "poll-form",
      open: async (page) => {
        await button(page, t.composer.more).click();
        await menuItem(page, more.pollForm.title);
      },
      shown: "dialog[open] form",
    },
    { name: "reminder", ...ofMessage(more.message.remind), shown: "dialog[open] .when-list" },
    { name: "report", ...ofMessage(more.message.report), shown: "dialog[open] .quoted" },
    { name: "history", ...ofMessage(more.message.history, said.edited), shown: "dialog[open] .revisions li" },
    { name: "readers", ...ofMessage(more.message.readers, said.edited), shown: "dialog[open]" },
    {
      name: "files",
      open: async (page, isPhone) => {
        if (isPhone) await button(page, t.room.details).click();
        await button(page, t.room.files).click();
      },
      shown: ".panel .file-row",
    },
    {
      name: "links",
      open: async (page, isPhone) => {
        if (isPhone) await button(page, t.room.details).click();
        await button(page, t.room.files).click();
        await button(page, more.files.kinds.link).click();
      },
      shown: ".panel .link-row, .panel .panel-note",
    },
    { name: "search", open: (page) => button(page, t.room.search).click(), shown: ".search-recent" },
    {
      name: "search-results",
      open: async (page) => {
        await button(page, t.room.search).click();
        await page.locator(".search-field").fill("coffee");
      },
      shown: ".search-hits .preview-message",
    },
    {
      name: "search-filter",
      open: async (page) => {
        await button(page, t.room.search).click();
        await page.locator(".search-field").fill("is:");
      },
      shown: ".search .suggestion",
    },
    {
      name: "search-nothing",
      open: async (page) => {
        await button(page, t.room.search).click();
        await page.locator(".search-field").fill("unfindable");
      },
      shown: ".search-nothing",
    },
    {
      name: "date",
      open: async (page, isPhone) => {
        await toRooms(page, isPhone);
        await page.locator(".room-item[aria-current]").dispatchEvent("contextmenu");
        await menuItem(page, more.search.date);
      },
      shown: "dialog[open] form",
    },
    {
      name: "large-picture",
      open: (page) =>
        page.locator(".row-message", { hasText: said.files }).locator(".picture").first().click(),
      shown: ".lightbox-picture img",
    },
    {
      name: "text-file",
      open: (page) =>
        page.locator(".row-message", { hasText: said.files }).locator(".file-card-open").click(),
      shown: ".text-preview pre",
    },
    {
      name: "custom-emoji",
      open: async (page) => {
        await button(page, t.composer.emoji).click();
        await button(page, more.emoji.manage).click();
      },
      shown: "dialog[open] .person .custom-emoji",
    },
    {
      name: "profile",
      open: (page) => page.locator(".message-author").first().click(),
      shown: "dialog[open] .profile-fact",
    },
  ];
}

/** Further ones, which are built like one of {@link scenesIn} and have other words: for the pictures alone. */
export function wordyScenesIn(language: Language): Scene[] {
  const { t, more } = catalogues[language];
  const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
  const scenes = scenesIn(language);
  const after = (first: string, name: string, then: Scene["open"], shown: string): Scene => {
    const scene = scenes.find((candidate) => candidate.name === first)!;
    return {
      name,
      open: async (page, isPhone) => {
        await scene.open(page, isPhone);
        await page.locator(scene.shown).first().waitFor();
        await then(page, isPhone);
      },
      shown,
    };
  };
  const typed = (text: string) => async (page: Page) => {
    await page.locator(".composer-field").first().fill("");
    await page.keyboard.type(text);
  };
  const pressedOn = (text: string, key: string) => async (page: Page) => {
    await page.locator(".row-message", { hasText: text }).first().locator("article").focus();
    await page.keyboard.press(key);
  };
  const message = (text: string) => `.row-message:has-text("${text}")`;
  const composerMenu = (item: string) => async (page: Page) => {
    await button(page, t.composer.more).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  return [
    after(
      "room",
      "pins",
      async (page, isPhone) => {
        if (!isPhone) return button(page, t.room.pins).click();
        await button(page, t.room.details).click();
        await button(page, t.room.pins).click();
      },
      ".panel .previews > li",
    ),
    after(
      "reports",
      "reports-done",
      (page) => page.locator(".panel button[aria-pressed], .panel [role=tab]").last().click(),
      ".panel",
    ),
    after(
      "message-menu",
      "message-menu-own",
      async (page) => {
        await page.keyboard.press("Escape");
        await pressedOn(said.edited, "m")(page);
      },
      ".menu",
    ),
    after("room", "message-menu-poll", pressedOn(said.poll, "m"), ".menu"),
    after("room", "slash", typed("/"), ".suggestions .suggestion"),
    after("room", "everyone", typed("@a"), ".suggestions .suggestion"),
    after("room", "reply", pressedOn(said.first, "r"), ".composer-context, .composer"),
    after("room", "edit", pressedOn(said.edited, "e"), ".composer"),
    after(
      "room",
      "composer-menu",
      async (page) => {
        await typed("Something **to say**")(page);
        await button(page, t.composer.more).click();
      },
      ".menu",
    ),
    after(
      "room",
      "preview",
      async (page) => {
        await typed("Something **to say**")(page);
        await composerMenu(more.composer.preview)(page);
      },
      ".composer",
    ),
    after(
      "room",
      "formatting",
      async (page) => {
        await button(page, t.composer.more).click();
        await page.locator(".menu [role=menuitem]").nth(-2).click();
      },
      ".composer",
    ),
    after(
      "room",
      "schedule",
      async (page) => {
        await typed("Something to say later")(page);
        await composerMenu(more.composer.schedule)(page);
      },
      "dialog[open] .when-list",
    ),
    after("room", "delete-ask", pressedOn(said.edited, "Delete"), "dialog[open]"),
    after(
      "room",
      "bad-command",
      async (page) => {
        // An edit that was begun in an earlier scene is still there.
        await page.locator(".room .composer-field").press("Escape");
        await typed("/nothing of this kind")(page);
        await button(page, t.composer.send).click();
      },
      ".toast",
    ),
    after(
      "room",
      "toast-copied",
      async (page) => {
        await pressedOn(said.first, "m")(page);
        await page.getByRole("menuitem", { name: more.message.copyLink }).click();
      },
      ".toast, .row-message",
    ),
    after(
      "rooms",
      "shortcuts",
      async (page) => {
        await page.locator(".account summary").click();
        await page.locator(".account-row", { hasText: more.account.shortcuts }).click();
      },
      "dialog[open]",
    ),
    after("rooms", "account-menu", (page) => page.locator(".account summary").click(), ".account-row"),
    after(
      "profile",
      "ban",
      (page) => button(page, more.people.ban).click(),
      "dialog[open] textarea, dialog[open] input",
    ),
    after("profile", "block-ask", (page) => button(page, more.people.block).click(), "dialog[open]"),
    after("profile", "kick-ask", (page) => button(page, more.people.kick).click(), "dialog[open]"),
    after("details", "archive-ask", (page) => button(page, more.details.archive).click(), "dialog[open]"),
    after(
      "people",
      "add-people",
      (page) => button(page, more.people.add).click(),
      "dialog[open] [role=option][aria-disabled=true]",
    ),
    after("switcher", "switcher-none", (page) => page.keyboard.type("nothing like it"), ".switcher"),
    after(
      "browse",
      "browse-none",
      (page) => page.locator("dialog[open] input").first().fill("nothing like it"),
      "dialog[open]",
    ),
    after(
      "new-message",
      "new-message-none",
      (page) => page.locator("dialog[open] input").first().fill("qqqq"),
      "dialog[open]",
    ),
    after("emoji", "emoji-found", (page) => page.keyboard.type("cat"), ".emoji-cell"),
    {
      name: "jump-thread-reply",
      open: async (page) => {
        await page.locator(".thread-link").first().click();
        await page.locator(".panel .row-message >> nth=1").waitFor();
        await page.locator(".panel .composer-field").click();
      },
      shown: ".panel .composer-field",
    },
    {
      name: "poll",
      open: (page) => page.locator(message(said.poll)).scrollIntoViewIfNeeded(),
      shown: message(said.poll),
    },
  ];
}
