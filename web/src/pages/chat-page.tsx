import type { Person } from "@novax/protocol/entities";
import { nameOf } from "@novax/protocol/person";
import { useSignalEffect } from "@preact/signals";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Composer, isTouch } from "../components/composer.tsx";
import { ConnectionBanner } from "../components/connection-banner.tsx";
import { LiveRegion } from "../components/live-region.tsx";
import { MessageList } from "../components/message-list.tsx";
import { NoticeBanner } from "../components/notice-banner.tsx";
import { PeoplePanel } from "../components/people-panel.tsx";
import { RoomHeader } from "../components/room-header.tsx";
import { ShortcutsDialog } from "../components/shortcuts-dialog.tsx";
import { Sidebar } from "../components/sidebar.tsx";
import { applyTheme, readTheme, type Theme } from "../components/theme.ts";
import { TypingLine } from "../components/typing-line.tsx";
import type { ChatStore } from "../stores/chat-store.ts";
import type { Drafts } from "../stores/drafts.ts";
import { usePane } from "./use-pane.ts";

export function ChatPage({ chat, drafts }: { chat: ChatStore; drafts: Drafts }) {
  const { room, people, outbox, you } = chat;
  const list = useRef<MessageList>(null);
  const composer = useRef<Composer>(null);
  const peopleOpener = useRef<HTMLElement | null>(null);
  const shortcutsOpener = useRef<HTMLElement | null>(null);
  const [isShortcutsOpen, setShortcutsOpen] = useState(false);
  const [theme, setTheme] = useState<Theme>(readTheme);
  const { pane, show } = usePane();
  const isPeopleOpen = pane === "people";

  useSignalEffect(() => {
    const { value: count } = room.unreadCount;
    document.title = count > 0 ? `(${count}) ${room.name} · novaX` : `${room.name} · novaX`;
  });

  const goToEnd = useCallback(() => {
    chat.markRead(room.snapshot.value.headSeq);
    room.clearDivider();
    list.current?.followEnd();
  }, [chat, room]);

  const showShortcuts = useCallback(() => {
    shortcutsOpener.current = document.activeElement as HTMLElement | null;
    setShortcutsOpen(true);
  }, []);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      // While an input method composes, Escape is its own.
      if (event.isComposing || event.keyCode === 229) return;
      const isWriting =
        event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement;
      if (event.key === "F6") {
        event.preventDefault();
        cycleRegions(event.shiftKey ? -1 : 1);
      } else if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
        goToEnd();
      } else if (event.key === "?" && !isWriting && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        showShortcuts();
      }
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [goToEnd, showShortcuts]);

  // What had the focus is hidden with its pane. Before the first change of pane nothing had it.
  const paneBefore = useRef(pane);
  useEffect(() => {
    const isChanged = paneBefore.current !== pane;
    paneBefore.current = pane;
    if (!isChanged || document.activeElement !== document.body) return;
    document.querySelector<HTMLElement>(pane === "rooms" ? ".room-item" : ".messages-viewport")?.focus();
  }, [pane]);

  const focusWriting = () => {
    if (isTouch()) document.querySelector<HTMLElement>(".messages-viewport")?.focus();
    else composer.current?.focus();
  };

  const present = people.present.value;
  const snapshot = room.snapshot.value;
  const here = useMemo(() => sortByName([...present.people.values()]), [present]);
  const away = useMemo(
    () => sortByName([...snapshot.members.values()].filter((member) => !present.people.has(member.id))),
    [snapshot.members, present],
  );

  return (
    <div className={`shell shell-${pane}${isPeopleOpen ? " shell-panel" : ""}`}>
      <Sidebar
        isAlone={pane === "rooms"}
        roomName={room.name}
        unreadCount={room.unreadCount.value}
        you={you}
        unseenNotices={chat.notices.unseenCount.value}
        theme={theme}
        onTheme={(chosen) => {
          setTheme(chosen);
          applyTheme(chosen);
        }}
        onOpenRoom={() => {
          if (pane === "rooms") show("room");
          else composer.current?.focus();
        }}
        onShortcuts={showShortcuts}
        onSignOut={() => chat.signingOut()}
      />
      <div className="room" role={pane === "rooms" ? undefined : "main"}>
        <ConnectionBanner state={chat.client.state.value} onRetry={() => chat.client.reconnect()} />
        <NoticeBanner
          notice={chat.notices.newest.value}
          onDismiss={() => {
            chat.notices.dismiss();
            focusWriting();
          }}
        />
        <RoomHeader
          name={room.name}
          topic={room.topic}
          presentCount={present.count}
          isPeopleOpen={isPeopleOpen}
          onPeople={() => {
            peopleOpener.current = document.activeElement as HTMLElement | null;
            show(isPeopleOpen ? "room" : "people");
          }}
          onBack={() => show("rooms")}
        />
        <MessageList
          handle={list}
          rows={chat.rows.value}
          roomName={room.name}
          older={room.older.value}
          unreadCount={room.unreadCount.value}
          onLoadOlder={() => void room.loadOlder()}
          onRead={(seq) => chat.markRead(seq)}
          onFollow={(isFollowing) => {
            chat.isFollowing = isFollowing;
            if (isFollowing) room.trim();
          }}
          onDismissUnread={goToEnd}
          onTypeElsewhere={(character) => composer.current?.type(character)}
          onRetry={(sendId) => {
            outbox.retry(sendId);
            focusWriting();
          }}
          onDiscard={(sendId) => {
            outbox.discard(sendId);
            focusWriting();
          }}
        />
        <div className="room-foot">
          <TypingLine people={people.typing.value} />
          <Composer
            handle={composer}
            roomName={room.name}
            draft={drafts.read(room.id)}
            onDraft={(text) => drafts.write(room.id, text)}
            onTyping={() => chat.typed()}
            onSend={(text) => {
              chat.send(text);
              list.current?.followEnd();
            }}
          />
        </div>
        <LiveRegion timeline={snapshot.timeline} ownId={you.id} />
      </div>
      {isPeopleOpen ? (
        <PeoplePanel
          present={here}
          presentCount={present.count}
          away={away}
          you={you}
          onClose={() => {
            show("room");
            peopleOpener.current?.focus();
          }}
        />
      ) : null}
      {isShortcutsOpen ? (
        <ShortcutsDialog
          onClose={() => {
            setShortcutsOpen(false);
            shortcutsOpener.current?.focus();
          }}
        />
      ) : null}
    </div>
  );
}

function sortByName(people: Person[]): Person[] {
  return people.sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
}

/** The parts of the window that F6 goes through, as native applications do. */
function cycleRegions(step: 1 | -1): void {
  const selectors = [".room-item", ".messages-viewport", ".composer-field", ".panel .button-icon"];
  const regions = selectors.flatMap((selector) => {
    const element = document.querySelector<HTMLElement>(selector);
    return element?.checkVisibility() ? [element] : [];
  });
  const current = regions.findIndex((region) => region.contains(document.activeElement));
  const next = current < 0 ? 0 : (current + step + regions.length) % regions.length;
  regions[next]?.focus();
}
