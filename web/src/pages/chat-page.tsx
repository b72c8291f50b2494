import type { RoomId } from "@novax/protocol/ids";
import { useSignalEffect } from "@preact/signals";
import { useCallback, useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { lazyFrom } from "../components/lazy.tsx";
import { fileParts } from "../features/files/files-context.ts";
import type { Composer } from "../features/messages/composer.tsx";
import { Conversation } from "../features/messages/conversation.tsx";
import { lazyParts } from "../features/messages/message-context.ts";
import type { MessageList } from "../features/messages/message-list.tsx";
import { RoomHeader } from "../features/rooms/room-header.tsx";
import { Sidebar } from "../features/rooms/sidebar.tsx";
import { serverName } from "../features/server-name.ts";
import { preferences } from "../features/settings/preferences.ts";
import { isPhone, isTouch } from "../lib/element.ts";
import { isCommand, isSearchKey, latinKey } from "../lib/keys.ts";
import { focusRoom, focusTargetOf, isFocusInPanel } from "../lib/regions.ts";
import type { ChatStore } from "../stores/chat-store.ts";
import type { Panel, UiStore } from "../stores/ui-store.ts";
import { t } from "../texts/text.ts";
import { useNavigation } from "./use-navigation.ts";

let loaded: typeof import("./lazy-bundle.ts") | null = null;
const loadLazy = async () => {
  loaded ??= await import("./lazy-bundle.ts");
  lazyParts.loaded = loaded;
  return loaded;
};
const isSwitcherKey = (event: KeyboardEvent) =>
  isCommand(event) && !event.shiftKey && !event.altKey && latinKey(event) === "k";

/**
 * Lazy code that is loaded is used at once, because the next key may follow immediately. If it can't be loaded, nothing
 * happens, and the next key tries again.
 */
const withLazy = (use: (bundle: NonNullable<typeof loaded>) => void) => {
  if (loaded) use(loaded);
  else loadLazy().then(use, () => {});
};
lazyParts.load = loadLazy;
fileParts.load = () => import("./files-bundle.ts");
const lazyPart = lazyFrom(loadLazy);
const ConnectionBanner = lazyPart("ConnectionBanner");
const NoticeBanner = lazyPart("NoticeBanner");
const ToastList = lazyPart("ToastList");
const OverlayHost = lazyPart("OverlayHost");
const LiveRegion = lazyPart("LiveRegion");
const AccountItems = lazyPart("AccountItems");
const SidebarEdge = lazyPart("SidebarEdge");
const ThreadView = lazyPart("ThreadView");
const MoreUnread = lazyPart("MoreUnread");
const SidePanel = lazyPart("SidePanel");

export function ChatPage({ chat, ui }: { chat: ChatStore; ui: UiStore }) {
  const list = useRef<MessageList>(null);
  const composer = useRef<Composer>(null);
  const panelOpener = useRef<HTMLElement | null>(null);
  const { pane, show, goTo } = useNavigation(chat, ui);
  const room = chat.room.value;
  const store = chat.navigation.timeline.value;
  const panel = ui.panel.value;
  const hasResults = ui.behind.value === "search";
  const overlay = ui.overlay.value;
  const thread = chat.thread.timeline.value;

  useSignalEffect(() => {
    const current = chat.room.value;
    const name = current ? `${chat.nameOf(current)} · ${serverName}` : serverName;
    const unread = current?.unread ?? 0;
    const count = Math.max(chat.attentionCount.value, current && !current.isMuted ? unread : 0);
    document.title = count > 0 && preferences.value.hasTitleCount ? `(${count}) ${name}` : name;
  });

  useSignalEffect(() => {
    chat.rooms.isNewestFirst.value = preferences.value.isNewestFirst;
  });

  const openRoom = useCallback(
    (id: string, seq?: number) => {
      // A list panel stays open, so that the viewer can go through it. A thread closes, because it belongs to its room.
      if (ui.panel.peek() === "thread" && chat.navigation.current.peek() !== id) ui.panel.value = null;
      ui.behind.value = ui.panel.peek() === "search" && isPhone() ? "search" : null;
      if (isTouch()) ui.panel.value = null;
      goTo(id, seq);
    },
    [goTo, ui, chat],
  );

  const openPanel = useCallback(
    (next: Panel) => {
      // A tab of the panel itself is gone when it closes.
      if (!isFocusInPanel()) panelOpener.current = document.activeElement as HTMLElement | null;
      if (ui.panel.peek() === next) {
        ui.panel.value = null;
        show("room");
        return;
      }
      ui.panel.value = next;
      show("panel", typeof next === "string" ? { panel: next } : {});
    },
    [show, ui],
  );

  const closePanel = useCallback(() => {
    // Behind a thread that was found are the other results. On a phone Back leads there.
    const isBehind = ui.panel.peek() === "thread" && ui.returnTo !== null && !isPhone();
    ui.panel.value = isBehind ? ui.returnTo : null;
    ui.returnTo = null;
    void chat.openThread(null);
    if (!isBehind) show("room");
  }, [chat, show, ui]);

  const openThread = useCallback(
    async (root: number, id?: string) => {
      panelOpener.current = document.activeElement as HTMLElement | null;
      const room = id as RoomId | undefined;
      ui.returnTo = ui.panel.peek() === "search" ? "search" : null;
      const isElsewhere = room !== undefined && chat.navigation.current.peek() !== room;
      if (isElsewhere && !isPhone()) goTo(room);
      // On a phone Back leads from the thread to the panel where it was chosen, not to its room.
      show("panel", { panel: "thread", thread: root, ...(room ? { room } : {}) });
      if (isElsewhere && isPhone()) void chat.navigation.openRoom(room);
      ui.panel.value = "thread";
      await chat.openThread(root);
    },
    [chat, goTo, show, ui],
  );

  const jump = useCallback(
    (seq: number) => {
      if (chat.navigation.timeline.peek()?.find(seq)) {
        chat.navigation.highlight(seq);
        list.current?.showMessage(seq);
      } else openRoom(chat.navigation.current.peek() as string, seq);
    },
    [chat, openRoom],
  );

  /** Follows a link to a room. A room that the viewer is not in can be joined first, if they may join it. */
  const openRoomLink = useCallback(
    (id: string, seq: number | undefined) =>
      withLazy(async ({ joinByLink }) => {
        if (await joinByLink(chat, ui, id as RoomId)) openRoom(id, seq);
      }),
    [chat, ui, openRoom],
  );

  const goToEnd = useCallback(async () => {
    const current = chat.room.peek();
    if (!current) return;
    const { id, unread, readSeq } = current;
    await chat.navigation.goToEnd();
    chat.reading.markRead(id, current.headSeq);
    chat.navigation.timeline.peek()?.clearDivider();
    list.current?.followEnd();
    if (unread === 0) return;
    withLazy(({ offerUnread }) => offerUnread(chat, { room: id, readSeq }, () => list.current?.showUnread()));
  }, [chat]);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      // The only keys before the rest is loaded.
      if (isSwitcherKey(event)) {
        event.preventDefault();
        if (ui.overlay.peek()?.kind === "switcher") ui.close();
        else ui.open({ kind: "switcher" });
      } else if (!loaded && isSearchKey(event)) {
        event.preventDefault();
        ui.typedAhead = "";
        ui.awaitsSearch = true;
        if (ui.panel.peek() !== "search") openPanel("search");
      } else loaded?.runWindowKey(event, { chat, ui, goToEnd, openRoom, openPanel, closePanel });
    };
    /** Keeps keys for an overlay or a search that is still being loaded, which the composer would take. */
    const keepKey = (event: KeyboardEvent) => {
      const { key } = event;
      const isSearchAwaited = ui.awaitsSearch && ui.panel.peek() === "search";
      const isAwaited = isSearchAwaited || (!loaded && ui.overlay.peek() !== null);
      if (!isAwaited || event.ctrlKey || event.metaKey) return;
      if (key.length > 1 && !/^(?:Enter|Backspace|Escape)$/.test(key)) return;
      event.preventDefault();
      event.stopPropagation();
      if (key === "Escape") ui.close();
      else if (key === "Backspace") ui.typedAhead = ui.typedAhead.slice(0, -1);
      else if (key !== "Enter") ui.typedAhead += key;
      loadLazy().catch(() => ui.close());
    };
    document.addEventListener("keydown", keepKey, true);
    document.addEventListener("keydown", onKeyDown);
    return () => {
      document.removeEventListener("keydown", keepKey, true);
      document.removeEventListener("keydown", onKeyDown);
    };
  }, [chat, ui, goToEnd, openRoom, openPanel, closePanel]);

  // A thread that is gone or could not be loaded must not leave an empty panel.
  useEffect(() => {
    if (panel === "thread" && thread === null) closePanel();
  }, [panel, thread, closePanel]);

  // The element with the focus is gone with its pane or panel, so the focus returns to what opened the panel, or goes to
  // the new pane. Before the first change no pane had it.
  const hasOpened = useRef(false);
  useLayoutEffect(() => {
    const isFirst = !hasOpened.current;
    hasOpened.current = true;
    if (isFirst || document.activeElement !== document.body) return;
    const opener = panelOpener.current;
    if (panel === null && opener?.checkVisibility()) opener.focus();
    else if (pane === "rooms") focusTargetOf("rooms")?.focus();
    else focusRoom();
  }, [pane, panel]);

  if (!room || !store) return null;
  const other = room.kind === "direct" && room.people[0] ? chat.people.stateOf(room.people[0].id) : null;
  return (
    <div className={`shell shell-${pane}`}>
      <Sidebar
        chat={chat}
        ui={ui}
        isAlone={pane === "rooms"}
        onOpenRoom={(own) => {
          if (own.id === room.id && pane !== "rooms") composer.current?.focus();
          openRoom(own.id);
        }}
        onPanel={openPanel}
        onRoomMenu={(own, spot) => {
          loadLazy().then(
            ({ roomMenu }) =>
              ui.open({ kind: "menu", spot, label: chat.nameOf(own), items: roomMenu(chat, ui, own) }),
            () => chat.toasts.show(t.errors.offline),
          );
        }}
        onAddMenu={(spot) => withLazy(({ openAddMenu }) => openAddMenu(chat, ui, spot))}
        accountItems={AccountItems}
        edge={<SidebarEdge />}
        moreUnread={(items) => <MoreUnread list={items} rooms={chat.rooms.sections.value} />}
      />
      <div className="room" role={pane === "rooms" ? undefined : "main"}>
        <ConnectionBanner state={chat.client.state.value} onRetry={() => chat.client.reconnect()} />
        <NoticeBanner
          notice={chat.notices.newest.value}
          onDismiss={() => {
            chat.notices.dismiss();
            composer.current?.focus();
          }}
        />
        <RoomHeader
          room={room}
          name={chat.nameOf(room)}
          other={other}
          onlineCount={chat.people.presentIn(room.id).count}
          panel={panel}
          onPanel={openPanel}
          // Behind a message that was found are the other results.
          backLabel={hasResults ? t.room.toResults : t.rooms.all}
          onBack={() => (hasResults ? history.back() : show("rooms"))}
        />
        <Conversation
          chat={chat}
          ui={ui}
          room={room}
          store={store}
          rows={chat.rows.value}
          onOpenThread={(root) => void openThread(root)}
          onJump={jump}
          onRoomLink={openRoomLink}
          list={list}
          composer={composer}
        />
        {preferences.value.announces ? (
          <LiveRegion key={room.id} chat={chat} store={store} room={room} />
        ) : null}
      </div>
      {panel === "thread" && thread ? (
        <ThreadView
          chat={chat}
          ui={ui}
          room={room}
          store={thread}
          onJump={jump}
          onRoomLink={openRoomLink}
          onClose={closePanel}
        />
      ) : panel !== null && panel !== "thread" ? (
        <SidePanel
          panel={panel}
          chat={chat}
          ui={ui}
          onOpenRoom={openRoom}
          onOpenThread={(id, root) => void openThread(root, id)}
          onPanel={openPanel}
          onClose={closePanel}
        />
      ) : null}
      <ToastList
        toasts={chat.toasts.shown.value}
        onDismiss={(id) => chat.toasts.dismiss(id)}
        onFocusLost={focusRoom}
      />
      {overlay ? (
        <OverlayHost
          key={overlay.kind}
          overlay={overlay}
          chat={chat}
          ui={ui}
          onOpenRoom={openRoom}
          onPanel={openPanel}
        />
      ) : null}
    </div>
  );
}
