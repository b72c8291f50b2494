import type { MessageEntry } from "@novax/protocol/apply-event";
import { t } from "../../texts/text.ts";
import { placeOfDraft, placeOfSent } from "../files/use-attached.ts";
import { type LazyParts, lazyParts, type MessageActionContext } from "./message-context.ts";
import type { RowActions } from "./row-actions.ts";

/** The actions of the message rows of a room or a thread. */
export function createRowActions(context: MessageActionContext, mayWrite: boolean): RowActions {
  const { chat, ui, store } = context;
  const react = (entry: MessageEntry, emoji: string) =>
    withLazyParts(context, ({ toggleReaction }) => toggleReaction(chat, entry, { room: store.id, emoji }));
  return {
    chat,
    you: chat.you.id,
    known: chat.people.known,
    isInThread: store.threadRoot !== null,
    mayWrite,
    onRetry: (sendId) => {
      chat.outbox.retry(sendId);
      context.onFocusWriting();
    },
    onDiscard: (sendId) => {
      chat.outbox.discard(sendId);
      context.onFocusWriting();
    },
    onTakeBack: (sendId) => {
      const uploads = chat.uploads.peek();
      // Without the code of uploads its files would be left behind.
      const item = uploads && chat.outbox.takeBack(sendId);
      if (!item) return;
      uploads.move(placeOfSent(sendId), placeOfDraft(store));
      context.onWriteAgain(item);
    },
    onReact: react,
    onPickReaction: (entry, spot) => ui.open({ kind: "emoji", spot, onPick: (emoji) => react(entry, emoji) }),
    onReply: (entry) => reply(context, entry),
    onThread: (entry) => context.onOpenThread(entry.threadRoot ?? entry.seq),
    onMenu: (entry, spot) =>
      withLazyParts(context, ({ runMessageMenu }) => runMessageMenu(context, entry, { spot, mayWrite })),
    onJump: context.onJump,
    onRoomLink: context.onRoomLink,
    learned: chat.people.learned,
    onUnknown: (username) => chat.people.learn(store.id, username),
    onPerson: (person) => ui.open({ kind: "profile", person }),
    localUrl: (id) => chat.uploads.peek()?.local.urlOf(id),
    onOpenFile: (files, index) => ui.open({ kind: "lightbox", files, index, onShowInChat: null }),
    onHistory: (entry) => ui.open({ kind: "history", entry, room: store.id }),
    onRemovePreview: ({ seq }, url) =>
      void chat.command("message.remove_preview", { room: store.id, seq, url }),
    onVote: (entry, choices) => withLazyParts(context, ({ vote }) => vote(context, entry, choices)),
  };
}

/** Loads the lazy code and passes it to `use`. A failure is shown as a toast. */
export function withLazyParts({ chat }: MessageActionContext, use: (parts: LazyParts) => void): void {
  lazyParts.load().then(use, () => chat.toasts.show(t.errors.offline));
}

export function edit({ store }: MessageActionContext, entry: MessageEntry): void {
  store.replyingTo.value = null;
  store.editText = null;
  store.editing.value = entry;
}

export function reply({ store }: MessageActionContext, entry: MessageEntry): void {
  store.editing.value = null;
  store.replyingTo.value = entry;
}
