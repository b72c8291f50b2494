import { placeOfDraft } from "../features/files/use-attached.ts";
import { takeShared } from "../storage/shared-files.ts";
import type { ChatStore } from "../stores/chat-store.ts";
import type { UiStore } from "../stores/ui-store.ts";
import { t } from "../texts/text.ts";

type Policies = {
  createPolicy(
    name: string,
    rules: { createScriptURL: () => string },
  ): { createScriptURL(url: string): string };
};

const workerUrl = "/service-worker.js";

/** The policy of every page allows no address of a script but from a policy of this name, and this one knows one address. */
function trustedWorkerUrl(): string {
  const { trustedTypes } = globalThis as { trustedTypes?: Policies };
  if (!trustedTypes) return workerUrl;
  return trustedTypes.createPolicy("app", { createScriptURL: () => workerUrl }).createScriptURL("");
}

/**
 * Lets the installed app be chosen in the system's share sheet, and asks where to send what was shared. Nothing is sent
 * before the viewer presses Send. Uploads must have started.
 */
export async function receiveShared(chat: ChatStore, ui: UiStore): Promise<void> {
  if (matchMedia("(display-mode: standalone)").matches)
    await navigator.serviceWorker?.register(trustedWorkerUrl()).catch(() => {});
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
