import { useEffect, useRef } from "preact/hooks";
import { moveFocus } from "../../lib/move-focus.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { AccountItemsProps } from "./account-menu.tsx";

/** The entries of the account menu, and what closes it. They are lazy, because the menu is closed at first. */
export function AccountItems({ chat, ui }: AccountItemsProps) {
  const first = useRef<HTMLButtonElement>(null);
  const menu = () => first.current?.closest("details") ?? null;
  useEffect(() => {
    const account = menu()!;
    const closeOutside = (event: Event) => {
      if (!account.open || account.contains(event.target as Node)) return;
      account.open = false;
      // A finger beside the menu presses nothing else.
      if (!(event instanceof PointerEvent) || event.pointerType !== "touch") return;
      const swallow = (click: Event) => {
        click.preventDefault();
        click.stopPropagation();
      };
      document.addEventListener("click", swallow, { capture: true, once: true });
      setTimeout(() => document.removeEventListener("click", swallow, { capture: true }), 500);
    };
    const onKeyDown = (event: KeyboardEvent) => {
      const rows = account.querySelectorAll<HTMLElement>(".account-row");
      // The menu is above its button.
      if (account.open && moveFocus(event, [...rows, account.querySelector("summary")!])) return;
      if (event.key !== "Escape" || !account.open) return;
      event.stopPropagation();
      account.open = false;
      account.querySelector("summary")?.focus();
    };
    document.addEventListener("pointerdown", closeOutside);
    document.addEventListener("focusin", closeOutside);
    account.addEventListener("keydown", onKeyDown);
    return () => {
      document.removeEventListener("pointerdown", closeOutside);
      document.removeEventListener("focusin", closeOutside);
      account.removeEventListener("keydown", onKeyDown);
    };
  }, []);
  /** What opens next returns the focus to where it was. That must not be inside the closed menu. */
  const leave = (open: () => void) => {
    const account = menu();
    account?.querySelector("summary")?.focus();
    if (account) account.open = false;
    open();
  };
  /** Without a connection the browser would show a page of its own, from which an installed app has no way back. */
  const stayOffline = (event: Event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    chat.toasts.show(more.app.offline);
  };
  const unseenNotices = chat.notices.unseenCount.value;
  const { approvals } = chat.me.lists.value;
  return (
    <>
      <button
        type="button"
        className="account-row"
        ref={first}
        onClick={() => leave(() => ui.open({ kind: "settings", tab: "you", isForStatus: true }))}
      >
        {more.account.setStatus}
      </button>
      <button
        type="button"
        className="account-row"
        onClick={() => leave(() => ui.open({ kind: "settings", tab: "look" }))}
      >
        {more.account.settings}
      </button>
      <button
        type="button"
        className="account-row only-fine"
        onClick={() => leave(() => ui.open({ kind: "shortcuts" }))}
      >
        {more.account.shortcuts} <kbd>?</kbd>
      </button>
      <a className="account-row" href="/account" onClick={stayOffline}>
        {more.account.yourAccount}
        {unseenNotices > 0 ? <span className="badge">{t.account.newNotices(unseenNotices)}</span> : null}
      </a>
      {chat.mayOnServer("report.resolve_any") ? (
        <a className="account-row" href="/admin" onClick={stayOffline}>
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
