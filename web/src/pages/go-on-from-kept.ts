import type { RoomId } from "@novax/protocol/ids";
import { readBootstrap } from "../client/api.ts";
import type { ChatStore } from "../stores/chat-store.ts";
import { customEmoji } from "../stores/custom-emoji.ts";

/** Opens the room of the address, which may not be on this device, and reads the rest once there is a connection. */
export function goOnFromKept(
  chat: ChatStore,
  { room, seq, reload }: { room: RoomId | undefined; seq: number | undefined; reload: () => void },
): void {
  const isOpen = room === chat.navigation.current.peek();
  if (room && (!isOpen || (seq !== undefined && !chat.navigation.timeline.peek()?.find(seq))))
    void chat.navigation.openRoom(room, seq);
  let isDone = false;
  let failures = 0;
  chat.client.state.subscribe(({ kind }) => {
    if (isDone) return;
    if (kind === "away") {
      failures += 1;
      // The socket is for the person who was here last, by their name then. Another one who signed in gets a page of their own.
      if (failures > 1)
        void readBootstrap().then((fresh) => {
          const { id, username } = chat.you;
          if (fresh && (fresh.you.id !== id || fresh.you.username !== username)) reload();
        });
    }
    if (kind !== "open") return;
    isDone = true;
    void chat.me.reread();
    void chat.me.rereadSaved();
    void customEmoji.reread();
    void readBootstrap().then((fresh) => {
      if (!fresh) return;
      chat.notices.unseenCount.value = fresh.unseenNotices;
      for (const key of new Set([...chat.drafts.texts.peek().keys(), ...Object.keys(fresh.drafts)]))
        chat.drafts.hear(key, fresh.drafts[key] ?? "");
    });
    // The greeting, which is read next, brings the rooms.
    queueMicrotask(() => {
      if (room && chat.navigation.current.peek() !== room) void chat.navigation.openRoom(room, seq);
    });
  });
}
