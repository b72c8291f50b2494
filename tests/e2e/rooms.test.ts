// Two people side by side: one at a desk, one on a phone.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { RoomId } from "@novax/protocol/ids";
import type { Browser, Locator, Page } from "playwright-core";
import {
  desktop,
  launchBrowser,
  openChat,
  phone,
  say,
  shownTexts,
  waitForText,
  waitUntilOpen,
} from "../support/browser.ts";
import { join, type Person } from "../support/person.ts";
import {
  chromiumPath,
  createTestData,
  startServer,
  type TestData,
  type TestServer,
  waitUntil,
} from "../support/server.ts";

describe.skipIf(!chromiumPath)("two people and their rooms", () => {
  let data: TestData;
  let server: TestServer;
  let browser: Browser;
  let alice: Person;
  let bob: Person;
  let a: Page;
  let b: Page;
  let faults: string[];

  beforeAll(async () => {
    data = await createTestData("embedded");
    server = await startServer(data, { env: { MESSAGES_PER_SECOND: "100000" } });
    browser = await launchBrowser();
    alice = await join(server, "alice");
    bob = await join(server, "bob");
    const [desk, hand] = [await openChat(browser, alice, desktop), await openChat(browser, bob, phone)];
    a = desk.page;
    b = hand.page;
    faults = desk.faults;
    b.on("pageerror", (error) => faults.push(error.message));
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await data?.remove();
  });

  const button = (page: Page, name: string | RegExp) =>
    page.getByRole("button", { name, exact: typeof name === "string" });
  const rowOf = (page: Page, text: string) => page.locator(".row-message", { hasText: text }).first();
  const focusOn = async (page: Page, text: string) => rowOf(page, text).locator("article").focus();
  const roomItem = (page: Page, name: string) => page.locator(".room-item", { hasText: name }).first();
  const isShown = (locator: Locator) => waitUntil(() => locator.isVisible(), 10_000);
  const openOnPhone = async (name: string) => {
    await button(b, "All rooms").click();
    await roomItem(b, name).click();
  };
  const openRoomOnDesk = async (name: string) => {
    await roomItem(a, name).click();
    await a.getByRole("heading", { name, exact: true }).first().waitFor();
  };
  /** The seq of the message with this text in the open room. */
  const seqOf = async (text: string) => Number(await rowOf(a, text).getAttribute("data-seq"));
  let workshop: string;

  test("a room created by one person is found and joined by the other; its address leads there, and Back leads back", async () => {
    await button(a, "Add a room").click();
    await a.getByRole("menuitem", { name: "Create a room" }).click();
    await a.getByLabel("Name").fill("Workshop");
    await a.getByLabel("Topic (optional)").fill("Things in the making");
    await button(a, "Create").click();
    await a.getByRole("heading", { name: "Workshop", exact: true }).waitFor();
    await a.waitForURL(/\/chat\/[0-9a-f-]{36}$/);
    workshop = new URL(a.url()).pathname.split("/")[2]!;
    await a.goBack();
    await a.getByRole("heading", { name: "General", exact: true }).waitFor();
    await a.goForward();
    await a.getByRole("heading", { name: "Workshop", exact: true }).waitFor();

    await button(b, "All rooms").click();
    await button(b, "Add a room").click();
    await b.getByRole("menuitem", { name: "Browse rooms" }).click();
    await b.getByRole("searchbox", { name: "Search rooms" }).fill("work");
    await button(b, "Join: Workshop").click();
    await b.getByRole("heading", { name: "Workshop", exact: true }).waitFor();
    await say(b, "I am in");
    await waitForText(a, "I am in");
    expect(await a.locator(".member-change", { hasText: "bob joined" }).count()).toBe(1);
    await b.goBack();
    expect(await isShown(b.locator(".sidebar"))).toBe(true);
    await roomItem(b, "Workshop").click();
    await b.getByRole("heading", { name: "Workshop", exact: true }).waitFor();
  }, 60_000);

  test("a message is replied to, edited with the up arrow, reacted to, pinned and deleted; the other person sees each at once", async () => {
    await say(a, "the plan for today");
    await waitForText(b, "the plan for today");
    // A long press on the phone.
    await rowOf(b, "the plan for today").locator(".message-text").dispatchEvent("contextmenu");
    await b.getByRole("menuitem", { name: "Reply", exact: true }).click();
    await say(b, "sounds good");
    expect(await isShown(rowOf(a, "sounds good").locator(".quote", { hasText: "the plan for today" }))).toBe(
      true,
    );

    await a.locator(".composer-field").click();
    await a.keyboard.press("ArrowUp");
    expect(
      await waitUntil(async () => (await a.locator(".composer-field").inputValue()) === "the plan for today"),
    ).toBe(true);
    await a.keyboard.press("End");
    await a.keyboard.type(", and tomorrow");
    await a.keyboard.press("Enter");
    expect(await isShown(rowOf(b, "the plan for today, and tomorrow").locator(".message-edited"))).toBe(true);
    expect(await isShown(rowOf(b, "sounds good").locator(".quote", { hasText: "and tomorrow" }))).toBe(true);
    // The reply to the edit may come after its event.
    expect(await waitUntil(async () => (await a.locator(".composer-field").inputValue()) === "")).toBe(true);

    await focusOn(a, "sounds good");
    await a.keyboard.press("+");
    await a.getByRole("searchbox", { name: "Search emoji" }).fill("party popper");
    await a.locator(".emoji-cell").first().waitFor();
    await a.keyboard.press("Enter");
    const reaction = rowOf(b, "sounds good").locator(".reaction", { hasText: "🎉" });
    expect(await isShown(reaction)).toBe(true);
    await reaction.click();
    expect(
      await waitUntil(
        async () => (await rowOf(a, "sounds good").locator(".reaction .count").first().innerText()) === "2",
      ),
    ).toBe(true);

    await focusOn(a, "sounds good");
    await a.keyboard.press("p");
    expect(await isShown(rowOf(b, "sounds good").locator(".message-pinned"))).toBe(true);
    await say(a, "a slip of the hand");
    await waitForText(b, "a slip of the hand");
    await focusOn(a, "a slip of the hand");
    await a.keyboard.press("Delete");
    await button(a, "Delete").click();
    expect(await waitUntil(async () => !(await shownTexts(b)).join().includes("a slip of the hand"))).toBe(
      true,
    );
    expect(await isShown(b.getByText("This message was deleted."))).toBe(true);
  }, 60_000);

  test("a thread is beside the room on a desk and replaces it on a phone, and both update live", async () => {
    await focusOn(a, "sounds good");
    await a.keyboard.press("t");
    const thread = a.getByRole("complementary", { name: "Thread" });
    await thread.getByLabel("Reply in thread").fill("between us");
    await a.keyboard.press("Enter");
    expect(await isShown(thread.locator(".message-text", { hasText: "between us" }))).toBe(true);
    const link = rowOf(b, "sounds good").locator(".thread-link");
    expect(await isShown(link)).toBe(true);
    await link.click();
    const onPhone = b.getByRole("complementary", { name: "Thread" });
    expect(await isShown(onPhone.locator(".message-text", { hasText: "between us" }))).toBe(true);
    await onPhone.getByLabel("Reply in thread").fill("and here");
    await onPhone.getByRole("button", { name: "Send", exact: true }).click();
    expect(await isShown(thread.locator(".message-text", { hasText: "and here" }))).toBe(true);
    expect((await shownTexts(a)).filter((text) => text.includes("and here"))).toHaveLength(1);
    await b.goBack();
    expect(await isShown(b.getByRole("heading", { name: "Workshop", exact: true }))).toBe(true);
    // The thread's author is notified of replies, also in the thread list, until they read or unfollow it.
    const follow = thread.getByRole("button", { name: "Following" });
    await thread.getByRole("button", { name: "Close" }).click();
    await bob.say(workshop as RoomId, "more of it", { threadRoot: await seqOf("sounds good") });
    const inbox = a.getByRole("button", { name: /^Inbox\s*, 1 new/ });
    expect(await isShown(inbox)).toBe(true);
    await inbox.click();
    await a
      .getByRole("complementary", { name: "Inbox" })
      .getByRole("button", { name: /replied to a thread/ })
      .click();
    expect(await isShown(thread.locator(".message-text", { hasText: "more of it" }))).toBe(true);
    expect(await isShown(button(a, "Inbox"))).toBe(true);
    await follow.click();
    await thread.getByRole("button", { name: "Follow", exact: true }).waitFor();
    await thread.getByRole("button", { name: "Close" }).click();
  }, 60_000);

  test("a name is completed and mentions the person; a badge read on one device clears on all", async () => {
    await openOnPhone("General");
    await a.locator(".composer-field").click();
    await a.keyboard.type("over to you @bo");
    expect(await isShown(a.getByRole("option", { name: /bob/ }))).toBe(true);
    await a.keyboard.press("Tab");
    expect(await a.locator(".composer-field").inputValue()).toBe("over to you @bob ");
    await a.keyboard.press("Enter");
    await button(b, "All rooms").click();
    const badge = roomItem(b, "Workshop").locator(".badge");
    expect(await isShown(badge)).toBe(true);
    const other = await openChat(browser, bob, desktop);
    expect(await isShown(roomItem(other.page, "Workshop").locator(".badge"))).toBe(true);
    await roomItem(b, "Workshop").click();
    await waitForText(b, "over to you @bob");
    expect(
      await waitUntil(
        async () => (await roomItem(other.page, "Workshop").locator(".badge").count()) === 0,
        10_000,
      ),
    ).toBe(true);
    await other.page.context().close();
  }, 60_000);

  test("what was marked unread is unread on the phone too; Escape marks it read", async () => {
    await openOnPhone("General");
    await button(b, "All rooms").click();
    await focusOn(a, "sounds good");
    // Your own messages are never unread to you: the mark goes before the other person's message.
    await a.keyboard.press("u");
    expect(await isShown(a.locator(".row-unread"))).toBe(true);
    expect(await isShown(roomItem(a, "Workshop").locator(".room-item-news"))).toBe(true);
    await a.locator(".messages-viewport").focus();
    await a.keyboard.press("Escape");
    expect(
      await waitUntil(
        async () => (await roomItem(a, "Workshop").locator(".badge, .room-item-news").count()) === 0,
      ),
    ).toBe(true);
    await roomItem(b, "Workshop").click();
  }, 30_000);

  test("the switcher finds a person and opens a direct message, which the other person gets with its message", async () => {
    await a.keyboard.press("Control+k");
    await a.getByRole("combobox", { name: /^Room, person/ }).fill("bob");
    expect(await isShown(a.getByRole("option", { name: /^B?bob/i }))).toBe(true);
    await a.keyboard.press("Enter");
    await a.getByRole("heading", { name: "bob" }).waitFor();
    await say(a, "just between us");
    await button(b, "All rooms").click();
    expect(await isShown(roomItem(b, "alice").locator(".badge"))).toBe(true);
    await roomItem(b, "alice").click();
    await waitForText(b, "just between us");
    await openOnPhone("Workshop");
  }, 30_000);

  test("drafts stay with their room and sync to other devices; Alt and arrows change rooms", async () => {
    await a.locator(".composer-field").fill("half a thought");
    await a.keyboard.press("Alt+ArrowUp");
    await a.getByRole("heading", { name: "Workshop", exact: true }).waitFor();
    expect(await a.locator(".composer-field").inputValue()).toBe("");
    expect(await isShown(roomItem(a, "bob").locator(".visually-hidden", { hasText: "draft" }))).toBe(true);
    const second = await openChat(browser, alice, desktop);
    await waitUntil(async () => {
      await second.page.reload();
      await second.page.locator(".room-item", { hasText: "bob" }).click();
      return (await second.page.locator(".composer-field").inputValue()) === "half a thought";
    }, 10_000);
    expect(await second.page.locator(".composer-field").inputValue()).toBe("half a thought");
    await second.page.context().close();
    await a.keyboard.press("Alt+ArrowDown");
    await a.getByRole("heading", { name: "bob" }).waitFor();
    expect(await a.locator(".composer-field").inputValue()).toBe("half a thought");
    await a.locator(".composer-field").fill("");
    await roomItem(a, "Workshop").click();
  }, 60_000);

  test("a poll is created, voted on by both, and closed", async () => {
    await a.locator(".composer-field").fill("/poll");
    await a.locator(".suggestion").first().waitFor();
    await a.keyboard.press("Escape");
    await a.keyboard.press("Enter");
    await a.getByLabel("Question").fill("Where to?");
    await a.getByLabel("Choice 1").fill("Sea");
    await a.getByLabel("Choice 2").fill("Hills");
    await button(a, "Create poll").click();
    const choice = (page: Page, name: string) => page.locator(".poll-choice", { hasText: name });
    await choice(b, "Sea").click();
    expect(await waitUntil(async () => (await choice(a, "Sea").locator(".count").innerText()) === "1")).toBe(
      true,
    );
    await choice(a, "Hills").click();
    await choice(b, "Hills").click();
    expect(
      await waitUntil(async () => (await choice(a, "Hills").locator(".count").innerText()) === "2"),
    ).toBe(true);
    expect(await choice(a, "Sea").locator(".count").innerText()).toBe("0");
    await focusOn(a, "Where to?");
    // The pointer was used last; an arrow key returns to the message's keys.
    await a.keyboard.press("ArrowDown");
    await a.keyboard.press("m");
    await a.getByRole("menuitem", { name: "Close poll" }).click();
    expect(await isShown(b.locator(".poll-facts", { hasText: "closed" }))).toBe(true);
    expect(await choice(b, "Sea").isDisabled()).toBe(true);
  }, 60_000);

  test("a link to an old message opens the room around it with the message in view; the way to the newest leads down", async () => {
    const room = workshop as RoomId;
    const seqs: number[] = [];
    for (let index = 0; index < 140; index++) seqs.push(await bob.say(room, `line ${index}`));
    await a.goto(`${server.url}/chat/${room}/${seqs[20]}`);
    const row = rowOf(a, "line 20");
    expect(await isShown(row)).toBe(true);
    const isInView = () =>
      row.evaluate((element) => {
        const view = document.querySelector(".messages-viewport")!.getBoundingClientRect();
        const { top, bottom } = element.getBoundingClientRect();
        return top >= view.top && bottom <= view.bottom;
      });
    expect(await waitUntil(isInView)).toBe(true);
    expect((await shownTexts(a)).some((text) => text.includes("line 139"))).toBe(false);
    // New messages are not appended to what is shown.
    await bob.say(room, "news from the end");
    await button(a, /Jump to latest|new message/).click();
    await waitForText(a, "news from the end");
    expect((await shownTexts(a)).at(-1)).toBe("news from the end");
  }, 60_000);

  test("[A25] a link to a room joins it only after a yes, wherever it stands; a link in a message stays in the chat", async () => {
    const lobby = (await alice.run("room.create", { kind: "public", name: "Lobby" })).room.id;
    const closed = (await alice.run("room.create", { kind: "private", name: "Vault" })).room.id;
    const answer = (name: string) => b.locator("dialog[open]").getByRole("button", { name }).click();
    const isIn = async () => (await bob.rooms()).some((room) => room.id === lobby);
    await b.goto(`${server.url}/chat/${closed}`);
    await answer("Join");
    expect(await isShown(b.locator(".toast", { hasText: "Room not found." }))).toBe(true);
    // Another site can lead there as well as a link can.
    await b.goto(`${server.url}/chat/${lobby}`);
    await answer("Cancel");
    expect(await isIn()).toBe(false);
    await alice.say(workshop as RoomId, `see [the lobby](${server.url}/chat/${lobby})`);
    await openOnPhone("Workshop");
    await b.getByRole("link", { name: "the lobby" }).click();
    await answer("Cancel");
    expect(await isIn()).toBe(false);
    await b.goto(`${server.url}/chat/${lobby}`);
    await answer("Join");
    await b.getByRole("heading", { name: "Lobby", exact: true }).waitFor();
    await openOnPhone("Workshop");
    await b.getByRole("link", { name: "the lobby" }).click();
    await b.getByRole("heading", { name: "Lobby", exact: true }).waitFor();
    expect(b.context().pages()).toHaveLength(1);
  }, 60_000);

  test("[T36] a poll's question is drawn as it acts: with its marks, and with who it mentions", async () => {
    const body = {
      kind: "poll" as const,
      question: "**Who** comes along, @bob?",
      choices: ["yes", "no"],
      isMultiple: false,
      isAnonymous: false,
      closesAt: null,
    };
    const sendId = crypto.randomUUID() as never;
    await alice.run("message.send", { room: workshop as RoomId, sendId, body });
    const question = rowOf(a, "comes along").locator("legend");
    expect(await question.locator("strong").innerText()).toBe("Who");
    expect(await question.locator(".mention").innerText()).toBe("@bob");
    expect((await bob.room(workshop as RoomId)).mentions).toBeGreaterThan(0);
  }, 60_000);

  test("[H3] a stranger's conversation waits for a yes; then there is a composer, and it can be hidden until it goes on", async () => {
    const carol = await join(server, "carol");
    const { room } = await carol.run("direct.open", { people: [await alice.id()] });
    await carol.say(room.id, "hello from a stranger");
    await a.getByRole("heading", { name: "Requests" }).waitFor();
    await roomItem(a, "carol").click();
    const bar = a.getByRole("region", { name: "Message request" });
    await bar.getByText("This is your first contact with carol.").waitFor();
    expect(await a.locator(".room .composer-field").count()).toBe(0);
    await bar.getByRole("button", { name: "Accept" }).click();
    await say(a, "hello carol");
    await a.getByRole("heading", { name: "Requests" }).waitFor({ state: "detached" });
    await roomItem(a, "carol").click({ button: "right" });
    await a.getByRole("menuitem", { name: "Hide until there's a new message" }).click();
    await roomItem(a, "carol").waitFor({ state: "detached" });
    await carol.say(room.id, "are you there?");
    await roomItem(a, "carol").waitFor();
    await openRoomOnDesk("Workshop");
  }, 60_000);

  test("somebody removed from a room is out at once, told so, and led to another room", async () => {
    const room = workshop as RoomId;
    await b.goto(`${server.url}/chat/${room}`);
    await b.getByRole("heading", { name: "Workshop", exact: true }).waitFor();
    await b.locator(".composer-field").waitFor();
    await waitUntilOpen(b);
    await a.getByRole("button", { name: /^\d+ members?$/ }).click();
    await a.locator(".panel .person-button", { hasText: "bob" }).click();
    await button(a, "Remove from room").click();
    await a
      .locator("dialog[open]", { hasText: "Remove bob from" })
      .getByRole("button", { name: "Remove from room" })
      .click();
    expect(await isShown(b.locator(".toast", { hasText: "You were removed from Workshop." }))).toBe(true);
    await b.getByRole("heading", { name: "Workshop", exact: true }).waitFor({ state: "detached" });
    // The address changes too: a reload must not lead back in.
    expect(await waitUntil(() => !b.url().includes(room))).toBe(true);
    await b.reload();
    await b.locator(".composer-field").waitFor();
    expect((await bob.rooms()).some((own) => own.id === room)).toBe(false);
    // Somebody added by another person is told.
    await alice.run("member.add", { room, people: [await bob.id()] });
    await b.locator(".toast", { hasText: "You joined Workshop." }).waitFor();
    expect(faults).toEqual([]);
  }, 60_000);
});
