import { type Bootstrap, bootstrapElementId } from "@novax/protocol/bootstrap";
import type { RoomId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import { render } from "preact";
import { type Api, api } from "../client/api.ts";
import { loadPreferences } from "../features/settings/preferences.ts";
import { watchInstallOffer } from "../lib/install-offer.ts";
import { openStorage } from "../storage/database.ts";
import type { KeptChat } from "../storage/kept-chat.ts";
import { unmarkKept } from "../storage/kept-mark.ts";
import { createHeldStorage, createOutboxStorage } from "../storage/outbox-storage.ts";
import type { SealedStore } from "../storage/sealed-store.ts";
import { ChatStore } from "../stores/chat-store.ts";
import { customEmoji } from "../stores/custom-emoji.ts";
import { pictures } from "../stores/pictures.ts";
import { UiStore } from "../stores/ui-store.ts";
import { ChatPage } from "./chat-page.tsx";

const hiddenBatchMs = 250;
const retryAfterMs = 5000;

const [, namedRoom, namedSeq] = /^\/chat\/([^/]+)(?:\/(\d+))?$/.exec(location.pathname) ?? [];
const delivered = document.getElementById(bootstrapElementId)?.textContent;
const mount = document.getElementById("app")!;
loadPreferences();
watchInstallOffer();
/** What this device keeps. Its code isn't needed for the first view. */
const opening = import("../storage/kept.ts").then(
  ({ openSealedStore }) => openSealedStore(),
  () => null,
);
await speakLanguage();
if (delivered) {
  const bootstrap = JSON.parse(delivered) as Bootstrap;
  // A viewer who was removed from every room has no room to open.
  if (bootstrap.rooms.length > 0) openChat(bootstrap, mount, null);
  else {
    // Nothing of the rooms that the viewer was in stays on the device.
    void opening.then((store) => store?.clear().catch(() => {}));
    await show("NoRooms");
  }
} else {
  // Without a connection the page comes from this device, without data.
  const kept = await openKept(await opening);
  if (kept) openChat(kept.bootstrap, mount, kept);
  else {
    // The next page waits for the server.
    await unmarkKept();
    await show("Offline");
  }
}

async function show(name: "NoRooms" | "Offline"): Promise<void> {
  const { [name]: Page } = await import("./lazy-bundle.ts");
  render(<Page />, mount);
}

async function openKept(store: SealedStore | null): Promise<KeptChat | null> {
  const last = /(?:^|; )novax_room=([^;]+)/.exec(document.cookie)?.[1];
  const wanted = [namedRoom, last].flatMap((room) => (room === undefined ? [] : [room as RoomId]));
  if (!store) return null;
  return import("../storage/kept.ts")
    .then(({ readKeptChat }) => readKeptChat(store, wanted))
    .catch(() => null);
}

/**
 * Uses the language of the document. The server chose it by the setting of this browser, or else by the browser's
 * languages.
 */
async function speakLanguage(): Promise<void> {
  if (document.documentElement.lang !== ("de" satisfies Language)) return;
  const { speakGerman } = await import("../texts/german.ts");
  speakGerman();
}

/** `kept`: what this device had of it, if there was no connection. */
function openChat(bootstrap: Bootstrap, mount: HTMLElement, kept: KeptChat | null): void {
  const socketUrl = new URL(`/ws/${encodeURIComponent(bootstrap.you.username)}`, location.href);
  socketUrl.protocol = location.protocol === "https:" ? "wss:" : "ws:";

  const isConnected = () => chat.client.state.peek().kind === "open";
  /** As `api.read`; without a connection also from this device. */
  const readAlsoKept: Api["read"] = async (type, input) => {
    const asked = api.read(type, input);
    if (isConnected()) return asked;
    // It is waited for below.
    asked.catch(() => {});
    const rest = await import("./lazy-bundle.ts").catch(() => null);
    return rest ? rest.readOrKept(asked, { type, input, store: await opening, isConnected }) : asked;
  };
  const storage = openStorage(bootstrap.you.id);
  const chat = new ChatStore(bootstrap, {
    socketUrl: socketUrl.href,
    outboxStorage: createOutboxStorage(storage),
    heldStorage: createHeldStorage(storage),
    draftStorage: localStorage,
    pageStorage: sessionStorage,
    api: { ...api, read: readAlsoKept },
    // The server leads to where one signs in, and afterwards back to this page.
    signIn: () => location.reload(),
    forget: async () => {
      if ("clearAppBadge" in navigator) await navigator.clearAppBadge().catch(() => {});
      await (await opening)?.wipe().catch(() => {});
    },
    reload: reloadFromServer,
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
    // A viewer who comes back to a page without a connection, or with a dead one, should not wait for the next try.
    if (!document.hidden) chat.client.check();
  });
  addEventListener("offline", () => chat.client.reconnect());
  addEventListener("online", () => {
    if (chat.client.state.value.kind !== "open") chat.client.reconnect();
  });
  noteAttention();

  for (const person of kept?.people ?? []) chat.people.known.set(person.id, person);
  const seq = namedSeq === undefined ? undefined : Number(namedSeq);
  if (seq !== undefined) chat.navigation.highlight(seq);
  const ui = new UiStore();
  pictures.start(api);
  render(<ChatPage chat={chat} ui={ui} />, mount);
  chat.start();
  const room = namedRoom as RoomId | undefined;
  if (kept)
    void import("./lazy-bundle.ts").then(({ goOnFromKept }) =>
      goOnFromKept(chat, { room, seq, reload: reloadFromServer }),
    );
  // This code is likely to be needed soon, and some of it works in the background.
  const loadRest = () =>
    import("./lazy-bundle.ts").then(
      ({
        linkRooms,
        reportWhenAway,
        soundWhenMentioned,
        startNotifications,
        joinFromAddress,
        keepChat,
        openFromAddress,
        showBadge,
        watchPressAndHold,
      }) => {
        watchPressAndHold(document);
        reportWhenAway(chat);
        soundWhenMentioned(chat);
        startNotifications(chat, ui);
        const since = { bootstrap, reachedAt: kept?.at ?? Date.now() };
        // It ends with an error in a page that is being left, and the next page begins anew.
        void opening.then((store) => store && keepChat(chat, store, since).catch(() => {}));
        joinFromAddress(chat, ui);
        openFromAddress(ui);
        showBadge(chat);
        chat.linkRooms = (text) => linkRooms(text, chat.rooms.all.peek().values());
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

/** Loads the page again, from the server however long it takes. */
function reloadFromServer(): void {
  void unmarkKept()
    .catch(() => {})
    .finally(() => location.reload());
}
