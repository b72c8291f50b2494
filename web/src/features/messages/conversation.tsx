import type { MessageEntry } from "@novax/protocol/apply-event";
import { draftKey } from "@novax/protocol/draft-key";
import type { JoinedRoom } from "@novax/protocol/entities";
import type { SendId } from "@novax/protocol/ids";
import { isBlank } from "@novax/protocol/names";
import { isDirect } from "@novax/protocol/permissions";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { isTouch } from "../../lib/element.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { RoomStore } from "../../stores/room-store.ts";
import type { UiStore } from "../../stores/ui-store.ts";
import { t } from "../../texts/text.ts";
import { filePart } from "../files/files-context.ts";
import { useAttached } from "../files/use-attached.ts";
import { isBlockedIn, mayWriteIn } from "../rooms/may-write.ts";
import { unlinkRooms } from "../rooms/unlink-rooms.ts";
import { preferences } from "../settings/preferences.ts";
import { Composer } from "./composer.tsx";
import { createRowActions, edit, withLazyParts } from "./message-actions.ts";
import { lazyPart, lazyParts, type MessageActionContext } from "./message-context.ts";
import { MessageList } from "./message-list.tsx";
import { saveEdit } from "./save-edit.ts";
import { TypingLine } from "./typing-line.tsx";

const Attachments = filePart("Attachments");
const DropTarget = filePart("DropTarget");
const StartCard = lazyPart("StartCard");
const RequestBar = lazyPart("RequestBar");

export type ConversationProps = {
  chat: ChatStore;
  ui: UiStore;
  room: JoinedRoom;
  store: RoomStore;
  rows: ReturnType<ChatStore["rowsOf"]>;
  onOpenThread: (root: number) => void;
  onJump: (seq: number) => void;
  onRoomLink: (room: string, seq: number | undefined) => void;
  list: { current: MessageList | null };
  composer: { current: Composer | null };
};

/** The messages of a room or a thread, with the composer. */
export function Conversation(props: ConversationProps) {
  const { chat, ui, room, store, rows, list, composer } = props;
  const isThread = store.threadRoot !== null;
  const isSlow = room.slowModeSeconds > 0 && !chat.may("message.send_always", room);
  const isBlocked = isBlockedIn(chat, room);
  const mayWrite = mayWriteIn(chat, room);
  const name = chat.nameOf(room);
  const label = isThread
    ? t.composer.threadLabel
    : isSlow
      ? t.composer.slowLabel(name)
      : t.composer.label(name);
  const callbacks = useRef(props);
  callbacks.current = props;
  const context = useMemo((): MessageActionContext => {
    const focusWriting = () => {
      if (isTouch()) list.current?.focusLast();
      else composer.current?.focus();
    };
    return {
      chat,
      ui,
      store,
      onOpenThread: (root) => callbacks.current.onOpenThread(root),
      onJump: (seq) => callbacks.current.onJump(seq),
      onRoomLink: (id, seq) => callbacks.current.onRoomLink(id, seq),
      onFocusWriting: focusWriting,
      onWriteAgain: ({ text, replyTo }) => {
        store.editing.value = null;
        store.editText = null;
        store.replyingTo.value =
          store.entries
            .peek()
            .find((entry): entry is MessageEntry => entry.kind === "message" && entry.seq === replyTo) ??
          null;
        // After the composer has left an edit.
        setTimeout(() => composer.current?.append(text));
      },
    };
  }, [chat, ui, store, list, composer]);
  const replyingTo = store.replyingTo.value;
  const editing = store.editing.value;
  useEffect(() => {
    let stop = () => {};
    let isOver = false;
    store.onUnfinished = (happened) =>
      withLazyParts(context, ({ tellUnfinished }) => tellUnfinished(context, composer, happened));
    lazyParts.load().then(
      ({ keepUnfinished }) => {
        if (!isOver) stop = keepUnfinished(context, composer);
      },
      () => {},
    );
    return () => {
      isOver = true;
      stop();
    };
  }, [context, composer]);
  useEffect(() => {
    if (editing) list.current?.reveal(editing.seq);
  }, [editing, list]);
  const actions = useMemo(() => createRowActions(context, mayWrite), [context, mayWrite]);
  const draft = draftKey(store.id, store.threadRoot);
  const cancel = () => {
    store.replyingTo.value = null;
    store.editing.value = null;
    store.editText = null;
  };
  const findLast = (isWanted: (entry: MessageEntry) => boolean) =>
    store.entries
      .peek()
      .findLast(
        (entry): entry is MessageEntry =>
          entry.kind === "message" && entry.body.kind === "text" && isWanted(entry),
      );
  const { attached, ...files } = useAttached(chat, store, editing);
  const attach: typeof files.attach = (added, facts) => {
    files.attach(added, facts);
    // The next thing to do is to write about them, or to press Enter.
    if (!isTouch()) composer.current?.focus();
  };
  const submit = async (text: string): Promise<string | undefined> => {
    if (editing) {
      const changed = files.changed();
      if (changed === "waiting") {
        chat.toasts.show(t.files.wait);
        return undefined;
      }
      if (isBlank(text) && attached.count === 0)
        withLazyParts(context, ({ askDelete }) => askDelete(context, editing));
      else if (editing.body.kind !== "text" || text !== unlinkRooms(editing.body.text) || changed) {
        const linked = chat.linkRooms(lazyParts.loaded?.withEmoji(text) ?? text);
        const more = changed ? { files: changed } : {};
        store.isSavingEdit = true;
        const isSaved = await saveEdit(chat, { room: store.id, seq: editing.seq, text: linked, ...more });
        store.isSavingEdit = false;
        if (!isSaved) return undefined;
        files.saved();
      }
      cancel();
      return undefined;
    }
    let words = lazyParts.loaded?.withEmoji(text) ?? text;
    if (text.startsWith("/") && attached.count === 0) {
      const lazy = await lazyParts.load().catch(() => null);
      if (!lazy) {
        chat.toasts.show(t.errors.offline);
        return text;
      }
      const outcome = await lazy.runSlashCommand({ chat, ui, store }, words);
      if (typeof outcome !== "object") return outcome;
      words = outcome.send;
    }
    const sendId = crypto.randomUUID() as SendId;
    const pending = files.take(sendId);
    const more = {
      ...(replyingTo ? { replyTo: replyingTo.seq } : {}),
      ...(pending.length > 0 ? { files: pending } : {}),
    };
    chat.send({ text: chat.linkRooms(words), ...more }, store, sendId);
    cancel();
    // Somebody who answers has read the room, on all their devices.
    if (!isThread && chat.reading.heldUnread !== store.id) chat.reading.markRead(store.id, room.headSeq);
    if (words.includes("@"))
      withLazyParts(context, ({ hintNotHere }) => void hintNotHere(chat, store, words));
    if (store.isLive.peek()) list.current?.followEnd();
    else if (!isThread) {
      await chat.navigation.goToEnd();
      list.current?.followEnd();
    }
    return undefined;
  };
  return (
    <>
      <MessageList
        key={`${store.id} ${store.threadRoot ?? ""}`}
        handle={list}
        rows={rows}
        label={isThread ? t.thread.title : t.room.messagesIn(name)}
        start={<RoomStart chat={chat} ui={ui} room={room} name={name} mayWrite={mayWrite} />}
        older={store.hasLoaded.value || store.older.value === "failed" ? store.older.value : "loading"}
        newer={store.newer.value}
        unreadCount={isThread ? 0 : room.unread}
        myVotes={store.myVotes.value}
        highlighted={isThread ? null : chat.navigation.highlighted.value}
        actions={actions}
        onLoadOlder={() => {
          if (store.hasLoaded.peek()) void store.loadOlder();
          else if (isThread) void chat.openThread(store.threadRoot);
          else void chat.navigation.openRoom(store.id);
        }}
        onLoadNewer={() => void store.loadNewer()}
        onGoToEnd={async () => {
          await chat.navigation.goToEnd();
          list.current?.followEnd();
        }}
        onRead={(seq) => {
          if (!isThread && chat.reading.heldUnread !== store.id) chat.reading.markRead(store.id, seq);
        }}
        onFollow={(isFollowing) => {
          if (isThread) return;
          chat.navigation.isFollowing = isFollowing;
          if (isFollowing) store.trim();
        }}
        onDismissUnread={() => {
          chat.reading.markRead(store.id, room.headSeq);
          store.clearDivider();
          list.current?.followEnd();
        }}
        onTypeElsewhere={(character) => composer.current?.type(character)}
        onKey={(key, entry, spot) => lazyParts.loaded!.runMessageKey(context, entry, { key, spot, mayWrite })}
      />
      <div className="room-foot">
        {mayWrite ? <DropTarget label={t.files.drop(name)} onFiles={attach} /> : null}
        <TypingLine people={chat.people.typingIn(store.id, store.threadRoot)} />
        {mayWrite ? (
          <Composer
            key={`${store.id} ${store.threadRoot ?? ""}`}
            handle={composer}
            label={label}
            draft={chat.drafts.read(draft)}
            remoteDraft={chat.drafts.texts.value.get(draft) ?? ""}
            replyingTo={replyingTo}
            editing={editing}
            editText={store.editText}
            onLeave={(text) => {
              store.editText = text;
            }}
            attachments={
              attached.count > 0 ? (
                <Attachments
                  chat={chat}
                  ui={ui}
                  place={attached.place}
                  kept={attached.kept}
                  onRemoveKept={files.removeKept}
                  onDescribeKept={files.describeKept}
                />
              ) : null
            }
            hasFiles={attached.count > 0}
            isHeld={attached.isHeld}
            onFiles={attach}
            onNoMicrophone={() => chat.toasts.show(t.files.noMicrophone)}
            hasToolbar={preferences.value.hasToolbar && !isThread}
            takesFocus={!isThread || ui.panel.peek() === "thread"}
            people={actions}
            onDraft={(text) => chat.drafts.write(draft, text)}
            onTyping={() => chat.typed(store)}
            onSubmit={submit}
            onCancel={() => {
              files.cancelled();
              cancel();
            }}
            onEditLast={() => {
              const own = findLast((entry) => entry.sender.id === chat.you.id);
              if (own) edit(context, own);
            }}
            onReplyLast={() => {
              const last = findLast((entry) => entry.sender.id !== chat.you.id);
              if (last) actions.onReply(last);
            }}
            onEmoji={(spot, onPick) => ui.open({ kind: "emoji", spot, onPick })}
            onMenu={(spot, request) =>
              withLazyParts(context, ({ openComposerMenu }) => openComposerMenu(context, spot, request))
            }
            suggest={async (token) => {
              const lazy = await lazyParts.load().catch(() => null);
              return lazy ? lazy.suggest(chat, store, token) : [];
            }}
          />
        ) : room.isRequest && !isBlocked ? (
          <RequestBar chat={chat} ui={ui} room={room} />
        ) : (
          <p className="composer-closed">
            {room.isArchived
              ? t.room.archived
              : isBlocked
                ? t.room.blocked
                : chat.may("message.send", room)
                  ? t.room.announcements
                  : t.room.readOnly}
          </p>
        )}
      </div>
    </>
  );
}

/** What is shown at the very beginning of a room. */
function RoomStart({
  chat,
  ui,
  room,
  name,
  mayWrite,
}: {
  chat: ChatStore;
  ui: UiStore;
  room: JoinedRoom;
  name: string;
  mayWrite: boolean;
}) {
  if (isDirect(room.kind))
    return <p>{room.people.length === 0 ? t.room.startNotes : t.room.startDirect(name)}</p>;
  return (
    <>
      <p>{t.room.start(name)}</p>
      {room.description === "" ? null : <p>{room.description}</p>}
      {mayWrite ? <p>{t.room.startHint}</p> : null}
      <StartCard chat={chat} ui={ui} />
    </>
  );
}
