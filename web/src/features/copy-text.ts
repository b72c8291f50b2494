import type { ChatStore } from "../stores/chat-store.ts";
import { more } from "../texts/more.ts";

/** Copies a text and says so, or says that the browser didn't let it. */
export async function copyText(chat: ChatStore, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    chat.toasts.show(more.message.copied);
  } catch {
    // Without https there is no clipboard, and a browser may forbid it.
    chat.toasts.show(more.message.notCopied);
  }
}
