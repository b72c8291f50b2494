import type { RoomId } from "@novax/protocol/ids";
import type { ChatStore } from "../stores/chat-store.ts";

/** The room before or after this one in the list; with `isUnread` the next that has something new. */
export function nextRoom(chat: ChatStore, step: 1 | -1, isUnread: boolean): RoomId | null {
  const rooms = chat.rooms.sections.peek().flatMap((section) => section.rooms);
  const current = rooms.findIndex((room) => room.id === chat.navigation.current.peek());
  for (let index = 1; index <= rooms.length; index++) {
    const room = rooms[(current + step * index + rooms.length * index) % rooms.length]!;
    if (!isUnread || (room.unread > 0 && room.id !== chat.navigation.current.peek())) return room.id;
  }
  return null;
}

/** The parts of the window that F6 goes through, as native applications do. */
export function cycleRegions(step: 1 | -1): void {
  const selectors = [
    ".room-item[aria-current]",
    ".messages-viewport",
    ".composer-field",
    ".panel .button-icon",
  ];
  const regions = selectors.flatMap((selector) => {
    const element = document.querySelector<HTMLElement>(selector);
    return element?.checkVisibility() ? [element] : [];
  });
  const current = regions.findIndex((region) => region.contains(document.activeElement));
  const next = current < 0 ? 0 : (current + step + regions.length) % regions.length;
  regions[next]?.focus();
}
