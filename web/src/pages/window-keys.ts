import type { RoomId } from "@novax/protocol/ids";
import { focusTargetOf, type Region } from "../lib/regions.ts";
import type { ChatStore } from "../stores/chat-store.ts";

/**
 * The room after or before the open one in the list. With `isUnread`, only rooms with unread messages count. Null if
 * there is none.
 */
export function nextRoom(chat: ChatStore, step: 1 | -1, isUnread: boolean): RoomId | null {
  const rooms = chat.rooms.sections.peek().flatMap((section) => section.rooms);
  const current = rooms.findIndex((room) => room.id === chat.navigation.current.peek());
  for (let index = 1; index <= rooms.length; index++) {
    const room = rooms[(current + step * index + rooms.length * index) % rooms.length]!;
    if (!isUnread || (room.unread > 0 && room.id !== chat.navigation.current.peek())) return room.id;
  }
  return null;
}

/** The order in which F6 goes through the regions, as in native applications. */
const regions: readonly Region[] = ["rooms", "messages", "composer", "panel"];

/** Moves the focus to the next visible region, or with -1 to the previous one. */
export function cycleRegions(step: 1 | -1): void {
  const targets = regions.flatMap((region) => focusTargetOf(region) ?? []);
  const current = targets.findIndex((target) => target.contains(document.activeElement));
  const next = current < 0 ? 0 : (current + step + targets.length) % targets.length;
  targets[next]?.focus();
}
