import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { AccountItemsProps } from "./account-menu.tsx";

/** The entries of the account menu. They are lazy, because the menu is closed at first. */
export function AccountItems({ chat, ui, onLeave }: AccountItemsProps) {
  const unseenNotices = chat.notices.unseenCount.value;
  const { approvals } = chat.me.lists.value;
  return (
    <>
      <button
        type="button"
        className="account-row"
        onClick={() => onLeave(() => ui.open({ kind: "settings" }))}
      >
        {more.account.settings}
      </button>
      <button
        type="button"
        className="account-row"
        onClick={() => onLeave(() => ui.open({ kind: "shortcuts" }))}
      >
        {more.account.shortcuts} <kbd>?</kbd>
      </button>
      <a className="account-row" href="/account">
        {more.account.yourAccount}
        {unseenNotices > 0 ? <span className="badge">{t.account.newNotices(unseenNotices)}</span> : null}
      </a>
      {chat.mayOnServer("report.resolve_any") ? (
        <a className="account-row" href="/admin">
          {more.account.admin}
          {approvals > 0 ? <span className="badge">{approvals}</span> : null}
        </a>
      ) : null}
      <form method="post" action="/logout" onSubmit={() => chat.signingOut()}>
        <button type="submit" className="account-row">
          {more.account.signOut}
        </button>
      </form>
    </>
  );
}
