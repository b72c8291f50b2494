import type { Unfinished } from "../../stores/timeline-entries.ts";
import { more } from "../../texts/more.ts";
import type { MessageActionContext, WritingPlace } from "./message-context.ts";

type Held = { replyTo: number | null; edit: number | null; text: string };

/**
 * Keeps which message is being answered or edited, with the unfinished text of an edit, while the page is loaded again.
 * Returns a function that ends it.
 */
export function keepUnfinished({ chat, store }: MessageActionContext, composer: WritingPlace): () => void {
  const key = `unfinished:${chat.you.id}:${store.id}:${store.threadRoot ?? ""}`;
  const stopRestoring = store.hasLoaded.subscribe((hasLoaded) => {
    if (!hasLoaded) return;
    const held = take(key);
    if (!held || store.editing.peek() || store.replyingTo.peek()) return;
    // What is not in the part that was loaded is given up: nothing is lost but the quote.
    const edited = held.edit === null ? null : store.find(held.edit);
    if (edited) {
      store.editText = held.text;
      store.editing.value = edited;
    } else if (held.replyTo !== null) store.replyingTo.value = store.find(held.replyTo);
  });
  const keep = () => {
    const held: Held = {
      replyTo: store.replyingTo.peek()?.seq ?? null,
      edit: store.editing.peek()?.seq ?? null,
      text: composer.current?.text ?? "",
    };
    if (held.replyTo === null && held.edit === null) return;
    try {
      sessionStorage.setItem(key, JSON.stringify(held));
    } catch {
      // Without storage it lasts as long as the page.
    }
  };
  addEventListener("pagehide", keep);
  return () => {
    stopRestoring();
    removeEventListener("pagehide", keep);
  };
}

/** Tells what happened elsewhere to the message that is being answered or edited. The text of an edit stays. */
export function tellUnfinished(
  { chat, store }: MessageActionContext,
  composer: WritingPlace,
  happened: Unfinished,
): void {
  chat.toasts.show(more.message.unfinished[happened]);
  if (happened === "reply_gone") store.replyingTo.value = null;
  if (happened !== "edit_gone") return;
  const text = composer.current?.text ?? store.editText ?? "";
  store.editing.value = null;
  store.editText = null;
  // After the composer has left the edit.
  setTimeout(() => composer.current?.append(text));
}

function take(key: string): Held | null {
  try {
    const held = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    return held === null ? null : (JSON.parse(held) as Held);
  } catch {
    return null;
  }
}
