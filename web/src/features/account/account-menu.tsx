import { nameOf } from "@novax/protocol/person";
import type { FunctionComponent } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Avatar } from "../../components/avatar.tsx";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { UiStore } from "../../stores/ui-store.ts";
import { t } from "../../texts/text.ts";

/** `onLeave` closes the menu, returns the focus to it, and then calls `open`. */
export type AccountItemsProps = { chat: ChatStore; ui: UiStore; onLeave: (open: () => void) => void };

/** The viewer's name and status, with the menu of their account. */
export function AccountMenu(props: {
  chat: ChatStore;
  ui: UiStore;
  items: FunctionComponent<AccountItemsProps>;
}) {
  const { chat, ui, items: Items } = props;
  const { you } = chat;
  const { status, approvals } = chat.me.lists.value;
  const unseenNotices = chat.notices.unseenCount.value;
  const waiting = unseenNotices + approvals;
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
  /** What opens next returns the focus to where it was. That must not be inside the closed menu. */
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
        <Items chat={chat} ui={ui} onLeave={leave} />
      </div>
    </details>
  );
}

function closeOnEscape(event: KeyboardEvent & { currentTarget: HTMLDetailsElement }): void {
  const { currentTarget: menu } = event;
  if (event.key !== "Escape" || !menu.open) return;
  event.stopPropagation();
  menu.open = false;
  menu.querySelector("summary")?.focus();
}
