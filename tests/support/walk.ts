// One way through the chat, for browsers that aren't driven by Playwright: sign in, send, edit, react, switch, search, send a
// file, change a setting, and the width of a phone. What is done is done with real keys and a real pointer.
import { expect } from "bun:test";
import type { RoomId } from "@novax/protocol/ids";
import { type Person, password } from "./person.ts";
import { waitUntil } from "./server.ts";

/** What the way needs of a browser. */
export type WalkedPage = {
  go(url: string): Promise<void>;
  /** Evaluates an expression in the page. Resolves with its value, which can be JSON. */
  evaluate<T>(expression: string): Promise<T>;
  /** Presses keys, one for each character. Enter is "\uE007", the up arrow "\uE013". */
  keys(text: string): Promise<void>;
  /** Moves the pointer to a point of the window, and presses there if `isClick`. */
  pointer(point: { x: number; y: number }, isClick: boolean): Promise<void>;
  resize(width: number, height: number): Promise<void>;
};

const enter = "\uE007";
const arrowUp = "\uE013";
const waitMs = 15_000;

/** Walks as `person`, who is registered and a member of General and of `room`. `name` tells the browsers apart. */
export async function walk(
  page: WalkedPage,
  { person, room, name }: { person: Person; room: RoomId; name: string },
): Promise<void> {
  const { server } = person;
  const until = async (expression: string) =>
    expect(await waitUntil(() => page.evaluate<boolean>(`Boolean(${expression})`), waitMs), expression).toBe(
      true,
    );
  const has = (text: string) => until(`document.body.innerText.includes(${JSON.stringify(text)})`);
  /** Points at the middle of the last element that is shown. */
  const point = async (selector: string, isClick: boolean) => {
    const found = `[...document.querySelectorAll(${JSON.stringify(selector)})].findLast((one) => one.checkVisibility())`;
    await until(found);
    await page.evaluate(`(${found}.scrollIntoView({ block: "nearest" }), true)`);
    const middle = await page.evaluate<{ x: number; y: number }>(`(() => {
      const { x, y, width, height } = ${found}.getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };
    })()`);
    await page.pointer(middle, isClick);
  };
  const click = (selector: string) => point(selector, true);
  const type = async (selector: string, text: string) => {
    await until(`document.querySelector(${JSON.stringify(selector)})`);
    await click(selector);
    await page.keys(text);
  };
  const button = async (text: string, within = "body") => {
    await until(`(() => {
      const all = [...document.querySelectorAll(${JSON.stringify(`${within} :is(button, summary)`)})];
      const found = all.find((one) => [one.textContent.trim(), one.getAttribute("aria-label")].includes(${JSON.stringify(text)}));
      for (const one of document.querySelectorAll("[data-walked]")) one.removeAttribute("data-walked");
      found?.setAttribute("data-walked", "");
      return found;
    })()`);
    await click("[data-walked]");
  };
  const composer = ".room .composer-field";
  const sent = (text: string) =>
    until(`[...document.querySelectorAll(".row-message[data-seq] .message-text > p")]
    .some((one) => one.innerText === ${JSON.stringify(text)})`);

  await page.resize(1200, 800);
  await page.go(`${server.url}/`);
  await type("[name=username]", person.username);
  await type("[name=password]", password + enter);
  await until(`location.pathname.startsWith("/chat") && document.querySelector("${composer}")`);
  await page.evaluate(
    `(window.faults = [], addEventListener("error", (event) => faults.push(event.message)), true)`,
  );

  await type(composer, `written in ${name}${enter}`);
  await sent(`written in ${name}`);
  await page.keys(arrowUp);
  await until(`document.querySelector("${composer}").value === ${JSON.stringify(`written in ${name}`)}`);
  await page.keys(` twice${enter}`);
  await sent(`written in ${name} twice`);
  await until(`document.querySelector(".message-edited")`);

  await point(".row-message[data-seq] .message-text", false);
  await until(`document.querySelector(".message-toolbar button")`);
  await click(".message-toolbar button:first-child");
  await until(`document.querySelector(".reaction-own, .emoji-cell")`);
  if (await page.evaluate<boolean>(`!document.querySelector(".reaction-own")`)) await click(".emoji-cell");
  await until(`document.querySelector(".reaction-own")`);

  await click(`.room-item[data-room="${room}"]`);
  await until(`location.pathname === "/chat/${room}"`);
  await type(composer, `and here ${name}${enter}`);
  await sent(`and here ${name}`);

  await page.evaluate(`(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["in ${name}"], "${name}.txt", { type: "text/plain" }));
    for (const type of ["dragenter", "dragover", "drop"])
      document.querySelector("${composer}").dispatchEvent(
        new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }),
      );
    return true;
  })()`);
  await has(`${name}.txt`);
  await type(composer, `with a file${enter}`);
  await sent("with a file");
  await until(`document.querySelector(".row-message[data-seq] .files")`);

  await button("Search messages");
  await type(".search [role=searchbox], .search input", `twice${enter}`);
  await until(`document.querySelector(".search-hits .preview-message mark")`);
  await click(".search-hits .preview-message");
  await until(`location.pathname.startsWith("/chat/general") && document.querySelector(".reaction-own")`);

  await click(".account summary");
  await button("Settings", ".account");
  await button("Appearance", "dialog");
  await page.evaluate(`(() => {
    const field = [...document.querySelectorAll("dialog select")].find((one) => one.querySelector("[value=dark]"));
    field.value = "dark";
    return field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  })()`);
  await until(`document.documentElement.dataset.theme === "dark"`);
  await page.keys("\uE00C");
  await until(`!document.querySelector("dialog[open]")`);

  await page.resize(400, 800);
  await page.go(`${server.url}/chat/${room}`);
  await has(`and here ${name}`);
  await until(`document.documentElement.scrollWidth <= innerWidth`);
  await button("All rooms");
  await until(`document.querySelector('.room-item[data-room="general"]')?.checkVisibility()`);
  await click('.room-item[data-room="general"]');
  await has(`written in ${name} twice`);
  await until(`document.documentElement.scrollWidth <= innerWidth`);
  expect(await page.evaluate<string[]>("window.faults ?? []")).toEqual([]);
}
