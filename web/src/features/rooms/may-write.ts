import type { JoinedRoom } from "@novax/protocol/entities";
import type { ChatStore } from "../../stores/chat-store.ts";

/** Whether the person of a direct room is blocked by the viewer. */
export function isBlockedIn(chat: ChatStore, room: JoinedRoom): boolean {
  const [other] = room.people;
  return room.kind === "direct" && other !== undefined && chat.me.isBlocked(other.id);
}

/** Whether the viewer can write in a room now. The server checks the same again. */
export function mayWriteIn(chat: ChatStore, room: JoinedRoom): boolean {
  return (
    !room.isArchived &&
    !isBlockedIn(chat, room) &&
    !room.isRequest &&
    chat.may("message.send", room) &&
    (room.posting === "everybody" || chat.may("message.send_always", room))
  );
}
