import type { MessageEntry, TimelineEntry } from "@novax/protocol/apply-event";
import type { JoinedRoom } from "@novax/protocol/entities";
import { isDirect } from "@novax/protocol/permissions";
import { nameOf } from "@novax/protocol/person";
import { cutText, wordsOfBody } from "@novax/protocol/text";
import { useEffect, useState } from "preact/hooks";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { RoomStore } from "../../stores/room-store.ts";
import { attentionCountOf } from "../../stores/rooms-store.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";

const everyMs = 2000;
const spokenMax = 3;
/** What is longer is read in the list. */
const spokenCharsMax = 300;

/**
 * Announces new messages of the open room or thread to screen readers, each once. Messages within two seconds are joined,
 * and many are counted. It is apart from the list, because there older pages would be announced as well. For a room it says
 * how much is unread at first, and where else the viewer is called for.
 */
export function LiveRegion({ chat, store, room }: { chat: ChatStore; store: RoomStore; room: JoinedRoom }) {
  const [spoken, setSpoken] = useState({ text: "", times: 0 });
  useEffect(() => {
    const isThread = store.threadRoot !== null;
    // Around an old message, what comes after it is loaded later, and is not new.
    let spokenSeq = Math.max(room.headSeq, store.entries.peek().at(-1)?.seq ?? 0);
    const calls = isThread ? null : new Map<string, number>();
    if (calls) for (const other of roomsOf(chat)) calls.set(other.id, attentionCountOf(other));
    let first = !isThread && room.unread > 0 ? t.rooms.unread(room.unread) : "";
    const timer = setInterval(() => {
      // Behind a dialog nothing is announced. It is when the dialog is closed.
      if (document.querySelector("dialog[open]")) return;
      const fresh = store.entries.peek().filter((entry) => entry.seq > spokenSeq);
      spokenSeq = fresh.at(-1)?.seq ?? spokenSeq;
      const text = [
        first,
        calls ? callsElsewhere(chat, calls) : "",
        chat.room.peek()?.isMuted ? "" : toSpeech(chat, fresh),
      ]
        .filter((part) => part !== "")
        .join("\n");
      first = "";
      if (text !== "") setSpoken(({ times }) => ({ text, times: times + 1 }));
    }, everyMs);
    return () => clearInterval(timer);
  }, [chat, store]);
  return (
    <div className="visually-hidden" role="log" aria-live="polite" aria-label={more.room.liveLabel}>
      {/* A new element each time: the same words twice are two announcements. */}
      <span key={spoken.times}>{spoken.text}</span>
    </div>
  );
}

const roomsOf = (chat: ChatStore) => chat.rooms.sections.peek().flatMap((section) => section.rooms);

/** In which other rooms the viewer was called for since the last time. `before`: their counts then, which it updates. */
function callsElsewhere(chat: ChatStore, before: Map<string, number>): string {
  const open = chat.navigation.current.peek();
  const names = roomsOf(chat).flatMap((room) => {
    const count = attentionCountOf(room);
    const isMore = count > (before.get(room.id) ?? 0) && room.id !== open;
    before.set(room.id, count);
    if (!isMore) return [];
    return [
      isDirect(room.kind) ? more.room.liveDirect(chat.nameOf(room)) : more.room.liveCall(chat.nameOf(room)),
    ];
  });
  return names.join("\n");
}

function toSpeech(chat: ChatStore, entries: readonly TimelineEntry[]): string {
  const messages = entries.filter(
    (entry): entry is MessageEntry =>
      entry.kind === "message" &&
      entry.body.kind !== "deleted" &&
      entry.sender.id !== chat.you.id &&
      !chat.me.isBlocked(entry.sender.id),
  );
  if (messages.length > spokenMax) return more.message.liveMany(messages.length);
  return messages
    .map(({ sender, body }) => `${nameOf(sender)}: ${cutText(wordsOfBody(body), spokenCharsMax)}`)
    .join(".\n");
}
