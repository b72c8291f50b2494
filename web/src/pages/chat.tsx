import { type Bootstrap, bootstrapElementId } from "@novax/protocol/bootstrap";
import type { Language } from "@novax/protocol/language";
import { render } from "preact";
import { api } from "../client/api.ts";
import { loadPreferences } from "../features/settings/preferences.ts";
import { openStorage } from "../storage/database.ts";
import { createOutboxStorage } from "../storage/outbox-storage.ts";
import { ChatStore } from "../stores/chat-store.ts";
import { UiStore } from "../stores/ui-store.ts";
import { ChatPage } from "./chat-page.tsx";

const hiddenBatchMs = 250;

const bootstrap = JSON.parse(document.getElementById(bootstrapElementId)!.textContent!) as Bootstrap;
const mount = document.getElementById("app")!;
loadPreferences();
await speakLanguage();
// Whoever was taken out of every room has nothing to open.
if (bootstrap.rooms.length === 0) {
  const { NoRooms } = await import("./lazy-bundle.ts");
  render(<NoRooms />, mount);
} else openChat(bootstrap, mount);

/** Speaks as the document was written: the server knows what was chosen here, and what the browser wants. */
async function speakLanguage(): Promise<void> {
  if (document.documentElement.lang !== ("de" satisfies Language)) return;
  const { speakGerman } = await import("../texts/german.ts");
  speakGerman();
}

function openChat(bootstrap: Bootstrap, mount: HTMLElement): void {
  const socketUrl = new URL(`/ws/${encodeURIComponent(bootstrap.you.username)}`, location.href);
  socketUrl.protocol = location.protocol === "https:" ? "wss:" : "ws:";

  const chat = new ChatStore(bootstrap, {
    socketUrl: socketUrl.href,
    outboxStorage: createOutboxStorage(openStorage(bootstrap.you.id)),
    draftStorage: localStorage,
    api,
    signIn: () => location.assign("/"),
    reload: () => location.reload(),
    rememberRoom: (id) => {
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet
      document.cookie = `novax_room=${id}; path=/; max-age=31536000; samesite=lax`;
    },
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
  addEventListener("offline", () => chat.client.reconnect());
  addEventListener("online", () => {
    if (chat.client.state.value.kind !== "open") chat.client.reconnect();
  });
  noteAttention();

  const seq = /^\/chat\/[^/]+\/(\d+)$/.exec(location.pathname)?.[1];
  if (seq !== undefined) chat.navigation.highlight(Number(seq));
  render(<ChatPage chat={chat} ui={new UiStore()} />, mount);
  chat.start();
  // What is likely to be opened.
  import("./lazy-bundle.ts").then(
    ({ linkRooms, reportWhenAway, soundWhenMentioned, joinFromAddress }) => {
      reportWhenAway(chat);
      soundWhenMentioned(chat);
      joinFromAddress(chat);
      chat.linkRooms = (text) => linkRooms(text, chat.rooms.all.peek().values(), location.origin);
    },
    () => {
      // It is tried again when it is wanted.
    },
  );
}
