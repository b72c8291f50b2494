import type { MessageEntry } from "@novax/protocol/apply-event";
import type { RowActions } from "../components/message-row.tsx";
import { preferences } from "../components/preferences.ts";
import type { ChatStore } from "../stores/chat-store.ts";
import type { RoomStore } from "../stores/room-store.ts";
import type { MenuItem, Spot, UiStore } from "../stores/ui-store.ts";
import { t } from "../texts/text.ts";

export type MessageActionContext = {
  chat: ChatStore;
  ui: UiStore;
  store: RoomStore;
  onOpenThread: (root: number) => void;
  onJump: (seq: number) => void;
  onRoomLink: (room: string, seq: number | undefined) => void;
  onFocusWriting: () => void;
};

/** What can be done with the messages of a room or a thread. */
export function createRowActions(context: MessageActionContext, mayWrite: boolean): RowActions {
  const { chat, ui, store } = context;
  return {
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
    onReact: (entry, emoji) => chat.toggleReaction(entry, store.id, emoji),
    onPickReaction: (entry, spot) =>
      ui.open({ kind: "emoji", spot, onPick: (emoji) => chat.toggleReaction(entry, store.id, emoji) }),
    onReply: (entry) => reply(context, entry),
    onThread: (entry) => context.onOpenThread(entry.threadRoot ?? entry.seq),
    onMenu: (entry, spot) => openMenu(context, entry, spot, mayWrite),
    onJump: context.onJump,
    onRoomLink: context.onRoomLink,
    onPerson: (person) => ui.open({ kind: "profile", person }),
    onHistory: (entry) => ui.open({ kind: "history", entry, room: store.id }),
    onVote: (entry, choices) => {
      const before = store.myVotes.peek()[entry.seq] ?? [];
      store.setMyVote(entry.seq, choices);
      void chat
        .command("poll.vote", { room: store.id, seq: entry.seq, choices: [...choices] })
        .then((done) => {
          if (!done) store.setMyVote(entry.seq, before);
        });
    },
  };
}

function openMenu(context: MessageActionContext, entry: MessageEntry, spot: Spot, mayWrite: boolean): void {
  withMenu(context, entry, spot, mayWrite, (items) =>
    context.ui.open({ kind: "menu", spot, label: t.message.actions, items }),
  );
}

function withMenu(
  context: MessageActionContext,
  entry: MessageEntry,
  spot: Spot,
  mayWrite: boolean,
  use: (items: readonly MenuItem[]) => void,
): void {
  import("./lazy-bundle.ts").then(
    ({ messageMenu }) => use(messageMenu(context, entry, spot, mayWrite)),
    () => context.chat.toasts.show(t.errors.offline),
  );
}

/** Single keys that are for a message; which of them are for this one, its menu says. */
const messageKeys = ["r", "e", "+", "t", "u", "c", "p", "s", "enter", "m", "delete"];

/** Does what a single key on a message stands for; false where it stands for nothing. */
export function runMessageKey(
  context: MessageActionContext,
  key: string,
  entry: MessageEntry,
  spot: Spot,
  mayWrite: boolean,
): boolean {
  if (!preferences.peek().hasSingleKeys || entry.body.kind === "deleted" || !messageKeys.includes(key))
    return false;
  withMenu(context, entry, spot, mayWrite, (items) => {
    if (key === "enter" || key === "m") {
      context.ui.open({ kind: "menu", spot, label: t.message.actions, items });
    } else items.find((item) => item.keys?.toLowerCase() === (key === "delete" ? "del" : key))?.run();
  });
  return true;
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

export function askDelete({ chat, ui, store }: MessageActionContext, entry: MessageEntry): void {
  ui.open({
    kind: "ask",
    text: t.message.deleteAsk,
    yes: t.message.delete,
    onYes: () => void chat.command("message.delete", { room: store.id, seq: entry.seq }),
  });
}
