import type { MessageEntry } from "@novax/protocol/apply-event";
import { latinKey } from "../../lib/keys.ts";
import { preferences } from "../settings/preferences.ts";
import type { ListKeyContext, MenuRequest, MessageActionContext } from "./message-context.ts";
import { runMessageMenu } from "./message-menu.ts";

/** Does what a key means in the message list, which is one stop of Tab: the arrow keys move inside it. */
export function runListKey(
  event: KeyboardEvent & { currentTarget: HTMLElement },
  { articles, isByPointer, isFollowing, onMoved, runKey, onTypeElsewhere }: ListKeyContext,
): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const index = articles.findIndex((article) => article.contains(document.activeElement));
  // A click focuses a message too, but a viewer who clicks does not expect a letter to be a command.
  const isOnMessage = index >= 0 && !isByPointer;
  const isInside = isOnMessage && articles[index] !== event.target;
  // What is in a message has keys of its own.
  if (isInside && (event.target as Element).matches("input, audio, video")) return;
  const { top, height } = event.currentTarget.getBoundingClientRect();
  const last = articles.length - 1;
  /** The first article that begins at this height of the window or below it. */
  const from = (y: number) => {
    const found = articles.findIndex((article) => article.getBoundingClientRect().top >= y);
    return found < 0 ? last : found;
  };
  // Into the list it goes where the viewer reads: at its end, or at the first message in view.
  const entry = isFollowing ? last : from(top);
  const up = isOnMessage ? index - 1 : entry;
  const down = isOnMessage ? index + 1 : entry;
  const targets: Record<string, number> = { ArrowUp: up, ArrowDown: down, Home: 0, End: last };
  // Single letters are commands only while a message has the focus, and not if the viewer wants none (WCAG 2.1.4).
  const key = latinKey(event);
  if (isOnMessage && preferences.peek().hasSingleKeys) Object.assign(targets, { k: up, j: down });
  if (isOnMessage && event.key.startsWith("Page")) {
    const step = event.key === "PageDown" ? height : -height;
    targets[event.key] = from(articles[index]!.getBoundingClientRect().top + step);
  }
  const target = targets[event.key] ?? targets[key];
  if (target !== undefined) {
    event.preventDefault();
    onMoved();
    const article = articles[Math.min(Math.max(target, 0), last)];
    article?.focus({ preventScroll: true });
    article?.scrollIntoView({ block: "nearest" });
  } else if (isOnMessage && !isInside && runKey(key, articles[index]!)) {
    event.preventDefault();
  } else if (!isOnMessage && event.key.length === 1 && !" ?/".includes(event.key)) {
    event.preventDefault();
    onTypeElsewhere(event.key);
  }
}

/** The keys that act on a message. The message's menu decides which of them it has. */
const messageKeys = ["r", "e", "+", "t", "u", "c", "p", "s", "enter", "m", "delete"];

/** Does what a key means on a message. Returns false if it means nothing. */
export function runMessageKey(
  context: MessageActionContext,
  entry: MessageEntry,
  { key, ...request }: MenuRequest & { key: string },
): boolean {
  const isWanted = key.length > 1 || preferences.peek().hasSingleKeys;
  if (!isWanted || entry.body.kind === "deleted" || !messageKeys.includes(key)) return false;
  runMessageMenu(context, entry, { key, ...request });
  return true;
}
