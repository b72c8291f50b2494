import type { ComponentType } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "../../components/dialog.tsx";
import { type SettingsTab, settingsTabs } from "../../stores/ui-store.ts";
import { more } from "../../texts/more.ts";
import type { DialogProps } from "../props.ts";
import { LookSettings } from "./settings-look.tsx";
import { NotificationSettings } from "./settings-notifications.tsx";
import { PrivacySettings } from "./settings-privacy.tsx";
import type { SettingsProps } from "./settings-props.ts";
import { ServerSettings } from "./settings-server.tsx";
import { YouSettings } from "./settings-you.tsx";

const pages: Record<SettingsTab, ComponentType<SettingsProps>> = {
  you: YouSettings,
  look: LookSettings,
  notifications: NotificationSettings,
  privacy: PrivacySettings,
  server: ServerSettings,
};

/**
 * The settings, on a page for each kind. Most act as soon as they are changed; long lists have a button. A page that was opened
 * stays, with what is written in it.
 */
export function SettingsDialog({
  chat,
  ui,
  first = "you",
  isForStatus = false,
  onClose,
}: DialogProps & { first?: SettingsTab | undefined; isForStatus?: boolean | undefined }) {
  const [open, setOpen] = useState(first);
  const [opened, setOpened] = useState<readonly SettingsTab[]>([first]);
  const show = (tab: SettingsTab) => {
    setOpen(tab);
    setOpened((before) => (before.includes(tab) ? before : [...before, tab]));
  };
  const close = () => {
    // A field is stored when it's left.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    onClose();
  };
  const saved = (done: unknown) => {
    if (done) chat.toasts.show(more.settings.saved);
  };
  const tabs = settingsTabs.filter((tab) => tab !== "server" || chat.mayOnServer("word_filter.change"));
  return (
    <Dialog title={more.settings.title} size="wide" onClose={close}>
      <div className="tabs settings-tabs" role="group" aria-label={more.settings.title}>
        {tabs.map((tab) => (
          <button
            key={tab}
            type="button"
            className="tab"
            aria-pressed={open === tab}
            data-autofocus={tab === first && !isForStatus ? true : undefined}
            onClick={() => show(tab)}
          >
            {more.settings.tabs[tab]}
          </button>
        ))}
      </div>
      {opened.map((tab) => {
        const Page = pages[tab];
        return (
          <div key={tab} className="settings-page" hidden={tab !== open}>
            <Page chat={chat} ui={ui} saved={saved} isForStatus={isForStatus} />
          </div>
        );
      })}
    </Dialog>
  );
}
