import { nameOf } from "@novax/protocol/person";
import type { FunctionComponent } from "preact";
import { Avatar } from "../../components/avatar.tsx";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { UiStore } from "../../stores/ui-store.ts";
import { t } from "../../texts/text.ts";

export type AccountItemsProps = { chat: ChatStore; ui: UiStore };

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
  return (
    <details className="account">
      <summary>
        <Avatar person={you} size="small" />
        <span className="person-name" dir="auto">
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
        <Items chat={chat} ui={ui} />
      </div>
    </details>
  );
}
