import type { MessageEntry } from "@novax/protocol/apply-event";
import { nameOf } from "@novax/protocol/person";
import { textOf } from "@novax/protocol/text";
import { announce } from "../../lib/announce.ts";
import type { Spot } from "../../lib/element.ts";
import type { MenuItem, QuickReactions } from "../../stores/ui-store.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import { copyText } from "../copy-text.ts";
import { unlinkRooms } from "../rooms/unlink-rooms.ts";
import { toggleSaved } from "../saved/toggle-saved.ts";
import { isThere, readRecent, usualEmoji } from "./emoji.ts";
import { edit, reply } from "./message-actions.ts";
import type { MenuRequest, MessageActionContext } from "./message-context.ts";
import { toggleReaction } from "./toggle-reaction.ts";
import { markUnread } from "./unread.ts";

/** As many as fit in a row on the narrowest phone. */
const quickMax = 6;

/** All actions on a message, each with its key. */
function messageMenu(
  context: MessageActionContext,
  entry: MessageEntry,
  spot: Spot,
  mayWrite: boolean,
): MenuItem[] {
  const { chat, ui, store } = context;
  const room = store.id;
  const isOwn = entry.sender.id === chat.you.id;
  const previews = (entry.body.kind === "text" && entry.body.previews) || [];
  const isSaved = chat.me.isSaved(room, entry.seq);
  const groups: (MenuItem | false)[][] = [
    [
      mayWrite && {
        label: t.message.react,
        keys: "+",
        run: () =>
          ui.open({ kind: "emoji", spot, onPick: (emoji) => toggleReaction(chat, entry, { room, emoji }) }),
      },
      mayWrite && { label: more.message.reply, keys: "R", run: () => reply(context, entry) },
      store.threadRoot === null && {
        label: more.message.thread,
        keys: "T",
        run: () => context.onOpenThread(entry.threadRoot ?? entry.seq),
      },
      isOwn &&
        mayWrite &&
        entry.body.kind === "text" && {
          label: more.message.edit,
          keys: "E",
          run: () => edit(context, entry),
        },
    ],
    [
      textOf(entry.body) !== "" && {
        label: more.message.copy,
        keys: "C",
        run: () => void copyText(chat, unlinkRooms(textOf(entry.body))),
      },
      {
        label: more.message.copyLink,
        run: () => void copyText(chat, `${location.origin}/chat/${room}/${entry.seq}`),
      },
      {
        label: isSaved ? more.message.unsave : more.message.save,
        keys: "S",
        run: () => {
          toggleSaved(chat, room, entry.seq);
          announce(isSaved ? more.spoken.unsaved : more.spoken.saved);
        },
      },
      chat.may("message.pin") &&
        mayWrite && {
          label: entry.isPinned ? more.message.unpin : more.message.pin,
          keys: "P",
          run: async () => {
            const { isPinned, seq } = entry;
            const done = await chat.command(isPinned ? "message.unpin" : "message.pin", { room, seq });
            if (done) announce(isPinned ? more.spoken.unpinned : more.spoken.pinned);
          },
        },
      store.threadRoot === null && {
        label: more.message.markUnread,
        keys: "U",
        run: () => {
          void markUnread(chat, entry);
          announce(more.spoken.unread);
        },
      },
      { label: more.message.remind, run: () => ui.open({ kind: "remind", entry, room }) },
    ],
    [
      entry.reactions.length > 0 && {
        label: more.message.reactionList,
        run: () => ui.open({ kind: "reactions", entry }),
      },
      !isOwn && {
        label: more.message.profileOf(nameOf(entry.sender)),
        run: () => ui.open({ kind: "profile", person: entry.sender }),
      },
      isOwn && { label: more.message.readers, run: () => ui.open({ kind: "readers", entry, room }) },
      entry.editedAt !== null && {
        label: more.message.history,
        run: () => ui.open({ kind: "history", entry, room }),
      },
    ],
    [
      entry.body.kind === "poll" &&
        mayWrite &&
        !entry.poll?.isClosed &&
        (isOwn || chat.may("poll.close_any")) && {
          label: more.poll.close,
          run: () => void chat.command("poll.close", { room, seq: entry.seq }),
        },
      previews.length > 0 &&
        (isOwn || chat.may("message.delete_any")) && {
          label: more.message.removePreviews,
          run: () => {
            for (const { url } of previews)
              void chat.command("message.remove_preview", { room, seq: entry.seq, url });
          },
        },
      !isOwn && { label: more.message.report, run: () => ui.open({ kind: "report", entry, room }) },
      (isOwn || chat.may("message.delete_any")) && {
        label: more.message.delete,
        keys: "Del",
        isDanger: true,
        run: () => askDelete(context, entry),
      },
    ],
  ];
  return groups.flatMap((group, index) =>
    group
      .filter((item) => item !== false)
      .map((item, place) => ({ ...item, startsGroup: index > 0 && place === 0 })),
  );
}

/** Opens the menu of a message. With `key`, runs the action of that key instead. */
export function runMessageMenu(
  context: MessageActionContext,
  entry: MessageEntry,
  { spot, mayWrite, key }: MenuRequest,
): void {
  const items = messageMenu(context, entry, spot, mayWrite);
  if (key === undefined || key === "enter" || key === "m")
    context.ui.open({
      kind: "menu",
      spot,
      label: t.message.actions,
      items,
      quick: mayWrite ? quickReactions(context, entry) : undefined,
    });
  else items.find((item) => item.keys?.toLowerCase() === (key === "delete" ? "del" : key))?.run();
}

function quickReactions({ chat, store }: MessageActionContext, entry: MessageEntry): QuickReactions {
  return {
    emoji: [...new Set([...readRecent().filter(isThere), ...usualEmoji])].slice(0, quickMax),
    onPick: (emoji) => toggleReaction(chat, entry, { room: store.id, emoji }),
  };
}

/** Deletes a message, if the viewer says yes to it. */
export function askDelete({ chat, ui, store }: MessageActionContext, entry: MessageEntry): void {
  ui.open({
    kind: "ask",
    text: more.message.deleteAsk,
    yes: more.message.delete,
    onYes: () => void chat.command("message.delete", { room: store.id, seq: entry.seq }),
  });
}
