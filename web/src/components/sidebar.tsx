import type { JoinedRoom, Person } from "@novax/protocol/entities";
import { nameOf } from "@novax/protocol/person";
import type { PresentPerson } from "@novax/protocol/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { attentionCountOf, type Section } from "../stores/rooms-store.ts";
import type { Panel, Spot } from "../stores/ui-store.ts";
import { t } from "../texts/text.ts";
import { Avatar } from "./avatar.tsx";
import {
  AtIcon,
  BookmarkIcon,
  ClockIcon,
  FlagIcon,
  LockIcon,
  MutedIcon,
  PencilIcon,
  PlusIcon,
  SearchIcon,
  ThreadIcon,
} from "./icons.tsx";
import { spotOf } from "./message-row.tsx";
import { hasOwnIcon, RoomIcon } from "./room-icon.tsx";

export type SidebarProps = {
  /** Nothing stands beside it: it is what the page is about. */
  isAlone: boolean;
  sections: readonly Section[];
  current: JoinedRoom | null;
  panel: Panel | null;
  drafts: ReadonlyMap<string, string>;
  you: Person;
  status: { emoji: string; text: string };
  isAdmin: boolean;
  mayAddRooms: boolean;
  mentionCount: number;
  /** Threads one follows, with answers one has not read. */
  threadCount: number;
  reportCount: number;
  dueReminderCount: number;
  approvals: number;
  /** Things that happened to one's account and were not looked at. */
  unseenNotices: number;
  nameOfRoom: (room: JoinedRoom) => string;
  stateOf: (room: JoinedRoom) => PresentPerson | null;
  onOpenRoom: (room: JoinedRoom) => void;
  onPrefetch: (room: JoinedRoom) => void;
  /** What can be done with a room, next to where it was asked for. */
  onRoomMenu: (room: JoinedRoom, spot: Spot) => void;
  onPanel: (panel: Panel) => void;
  onSwitcher: () => void;
  onAddRoom: (opener: HTMLElement) => void;
  onNewDirect: () => void;
  onSettings: () => void;
  onShortcuts: () => void;
  onSignOut: () => void;
  /** By which it is made wider. */
  edge: ComponentChildren;
  /** What says that there is something new beyond the edges of the list. */
  moreUnread: (list: { current: HTMLDivElement | null }) => ComponentChildren;
};

const prefetchAfterMs = 80;

/** The rooms, what is across them, and one's own account. */
export function Sidebar(props: SidebarProps) {
  const { isAlone, sections, panel } = props;
  const titles: Record<Section["kind"], string> = {
    favourites: t.rooms.favourites,
    rooms: t.rooms.rooms,
    direct: t.rooms.direct,
    archived: t.rooms.archived,
  };
  const views: [Panel, string, () => preact.JSX.Element, number][] = [
    ["mentions", t.rooms.mentions, AtIcon, props.mentionCount],
    ["threads", t.rooms.threads, ThreadIcon, props.threadCount],
    ["saved", t.rooms.saved, BookmarkIcon, 0],
    ["scheduled", t.rooms.later, ClockIcon, props.dueReminderCount],
  ];
  const list = useRef<HTMLDivElement>(null);
  const current = props.current?.id;
  // The room that one is in is to be seen, however one came there.
  useEffect(() => {
    list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }, [current]);
  if (props.reportCount > 0 || props.isAdmin)
    views.push(["reports", t.rooms.reports, FlagIcon, props.reportCount]);
  return (
    <div className="sidebar" role={isAlone ? "main" : "navigation"} aria-label={t.rooms.title}>
      <p className="brand">
        <span className="brand-mark" aria-hidden="true" />
        novaX
      </p>
      {isAlone ? <h1 className="visually-hidden">{t.rooms.title}</h1> : null}
      <button type="button" className="jump-button" onClick={props.onSwitcher}>
        <SearchIcon />
        <span>{t.rooms.jump}</span>
        <kbd>Ctrl K</kbd>
      </button>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the buttons in it have the focus, and the keys */}
      <div className="room-nav" onKeyDown={moveInside}>
        <ul className="room-views">
          {views.map(([view, label, ViewIcon, count]) => (
            <li key={view}>
              <button
                type="button"
                className="room-item"
                tabIndex={-1}
                aria-pressed={panel === view}
                onClick={() => props.onPanel(view)}
              >
                <ViewIcon />
                <span className="room-item-name">{label}</span>
                {count > 0 ? (
                  <span className="badge badge-mention">
                    <span aria-hidden="true">{count > 99 ? "99+" : count}</span>
                    <span className="visually-hidden">, {t.account.newNotices(count)}</span>
                  </span>
                ) : null}
              </button>
            </li>
          ))}
        </ul>
        <div className="room-scroll">
          <div className="room-items" ref={list}>
            {sections.map((section) => (
              <section key={section.kind} aria-label={titles[section.kind]}>
                <div className="section-head">
                  <h2>{titles[section.kind]}</h2>
                  {section.kind === "rooms" && props.mayAddRooms ? (
                    <button
                      type="button"
                      className="button-icon button-small"
                      aria-label={t.rooms.addRoom}
                      title={t.rooms.addRoom}
                      aria-haspopup="menu"
                      onClick={(event) => props.onAddRoom(event.currentTarget)}
                    >
                      <PlusIcon />
                    </button>
                  ) : section.kind === "direct" ? (
                    <button
                      type="button"
                      className="button-icon button-small"
                      aria-label={t.rooms.newDirect}
                      title={t.rooms.newDirect}
                      onClick={props.onNewDirect}
                    >
                      <PlusIcon />
                    </button>
                  ) : null}
                </div>
                {section.rooms.length === 0 ? (
                  <p className="section-hint">
                    {section.kind === "direct" ? t.rooms.noDirect : t.rooms.noRooms}
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
      <AccountMenu {...props} />
      {props.edge}
    </div>
  );
}

function RoomItem({ room, ...props }: SidebarProps & { room: JoinedRoom }) {
  const hover = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const name = props.nameOfRoom(room);
  const attention = attentionCountOf(room);
  const isUnread = room.unread > 0 && !(room.isMuted && attention === 0) && room.notify !== "nothing";
  const state = room.kind === "direct" ? props.stateOf(room) : null;
  const count = attention > 0 ? attention : room.unread;
  return (
    <li>
      <button
        type="button"
        className={`room-item${isUnread ? " room-item-unread" : ""}${room.isMuted ? " room-item-muted" : ""}`}
        // One Tab stop for the whole list, on the room that is open; arrows go on from there.
        tabIndex={props.current?.id === room.id ? 0 : -1}
        aria-current={props.current?.id === room.id ? "page" : undefined}
        data-room={room.id}
        onClick={() => props.onOpenRoom(room)}
        onPointerEnter={() => {
          hover.current = setTimeout(() => props.onPrefetch(room), prefetchAfterMs);
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
        {props.drafts.has(room.id) && props.current?.id !== room.id ? (
          <>
            <PencilIcon />
            <span className="visually-hidden">, {t.rooms.hasDraft}</span>
          </>
        ) : null}
        {isUnread || attention > 0 ? (
          <span className={attention > 0 ? "badge badge-mention" : "badge"}>
            <span aria-hidden="true">{count > 99 ? "99+" : count}</span>
            <span className="visually-hidden">
              , {attention > 0 && room.mentions > 0 ? t.rooms.mentionCount(count) : t.rooms.unread(count)}
            </span>
          </span>
        ) : null}
      </button>
    </li>
  );
}

/** How somebody is: a shape as well as a colour. */
export function PresenceDot({ state }: { state: PresentPerson }) {
  const names = { ...t.presence, dnd: t.presence.quiet };
  return (
    <span className={`presence-dot presence-${state.state}`}>
      <span className="visually-hidden">, {names[state.state]}</span>
    </span>
  );
}

function AccountMenu(props: SidebarProps) {
  const { you, unseenNotices, status } = props;
  const waiting = unseenNotices + props.approvals;
  const account = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const closeOutside = (event: Event) => {
      if (account.current && !account.current.contains(event.target as Node)) account.current.open = false;
    };
    document.addEventListener("pointerdown", closeOutside);
    document.addEventListener("focusin", closeOutside);
    return () => {
      document.removeEventListener("pointerdown", closeOutside);
      document.removeEventListener("focusin", closeOutside);
    };
  }, []);
  const close = () => {
    if (account.current) account.current.open = false;
  };
  /** What is opened gives the focus back to where it was: that must not be in a menu that is closed. */
  const leave = (open: () => void) => {
    account.current?.querySelector("summary")?.focus();
    close();
    open();
  };
  return (
    <details className="account" ref={account} onKeyDown={closeOnEscape}>
      <summary>
        <Avatar person={you} size="small" />
        <span className="person-name">
          {nameOf(you)}
          {status.emoji || status.text ? (
            <span className="person-status">
              {" "}
              {status.emoji} {status.text}
            </span>
          ) : null}
        </span>
        {waiting > 0 ? (
          <span className="badge">
            <span aria-hidden="true">{waiting}</span>
            <span className="visually-hidden"> {t.account.aboutAccount(waiting)}</span>
          </span>
        ) : null}
      </summary>
      <div className="account-menu">
        <button type="button" className="account-row" onClick={() => leave(props.onSettings)}>
          {t.account.settings}
        </button>
        <button type="button" className="account-row" onClick={() => leave(props.onShortcuts)}>
          {t.account.shortcuts} <kbd>?</kbd>
        </button>
        <a className="account-row" href="/account">
          {t.account.yourAccount}
          {unseenNotices > 0 ? <span className="badge">{t.account.newNotices(unseenNotices)}</span> : null}
        </a>
        {props.isAdmin ? (
          <a className="account-row" href="/admin">
            {t.account.admin}
            {props.approvals > 0 ? <span className="badge">{props.approvals}</span> : null}
          </a>
        ) : null}
        <form method="post" action="/logout" onSubmit={props.onSignOut}>
          <button type="submit" className="account-row">
            {t.account.signOut}
          </button>
        </form>
      </div>
    </details>
  );
}

/** Arrows go through the list: it is one thing to whoever uses the keyboard, and Tab leads out of it. */
function moveInside(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>(".room-item")];
  const index = items.indexOf(document.activeElement as HTMLElement);
  if (index < 0) return;
  const targets: Record<string, number> = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    Home: 0,
    End: items.length - 1,
  };
  const target = targets[event.key];
  if (target === undefined) return;
  event.preventDefault();
  items[Math.min(Math.max(target, 0), items.length - 1)]?.focus();
}

function closeOnEscape(event: KeyboardEvent & { currentTarget: HTMLDetailsElement }): void {
  const { currentTarget: menu } = event;
  if (event.key !== "Escape" || !menu.open) return;
  event.stopPropagation();
  menu.open = false;
  menu.querySelector("summary")?.focus();
}
