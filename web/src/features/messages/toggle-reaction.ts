import type { MessageEntry } from "@novax/protocol/apply-event";
import type { RoomId } from "@novax/protocol/ids";
import type { ChatStore } from "../../stores/chat-store.ts";

/** After this time the event of the stored reaction has arrived. */
const shownMs = 1000;

/** Adds the viewer's reaction, or removes it. The change is shown at once, and undone if the server refuses it. */
export function toggleReaction(
  chat: ChatStore,
  { seq, reactions }: MessageEntry,
  { room, emoji }: { room: RoomId; emoji: string },
): void {
  const stores = chat.timelinesOf(room);
  // The menu may have been opened before a change, so the state that is shown now counts.
  const shown = stores.map((store) => store.find(seq)).find((found) => found !== null);
  const isOwn = (shown?.reactions ?? reactions).some(
    (reaction) => reaction.emoji === emoji && reaction.by.includes(chat.you.id),
  );
  const drops = stores.map((store) => store.changes.react(seq, { emoji, by: chat.you.id, isAdded: !isOwn }));
  const drop = () => {
    for (const dropOne of drops) dropOne();
  };
  const key = `reaction ${room} ${seq} ${emoji}`;
  void chat.held.run(key, isOwn ? "reaction.remove" : "reaction.add", { room, seq, emoji }).then((done) => {
    if (done) setTimeout(drop, shownMs);
    else drop();
  });
}
