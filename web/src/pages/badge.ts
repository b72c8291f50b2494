import type { ChatStore } from "../stores/chat-store.ts";

/** Shows on the installed app's icon how much asks for the viewer's attention. */
export function showBadge(chat: ChatStore): void {
  if (!("setAppBadge" in navigator)) return;
  chat.attentionCount.subscribe((count) => {
    // Browsers refuse it where no app is installed.
    void navigator.setAppBadge(count).catch(() => {});
  });
}
