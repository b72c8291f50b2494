import { openShared } from "@novax/protocol/app-shortcuts";
import { placeOfDraft } from "../features/files/use-attached.ts";
import { takeShared } from "../storage/shared-files.ts";
import type { ChatStore } from "../stores/chat-store.ts";
import type { UiStore } from "../stores/ui-store.ts";
import { t } from "../texts/text.ts";

/**
 * Asks where to send what another app shared with the installed app. Nothing is sent before the viewer presses Send. Uploads
 * must have started.
 */
export async function receiveShared(chat: ChatStore, ui: UiStore): Promise<void> {
  // Another page, which is about to be left, must not take it.
  if (new URLSearchParams(location.search).get("open") !== openShared) return;
  history.replaceState(history.state, "", location.pathname);
  const shared = await takeShared().catch(() => null);
  if (!shared) return;
  ui.open({
    kind: "switcher",
    onChoose: (room) => {
      if (shared.text !== "") {
        const draft = chat.drafts.read(room);
        chat.drafts.write(room, draft === "" ? shared.text : `${draft}\n${shared.text}`);
      }
      void chat.uploads
        .peek()
        ?.attach(placeOfDraft({ id: room, threadRoot: null }), shared.files)
        .then((left) => {
          if (left > 0) chat.toasts.show(t.files.tooMany(left));
        });
    },
  });
}
