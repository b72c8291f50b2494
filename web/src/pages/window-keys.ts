import type { RoomId } from "@novax/protocol/ids";
import { preferences } from "../features/settings/preferences.ts";
import { isPhone } from "../lib/element.ts";
import { isSearchKey } from "../lib/keys.ts";
import { moveFocus } from "../lib/move-focus.ts";
import { focusRoom, focusTargetOf, type Region } from "../lib/regions.ts";
import type { ChatStore } from "../stores/chat-store.ts";
import { searchOf } from "../stores/search-store.ts";
import type { PanelName, UiStore } from "../stores/ui-store.ts";

export type WindowKeyContext = {
  chat: ChatStore;
  ui: UiStore;
  goToEnd: () => Promise<void>;
  openRoom: (id: string) => void;
  openPanel: (panel: PanelName) => void;
  closePanel: () => void;
};

/** Does what a key means wherever the focus is, unless a dialog is open. */
export function runWindowKey(event: KeyboardEvent, context: WindowKeyContext): void {
  // While an input method composes, Escape belongs to it.
  if (event.isComposing || event.keyCode === 229) return;
  const { chat, ui } = context;
  const { target } = event;
  const isWriting = target instanceof HTMLElement && target.matches("input, textarea, select");
  const isShortcut = event.ctrlKey || event.metaKey;
  const hasSingleKeys = !isWriting && !isShortcut && !event.altKey && preferences.peek().hasSingleKeys;
  if (event.key === "F6") {
    event.preventDefault();
    cycleRegions(event.shiftKey ? -1 : 1);
  } else if (ui.overlay.peek() !== null || (!isWriting && (moveInRooms(event) || moveInMessage(event)))) {
    return;
  } else if (event.altKey && !isShortcut && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    const next = nextRoom(chat, event.key === "ArrowDown" ? 1 : -1, event.shiftKey);
    if (next !== null) context.openRoom(next);
  } else if (event.key === "Escape") {
    // From a message that was found, Escape leads back to the results, and then closes the panel beside the room.
    if (focusFoundHit(chat, ui)) return;
    if (ui.panel.peek() !== null && !isPhone()) context.closePanel();
    else {
      void context.goToEnd();
      // An old message that had the focus is no longer in view.
      if (target instanceof Element && target.closest('[data-region="messages"]')) focusRoom();
    }
  } else if (isSearchKey(event) || (event.key === "/" && hasSingleKeys)) {
    event.preventDefault();
    openSearch(context);
  } else if (event.key === "?" && hasSingleKeys) {
    event.preventDefault();
    ui.open({ kind: "shortcuts" });
  } else if (/^Page(?:Up|Down)$/.test(event.key) && target instanceof HTMLTextAreaElement) {
    scrollMessages(event, target);
  } else if (
    !isShortcut &&
    !event.altKey &&
    event.key.length === 1 &&
    event.key !== " " &&
    isOnRoom(target)
  ) {
    // Who types means to write. The field takes the letter of this key.
    focusTargetOf("composer")?.focus();
  }
}

function isOnRoom(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[data-region="rooms"]') !== null;
}

/** From the composer, a page up or down is one of the messages above it, if the text itself needs no scrolling. */
function scrollMessages(event: KeyboardEvent, field: HTMLTextAreaElement): void {
  const list = field.closest(".room, .thread")?.querySelector<HTMLElement>('[data-region="messages"]');
  if (!list || field.scrollHeight > field.clientHeight + 1) return;
  event.preventDefault();
  list.scrollBy({ top: (event.key === "PageUp" ? -0.9 : 0.9) * list.clientHeight });
}

/** Returns whether the focus went from elsewhere to the hit that was opened last. */
function focusFoundHit(chat: ChatStore, ui: UiStore): boolean {
  if (ui.panel.peek() !== "search" || isPhone() || searchOf(chat).focused.peek() === null) return false;
  const panel = document.querySelector<HTMLElement>(".search");
  const hit = panel?.querySelector<HTMLElement>("[data-resume] button");
  if (!panel || !hit || panel.contains(document.activeElement)) return false;
  hit.focus();
  return true;
}

/** Opens the search, or goes to its field if it is open. */
function openSearch({ chat, ui, openPanel }: WindowKeyContext): void {
  const search = searchOf(chat);
  search.focusRequests.value += 1;
  if (ui.panel.peek() === "search") return;
  // Who asks for the field does not come back from a hit.
  search.focused.value = null;
  ui.typedAhead = "";
  ui.awaitsSearch = true;
  openPanel("search");
}

/**
 * The room after or before the open one in the list. With `isUnread`, only rooms with unread messages count. Null if
 * there is none.
 */
function nextRoom(chat: ChatStore, step: 1 | -1, isUnread: boolean): RoomId | null {
  const rooms = chat.rooms.sections.peek().flatMap((section) => section.rooms);
  const current = rooms.findIndex((room) => room.id === chat.navigation.current.peek());
  for (let index = 1; index <= rooms.length; index++) {
    const room = rooms[(current + step * index + rooms.length * index) % rooms.length]!;
    if (!isUnread || (room.unread > 0 && room.id !== chat.navigation.current.peek())) return room.id;
  }
  return null;
}

/** Moves the focus through the list of rooms, which is one stop of Tab. Returns whether the key did so. */
function moveInRooms(event: KeyboardEvent): boolean {
  return moveFocus(event, [...document.querySelectorAll<HTMLElement>('[data-region="rooms"] .room-item')]);
}

const partsOfMessage = "a[href], button:not(:disabled, [aria-hidden]), input, audio, video";

/**
 * Moves the focus from a message to what is in it, and back, by the arrow keys to the sides. Escape leads back to the
 * message. Returns whether the key did so.
 */
function moveInMessage(event: KeyboardEvent): boolean {
  const { key, target } = event;
  const article = target instanceof Element ? target.closest<HTMLElement>("article") : null;
  if (!article || event.altKey || event.ctrlKey || event.metaKey) return false;
  const parts = [...article.querySelectorAll<HTMLElement>(partsOfMessage)].filter((part) =>
    part.checkVisibility(),
  );
  if (key === "Escape" && target !== article) article.focus({ preventScroll: true });
  else if (/^Arrow(?:Left|Right)$/.test(key)) moveFocus(event, [article, ...parts], { isSideways: true });
  else return false;
  return true;
}

/** The order in which F6 goes through the regions, as in native applications. */
const regions: readonly Region[] = ["rooms", "messages", "composer", "panel", "toasts"];

/** Moves the focus to the next visible region, or with -1 to the previous one. */
function cycleRegions(step: 1 | -1): void {
  const targets = regions.flatMap((region) => focusTargetOf(region) ?? []);
  const current = targets.findIndex((target) => target.contains(document.activeElement));
  const next = current < 0 ? 0 : (current + step + targets.length) % targets.length;
  targets[next]?.focus();
}
