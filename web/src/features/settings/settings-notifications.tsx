import { useRef } from "preact/hooks";
import { ChoiceField } from "../../components/choice-field.tsx";
import { hourMs } from "../../lib/duration.ts";
import { formatSoon } from "../../lib/time.ts";
import { more } from "../../texts/more.ts";
import { DeviceNotifications } from "../notifications/device-notifications.tsx";
import { InstallApp } from "../notifications/install-app.tsx";
import { UnreadMail } from "../notifications/unread-mail.tsx";
import { WhatNotifies } from "../notifications/what-notifies.tsx";
import { tomorrowAt } from "../scheduled/when.ts";
import { serverNow } from "../server-now.ts";
import { PreferenceCheck } from "./preference-check.tsx";
import { QuietHoursFields } from "./quiet-hours.tsx";
import type { SettingsProps } from "./settings-props.ts";

/** What notifies the viewer, and when nothing does. */
export function NotificationSettings({ chat, saved }: SettingsProps) {
  const own = chat.me.lists.value;
  const sent = useRef(own.keywords.join(" "));
  return (
    <section className="settings-section">
      <h3>{more.settings.notifications}</h3>
      <InstallApp />
      <ChoiceField
        label={more.settings.dnd}
        value={own.dndUntil === null ? "off" : "on"}
        options={[
          ["off", more.settings.dndOff],
          ...(own.dndUntil === null
            ? []
            : [["on", more.settings.dndUntil(formatSoon(own.dndUntil))] as const]),
          ["1", more.settings.forHour],
          ["4", more.settings.forHours(4)],
          ["tomorrow", more.settings.untilTomorrow],
        ]}
        onChoose={async (value) => {
          const until =
            value === "off"
              ? null
              : value === "tomorrow"
                ? tomorrowAt(serverNow(chat))
                : serverNow(chat) + Number(value) * hourMs;
          saved(await chat.command("dnd.set", { until }));
        }}
      />
      <QuietHoursFields chat={chat} onSaved={saved} />
      <DeviceNotifications chat={chat} />
      <WhatNotifies chat={chat} />
      <UnreadMail chat={chat} />
      <PreferenceCheck name="hasSound" label={more.settings.sound} />
      <PreferenceCheck name="hasTitleCount" label={more.settings.titleCount} />
      <form
        className="form"
        onChange={(event) => event.currentTarget.requestSubmit()}
        onSubmit={async (event) => {
          event.preventDefault();
          const text = String(new FormData(event.currentTarget).get("words"));
          const words = text.split(/[\s,]+/).filter((word) => word !== "");
          // Enter both changes the field and sends the form.
          if (words.join(" ") === sent.current) return;
          sent.current = words.join(" ");
          saved(await chat.command("keywords.set", { words }));
        }}
      >
        <label className="form-field">
          <span>
            {more.settings.alertWords} <small>({more.settings.alertWordsHint})</small>
          </span>
          <input className="field" name="words" defaultValue={own.keywords.join(" ")} autocomplete="off" />
        </label>
      </form>
    </section>
  );
}
