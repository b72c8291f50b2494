import type { RoomId } from "@novax/protocol/ids";
import type { ChatStore } from "../../stores/chat-store.ts";

/** Saves a message for later, or removes it from the saved ones. */
export function toggleSaved(chat: ChatStore, room: RoomId, seq: number): void {
  setSaved(chat, { room, seq }, !chat.me.isSaved(room, seq));
}

/** As {@link toggleSaved}, where it is known which of both: only the newest saved messages are known everywhere. */
export function setSaved(
  chat: ChatStore,
  { room, seq }: { room: RoomId; seq: number },
  isSaved: boolean,
): void {
  chat.me.showSaved(room, seq, isSaved);
  const command = isSaved ? "message.save" : "message.unsave";
  void chat.held.run(`save ${room} ${seq}`, command, { room, seq }).then((done) => {
    if (!done) void chat.me.rereadSaved();
  });
}
