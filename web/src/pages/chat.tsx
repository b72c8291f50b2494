import { type Bootstrap, bootstrapElementId } from "@novax/protocol/bootstrap";
import { render } from "preact";
import { NoRooms } from "../components/no-rooms.tsx";
import { ChatStore } from "../stores/chat-store.ts";
import { createDrafts } from "../stores/drafts.ts";
import { createIndexedDbOutbox } from "../stores/outbox-storage.ts";
import { ChatPage } from "./chat-page.tsx";

const hiddenBatchMs = 250;

const bootstrap = JSON.parse(document.getElementById(bootstrapElementId)!.textContent!) as Bootstrap;
const place = document.getElementById("app")!;
// Whoever was taken out of every room has nothing to open.
if (bootstrap.rooms.length === 0) render(<NoRooms />, place);
else openChat(bootstrap, place);

function openChat(bootstrap: Bootstrap, place: HTMLElement): void {
  const socketUrl = new URL(`/ws/${encodeURIComponent(bootstrap.you.username)}`, location.href);
  socketUrl.protocol = location.protocol === "https:" ? "wss:" : "ws:";

  const chat = new ChatStore(bootstrap, {
    socketUrl: socketUrl.href,
    outboxStorage: createIndexedDbOutbox(bootstrap.you.id),
    // A hidden page is drawn no frames, and it may be hidden in between.
    schedule: (job) => {
      let isDue = true;
      const once = () => {
        if (isDue) job();
        isDue = false;
      };
      requestAnimationFrame(once);
      setTimeout(once, hiddenBatchMs);
    },
  });
  const noteAttention = () => {
    chat.setAttended(!document.hidden && document.hasFocus());
  };
  for (const event of ["focus", "blur"]) addEventListener(event, noteAttention);
  document.addEventListener("visibilitychange", () => {
    noteAttention();
    // Whoever comes back to a page that lost its line should not wait for the next try.
    if (!document.hidden && chat.client.state.value.kind === "away") chat.client.reconnect();
  });
  addEventListener("online", () => {
    if (chat.client.state.value.kind !== "open") chat.client.reconnect();
  });
  noteAttention();

  render(<ChatPage chat={chat} drafts={createDrafts(localStorage)} />, place);
  chat.start();
}
