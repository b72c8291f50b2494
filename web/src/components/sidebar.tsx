import type { Person } from "@novax/protocol/entities";
import { nameOf } from "@novax/protocol/person";
import { useEffect, useRef } from "preact/hooks";
import { Avatar } from "./avatar.tsx";
import { HashIcon } from "./icons.tsx";
import { type Theme, themes } from "./theme.ts";

export type SidebarProps = {
  /** Nothing stands beside it: it is what the page is about. */
  isAlone: boolean;
  roomName: string;
  unreadCount: number;
  you: Person;
  /** Things that happened to one's account and were not looked at. */
  unseenNotices: number;
  theme: Theme;
  onTheme: (theme: Theme) => void;
  onOpenRoom: () => void;
  onShortcuts: () => void;
  onSignOut: () => void;
};

const themeNames: Record<Theme, string> = { system: "As the system", light: "Light", dark: "Dark" };

/** The rooms, and one's own account. */
export function Sidebar(props: SidebarProps) {
  const { isAlone, roomName, unreadCount, you, unseenNotices, theme } = props;
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
  return (
    <div className="sidebar" role={isAlone ? "main" : "navigation"} aria-label="Rooms">
      <p className="brand">
        <span className="brand-mark" aria-hidden="true" />
        novaX
      </p>
      {isAlone ? <h1 className="visually-hidden">Rooms</h1> : null}
      <ul className="room-items">
        <li>
          <button
            type="button"
            className={unreadCount > 0 ? "room-item room-item-unread" : "room-item"}
            aria-current="page"
            onClick={props.onOpenRoom}
          >
            <HashIcon />
            <span className="room-item-name">{roomName}</span>
            {unreadCount > 0 ? (
              <span className="badge">
                {unreadCount > 99 ? "99+" : unreadCount}
                <span className="visually-hidden"> unread</span>
              </span>
            ) : null}
          </button>
        </li>
      </ul>
      <details className="account" ref={account} onKeyDown={closeOnEscape}>
        <summary>
          <Avatar person={you} size="small" />
          <span className="person-name">{nameOf(you)}</span>
          {unseenNotices > 0 ? (
            <span className="badge">
              {unseenNotices}
              <span className="visually-hidden"> new about your account</span>
            </span>
          ) : null}
        </summary>
        <div className="account-menu">
          <label className="account-row">
            Appearance
            <select value={theme} onInput={(event) => props.onTheme(event.currentTarget.value as Theme)}>
              {themes.map((name) => (
                <option key={name} value={name}>
                  {themeNames[name]}
                </option>
              ))}
            </select>
          </label>
          <button type="button" className="account-row" onClick={props.onShortcuts}>
            Keyboard shortcuts <kbd>?</kbd>
          </button>
          <a className="account-row" href="/account">
            Your account
            {unseenNotices > 0 ? <span className="badge">{unseenNotices} new</span> : null}
          </a>
          <form method="post" action="/logout" onSubmit={props.onSignOut}>
            <button type="submit" className="account-row">
              Sign out
            </button>
          </form>
        </div>
      </details>
    </div>
  );
}

function closeOnEscape(event: KeyboardEvent & { currentTarget: HTMLDetailsElement }): void {
  const { currentTarget: menu } = event;
  if (event.key !== "Escape" || !menu.open) return;
  event.stopPropagation();
  menu.open = false;
  menu.querySelector("summary")?.focus();
}
