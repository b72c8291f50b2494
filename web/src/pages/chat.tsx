import { type Bootstrap, bootstrapElementId } from "@novax/protocol/bootstrap";
import type { Language } from "@novax/protocol/language";
import { render } from "preact";
import { api } from "../client/api.ts";
import { loadPreferences } from "../features/settings/preferences.ts";
import { openStorage } from "../storage/database.ts";
import { createOutboxStorage } from "../storage/outbox-storage.ts";
import { ChatStore } from "../stores/chat-store.ts";
import { customEmoji } from "../stores/custom-emoji.ts";
import { pictures } from "../stores/pictures.ts";
import { UiStore } from "../stores/ui-store.ts";
import { ChatPage } from "./chat-page.tsx";

const hiddenBatchMs = 250;
const retryAfterMs = 5000;

const bootstrap = JSON.parse(document.getElementById(bootstrapElementId)!.textContent!) as Bootstrap;
const mount = document.getElementById("app")!;
loadPreferences();
await speakLanguage();
// A viewer who was removed from every room has no room to open.
if (bootstrap.rooms.length === 0) {
  const { NoRooms } = await import("./lazy-bundle.ts");
  render(<NoRooms />, mount);
} else openChat(bootstrap, mount);

/**
 * Uses the language of the document. The server chose it by the setting of this browser, or else by the browser's
 * languages.
 */
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
    // A hidden page draws no frames, and a page may be hidden while it waits for one. So a timer also runs the job.
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
    // A viewer who comes back to a page without a connection should not wait for the next try.
    if (!document.hidden && chat.client.state.value.kind === "away") chat.client.reconnect();
  });
  addEventListener("offline", () => chat.client.reconnect());
  addEventListener("online", () => {
    if (chat.client.state.value.kind !== "open") chat.client.reconnect();
  });
  noteAttention();

  const seq = /^\/chat\/[^/]+\/(\d+)$/.exec(location.pathname)?.[1];
  if (seq !== undefined) chat.navigation.highlight(Number(seq));
  const ui = new UiStore();
  pictures.start(api);
  render(<ChatPage chat={chat} ui={ui} />, mount);
  chat.start();
  // This code is likely to be needed soon, and some of it works in the background.
  const loadRest = () =>
    import("./lazy-bundle.ts").then(
      ({ linkRooms, reportWhenAway, soundWhenMentioned, joinFromAddress, watchPressAndHold }) => {
        watchPressAndHold(document);
        reportWhenAway(chat);
        soundWhenMentioned(chat);
        joinFromAddress(chat, ui);
        chat.linkRooms = (text) => linkRooms(text, chat.rooms.all.peek().values(), location.origin);
      },
      () => setTimeout(loadRest, retryAfterMs),
    );
  void loadRest();
  customEmoji.start(api);
  const loadFiles = () =>
    import("./files-bundle.ts").then(
      async ({ startUploads, receiveShared }) => {
        await startUploads(chat);
        await receiveShared(chat, ui);
      },
      () => setTimeout(loadFiles, retryAfterMs),
    );
  void loadFiles();
}
