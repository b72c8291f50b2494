import type { ChatStore } from "../stores/chat-store.ts";
import { more } from "../texts/more.ts";

/** Copies a text and says so, or says that the browser didn't let it. */
export async function copyText(chat: ChatStore, text: string): Promise<void> {
  const isCopied = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  );
  chat.toasts.show(isCopied || copyBySelection(text) ? more.message.copied : more.message.notCopied);
}

/** The old way, which also works without https. */
function copyBySelection(text: string): boolean {
  const field = document.createElement("textarea");
  const focused = document.activeElement as HTMLElement | null;
  field.value = text;
  field.className = "visually-hidden";
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return isCopied;
}
