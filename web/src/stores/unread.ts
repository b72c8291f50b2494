import type { MessageEntry } from "@novax/protocol/apply-event";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { t } from "../texts/text.ts";
import type { ChatStore } from "./chat-store.ts";

// What was read is unread again.

/** From a message on, until one goes there again: being in view does not read it. */
export async function markUnread(chat: ChatStore, entry: MessageEntry): Promise<void> {
  const store = chat.timeline.peek();
  if (!store) return;
  store.clearDivider();
  if (!(await chat.command("room.mark_unread", { room: store.id, seq: entry.seq }))) return;
  store.clearDivider();
  store.startDivider(entry.seq - 1, "" as AccountId);
  chat.heldUnread = store.id;
}

/** Takes back that a room was marked read. True when what follows is here again, with the "New" line before it. */
export async function undoMarkRead(chat: ChatStore, room: RoomId, readSeq: number): Promise<boolean> {
  if (!(await chat.command("room.mark_unread", { room, seq: readSeq + 1 }))) return false;
  chat.heldUnread = room;
  const store = chat.timeline.peek();
  if (!store) return false;
  if (store.coversAfter(readSeq)) store.startDivider(readSeq, chat.you.id);
  else
    await store
      .load(readSeq + 1, { readSeq, you: chat.you.id })
      .catch(() => chat.toasts.show(t.errors.notLoaded));
  return true;
}
