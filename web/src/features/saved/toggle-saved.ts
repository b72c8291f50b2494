import type { RoomId } from "@novax/protocol/ids";
import type { ChatStore } from "../../stores/chat-store.ts";

/** Saves a message for later, or removes it from the saved ones. */
export function toggleSaved(chat: ChatStore, room: RoomId, seq: number): void {
  const isSaved = chat.me.isSaved(room, seq);
  chat.me.showSaved(room, seq, !isSaved);
  void chat.command(isSaved ? "message.unsave" : "message.save", { room, seq }).then((done) => {
    if (!done) void chat.me.rereadSaved();
  });
}
