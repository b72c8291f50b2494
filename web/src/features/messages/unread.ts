import type { MessageEntry } from "@novax/protocol/apply-event";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { ChatStore } from "../../stores/chat-store.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";

/** Marks the open room unread from a message on. It stays unread while it is visible, until it is opened again. */
export async function markUnread(chat: ChatStore, entry: MessageEntry): Promise<void> {
  const store = chat.navigation.timeline.peek();
  if (!store) return;
  store.clearDivider();
  if (!(await chat.command("room.mark_unread", { room: store.id, seq: entry.seq }))) return;
  store.clearDivider();
  store.startDivider(entry.seq - 1, "" as AccountId);
  chat.reading.heldUnread = store.id;
}

/**
 * Shows a toast that the room was marked read, with an undo. `onUndone` is called when the unread messages are shown
 * again, with the "New" line before them.
 */
export function offerUnread(
  chat: ChatStore,
  { room, readSeq }: { room: RoomId; readSeq: number },
  onUndone: () => void,
): void {
  chat.toasts.show(more.room.markedRead, {
    label: more.app.undo,
    run: async () => {
      if (await undoMarkRead(chat, room, readSeq)) requestAnimationFrame(onUndone);
    },
  });
}

async function undoMarkRead(chat: ChatStore, room: RoomId, readSeq: number): Promise<boolean> {
  if (!(await chat.command("room.mark_unread", { room, seq: readSeq + 1 }))) return false;
  chat.reading.heldUnread = room;
  const store = chat.navigation.timeline.peek();
  // The viewer went on to another room. This one opens at the line when they come back.
  if (store?.id !== room) return false;
  if (store.coversAfter(readSeq)) store.startDivider(readSeq, chat.you.id);
  else
    await store
      .load(readSeq + 1, { readSeq, you: chat.you.id })
      .catch(() => chat.toasts.show(t.errors.notLoaded));
  return true;
}
