import type { JoinedRoom } from "@novax/protocol/entities";
import { isDirect } from "@novax/protocol/permissions";
import type { ComponentChildren, FunctionComponent } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { InboxIcon, LockIcon, MutedIcon, PencilIcon, PlusIcon, SearchIcon } from "../../components/icons.tsx";
import { type Spot, spotOf } from "../../lib/element.ts";
import { isMac } from "../../lib/keys.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import { attentionCountOf, type Section } from "../../stores/rooms-store.ts";
import type { PanelName, UiStore } from "../../stores/ui-store.ts";
import { t } from "../../texts/text.ts";
import { type AccountItemsProps, AccountMenu } from "../account/account-menu.tsx";
import { inboxOf, isInbox } from "../inbox/inbox.ts";
import { NewCount } from "../inbox/new-count.tsx";
import { PresenceDot } from "../people/presence-dot.tsx";
import { serverName } from "../server-name.ts";
import { hasOwnIcon, RoomIcon } from "./room-icon.tsx";

export type SidebarProps = {
  chat: ChatStore;
  ui: UiStore;
  /** It is the only pane on the page. */
  isAlone: boolean;
  onOpenRoom: (room: JoinedRoom) => void;
  onPanel: (panel: PanelName) => void;
  /** Opens the menu of a room next to `spot`. */
  onRoomMenu: (room: JoinedRoom, spot: Spot) => void;
  /** Opens the menu of what can be added, next to `spot`. */
  onAddMenu: (spot: Spot) => void;
  /** The entries of the account menu. */
  accountItems: FunctionComponent<AccountItemsProps>;
  /** The handle that changes its width. */
  edge: ComponentChildren;
  /** The hint that there is something unread beyond the edges of the list. */
  moreUnread: (list: { current: HTMLDivElement | null }) => ComponentChildren;
};

const prefetchAfterMs = 80;

/** The room list, the panels across rooms, and the account menu. */
export function Sidebar(props: SidebarProps) {
  const { chat, ui, isAlone } = props;
  const sections = chat.rooms.sections.value;
  const panel = ui.panel.value;
  const titles: Record<Section["kind"], string> = {
    favourites: t.rooms.favourites,
    rooms: t.rooms.rooms,
    direct: t.rooms.direct,
    requests: t.rooms.requests,
    archived: t.rooms.archived,
  };
  const inbox = inboxOf(chat, panel);
  const news = inbox[0]!.count + chat.me.lists.value.reports;
  const isInboxOpen = isInbox(panel);
  const list = useRef<HTMLDivElement>(null);
  const current = chat.navigation.current.value;
  // The open room is scrolled into view, however the viewer came to it.
  useEffect(() => {
    list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }, [current]);
  return (
    <div className="sidebar" role={isAlone ? "main" : "navigation"} aria-label={t.rooms.title}>
      <p className="brand">
        <span className="brand-mark" aria-hidden="true" />
        <span className="brand-name" dir="auto" title={serverName}>
          {serverName}
        </span>
      </p>
      {isAlone ? <h1 className="visually-hidden">{t.rooms.title}</h1> : null}
      <button type="button" className="jump-button" onClick={() => ui.open({ kind: "switcher" })}>
        <SearchIcon />
        <span>{t.rooms.jump}</span>
        <kbd>{isMac ? "⌘ K" : t.rooms.jumpKeys}</kbd>
      </button>
      <div className="room-nav" data-region="rooms">
        <ul className="room-views">
          <li>
            <button
              type="button"
              className="room-item"
              tabIndex={-1}
              aria-pressed={isInboxOpen}
              onClick={() => {
                // The list in which something is new. An open one is closed.
                const next = inbox.find(({ count }) => count > 0) ?? inbox[0]!;
                props.onPanel(isInboxOpen ? panel : next.panel);
              }}
            >
              <InboxIcon />
              <span className="room-item-name">{t.rooms.inbox}</span>
              <NewCount count={news} isCalling={chat.mentions.value > 0} />
            </button>
          </li>
        </ul>
        <div className="room-scroll">
          <div className="room-items" ref={list}>
            {sections.map((section) => (
              <section key={section.kind} aria-label={titles[section.kind]}>
                <div className="section-head">
                  <h2>{titles[section.kind]}</h2>
                  {section.kind === "rooms" && chat.mayOnServer("room.create") ? (
                    <button
                      type="button"
                      className="button-icon button-small"
                      aria-label={t.rooms.addRoom}
                      title={t.rooms.addRoom}
                      aria-haspopup="menu"
                      onClick={(event) => props.onAddMenu(spotOf(event.currentTarget))}
                    >
                      <PlusIcon />
                    </button>
                  ) : section.kind === "direct" ? (
                    <button
                      type="button"
                      className="button-icon button-small"
                      aria-label={t.rooms.newDirect}
                      title={t.rooms.newDirect}
                      onClick={() => ui.open({ kind: "new_direct" })}
                    >
                      <PlusIcon />
                    </button>
                  ) : null}
                </div>
                {section.rooms.length === 0 ? (
                  <p className="section-hint">
                    {section.kind === "direct" ? (
                      <>
                        {t.rooms.noDirect}{" "}
                        <button
                          type="button"
                          className="section-start"
                          onClick={() => ui.open({ kind: "new_direct" })}
                        >
                          {t.rooms.startDirect}
                        </button>
                      </>
                    ) : (
                      t.rooms.noRooms
                    )}
                  </p>
                ) : (
                  <ul>
                    {section.rooms.map((room) => (
                      <RoomItem key={room.id} room={room} {...props} />
                    ))}
                  </ul>
                )}
              </section>
            ))}
          </div>
          {props.moreUnread(list)}
        </div>
      </div>
      <AccountMenu chat={chat} ui={ui} items={props.accountItems} />
      {props.edge}
    </div>
  );
}

function RoomItem({ room, chat, ...props }: SidebarProps & { room: JoinedRoom }) {
  const hover = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const name = chat.nameOf(room);
  const isCurrent = chat.navigation.current.value === room.id;
  const attention = attentionCountOf(room);
  const isUnread = room.unread > 0 && !(room.isMuted && attention === 0) && room.notify !== "nothing";
  const state = room.kind === "direct" && room.people[0] ? chat.people.stateOf(room.people[0].id) : null;
  // A number is for who is called: by name, or in a conversation of few. Everything else is unread in bold.
  const calls = isDirect(room.kind) ? attention : room.mentions;
  return (
    <li>
      <button
        type="button"
        className={`room-item${isUnread ? " room-item-unread" : ""}${room.isMuted ? " room-item-muted" : ""}`}
        // The list is one Tab stop, on the open room. The arrow keys move from there.
        tabIndex={isCurrent ? 0 : -1}
        aria-current={isCurrent ? "page" : undefined}
        data-room={room.id}
        onClick={() => props.onOpenRoom(room)}
        onPointerEnter={() => {
          hover.current = setTimeout(() => chat.navigation.prefetch(room.id), prefetchAfterMs);
        }}
        onPointerLeave={() => clearTimeout(hover.current)}
        onContextMenu={(event) => {
          event.preventDefault();
          props.onRoomMenu(room, spotOf(event.currentTarget));
        }}
      >
        <span className="room-item-icon">
          <RoomIcon room={room} />
          {state ? <PresenceDot state={state} /> : null}
        </span>
        <span className="room-item-name" dir="auto">
          {name}
        </span>
        {state?.status?.emoji ? (
          <span className="room-item-status" title={state.status.text}>
            {state.status.emoji}
          </span>
        ) : null}
        {room.kind === "private" ? (
          <>
            {hasOwnIcon(room) ? <LockIcon /> : null}
            <span className="visually-hidden">, {t.rooms.isPrivate}</span>
          </>
        ) : null}
        {room.isMuted ? (
          <>
            <MutedIcon />
            <span className="visually-hidden">, {t.rooms.isMuted}</span>
          </>
        ) : null}
        {!isCurrent && chat.drafts.texts.value.has(room.id) ? (
          <>
            <PencilIcon />
            <span className="visually-hidden">, {t.rooms.hasDraft}</span>
          </>
        ) : null}
        {calls > 0 ? (
          <span className="badge">
            <span aria-hidden="true">{calls > 99 ? "99+" : calls}</span>
            <span className="visually-hidden">
              , {room.mentions > 0 ? t.rooms.mentionCount(calls) : t.rooms.unread(calls)}
            </span>
          </span>
        ) : isUnread ? (
          <span className="visually-hidden room-item-news">, {t.rooms.unread(room.unread)}</span>
        ) : null}
      </button>
    </li>
  );
}
