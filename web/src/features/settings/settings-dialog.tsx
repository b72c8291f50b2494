import { isLanguage, languages } from "@novax/protocol/language";
import { statusTextCharsMax } from "@novax/protocol/limits";
import { nameOf } from "@novax/protocol/person";
import type { ReadResult } from "@novax/protocol/reads";
import { useEffect, useRef, useState } from "preact/hooks";
import { Avatar } from "../../components/avatar.tsx";
import { ChoiceField } from "../../components/choice-field.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { formatBytes } from "../../lib/bytes.ts";
import { hourMs } from "../../lib/duration.ts";
import { formatSoon } from "../../lib/time.ts";
import { pictures } from "../../stores/pictures.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import { filePart } from "../files/files-context.ts";
import { DeviceNotifications } from "../notifications/device-notifications.tsx";
import { InstallApp } from "../notifications/install-app.tsx";
import { UnreadMail } from "../notifications/unread-mail.tsx";
import { WhatNotifies } from "../notifications/what-notifies.tsx";
import type { DialogProps } from "../props.ts";
import { tomorrowAt } from "../scheduled/when.ts";
import { serverNow } from "../server-now.ts";
import { type Preferences, preferences, previewStyles, setPreference, textSizes } from "./preferences.ts";
import { QuietHoursFields } from "./quiet-hours.tsx";
import { applyTheme, keepLanguage, readTheme, type Theme, themes } from "./theme.ts";
import { useServerPicture } from "./use-server-picture.ts";

const PictureField = filePart("PictureField");

/** The viewer's settings: what others see, this screen, and sounds. */
export function SettingsDialog({ chat, ui, onClose }: DialogProps) {
  const current = preferences.value;
  const own = chat.me.lists.value;
  const [theme, setTheme] = useState<Theme>(readTheme);
  const themeNames: Record<Theme, string> = {
    system: more.account.asSystem,
    light: more.account.light,
    dark: more.account.dark,
  };
  const serverPicture = useServerPicture();
  const saved = (done: unknown) => {
    if (done) chat.toasts.show(more.settings.saved);
  };
  const check = (
    name: { [K in keyof Preferences]: Preferences[K] extends boolean ? K : never }[keyof Preferences],
    label: string,
  ) => (
    <label className="form-check">
      <input
        type="checkbox"
        checked={current[name]}
        onInput={(event) => setPreference(name, event.currentTarget.checked)}
      />{" "}
      {label}
    </label>
  );
  return (
    <Dialog title={more.settings.title} size="wide" onClose={onClose}>
      <PictureField
        chat={chat}
        ui={ui}
        label={more.files.yourPicture}
        purpose="person"
        hasPicture={pictures.of(chat.you.id).value !== null}
        onChange={async (picture) => {
          const done = (await chat.command("picture.set", { picture })) !== null;
          if (done) pictures.learn(chat.you.id, picture);
          return done;
        }}
      >
        <Avatar person={chat.you} size="large" />
      </PictureField>
      {chat.mayOnServer("server.change") ? (
        <PictureField
          chat={chat}
          ui={ui}
          label={more.files.serverPicture}
          purpose="server"
          hasPicture={serverPicture.isOwn}
          onChange={async (picture) => {
            const done = (await chat.command("server.set_picture", { picture })) !== null;
            if (done) await serverPicture.reread();
            return done;
          }}
        >
          <img className="avatar avatar-large" src={serverPicture.url} alt="" />
        </PictureField>
      ) : null}
      <section className="settings-section">
        <h3>{more.settings.status}</h3>
        <form
          className="form"
          onSubmit={async (event) => {
            event.preventDefault();
            const fields = new FormData(event.currentTarget);
            const hours = Number(fields.get("hours"));
            const until = hours === 0 ? null : serverNow(chat) + hours * hourMs;
            saved(
              await chat.command("status.set", {
                emoji: String(fields.get("emoji")),
                text: String(fields.get("text")),
                until,
              }),
            );
          }}
        >
          <div className="form-row">
            <label className="form-field form-narrow">
              <span>{more.settings.statusEmoji}</span>
              <input
                className="field"
                name="emoji"
                maxLength={16}
                pattern="\p{RGI_Emoji}"
                title={more.settings.statusEmoji}
                defaultValue={own.status.emoji}
                autocomplete="off"
              />
            </label>
            <label className="form-field">
              <span>{more.settings.statusText}</span>
              <input
                className="field"
                name="text"
                maxLength={statusTextCharsMax}
                defaultValue={own.status.text}
                autocomplete="off"
              />
            </label>
            <label className="form-field form-narrow">
              <span>{more.settings.clearAfter}</span>
              <select className="field" name="hours">
                <option value="0">{more.settings.dontClear}</option>
                <option value="1">{more.details.hours(1)}</option>
                <option value="4">{more.details.hours(4)}</option>
                <option value="24">{more.details.hours(24)}</option>
              </select>
            </label>
          </div>
          <div className="dialog-actions">
            <button
              type="button"
              className="button-secondary"
              onClick={async (event) => {
                const { form } = event.currentTarget;
                const done = await chat.command("status.set", { emoji: "", text: "", until: null });
                if (done) for (const field of form!.querySelectorAll("input")) field.value = "";
                saved(done);
              }}
            >
              {more.settings.clear}
            </button>
            <button type="submit" className="button-primary">
              {t.app.save}
            </button>
          </div>
        </form>
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
        <label className="form-check">
          <input
            type="checkbox"
            checked={own.sharesReadReceipts}
            onInput={async (event) =>
              saved(await chat.command("read_receipts.set", { isShared: event.currentTarget.checked }))
            }
          />{" "}
          {more.settings.reading}
        </label>
      </section>
      <Storage chat={chat} />
      <section className="settings-section">
        <h3>{more.settings.appearance}</h3>
        <div className="form-row">
          <label className="form-field">
            <span>{more.settings.theme}</span>
            <select
              className="field"
              value={theme}
              onInput={(event) => {
                const chosen = event.currentTarget.value as Theme;
                setTheme(chosen);
                applyTheme(chosen);
              }}
            >
              {themes.map((name) => (
                <option key={name} value={name}>
                  {themeNames[name]}
                </option>
              ))}
            </select>
          </label>
          <label className="form-field">
            <span>{more.settings.density}</span>
            <select
              className="field"
              value={current.density}
              onInput={(event) =>
                setPreference("density", event.currentTarget.value === "compact" ? "compact" : "cosy")
              }
            >
              <option value="cosy">{more.settings.cosy}</option>
              <option value="compact">{more.settings.compact}</option>
            </select>
          </label>
          <label className="form-field">
            <span>{more.settings.textSize}</span>
            <select
              className="field"
              value={current.textSize}
              onInput={(event) =>
                setPreference("textSize", event.currentTarget.value as Preferences["textSize"])
              }
            >
              {textSizes.map((size) => (
                <option key={size} value={size}>
                  {more.settings.sizes[size]}
                </option>
              ))}
            </select>
          </label>
          {chat.hasLinkPreviews ? (
            <label className="form-field">
              <span>{more.settings.previews}</span>
              <select
                className="field"
                value={current.previews}
                onInput={(event) =>
                  setPreference("previews", event.currentTarget.value as Preferences["previews"])
                }
              >
                {previewStyles.map((style) => (
                  <option key={style} value={style}>
                    {more.settings.previewStyles[style]}
                  </option>
                ))}
              </select>
            </label>
          ) : null}
          <ChoiceField
            label={more.settings.language}
            value={document.documentElement.lang}
            options={Object.entries(languages).map(([code, { name }]) => [code, name])}
            isLanguage
            onChoose={(chosen) => {
              if (!isLanguage(chosen)) return;
              keepLanguage(chosen);
              // The whole page was drawn in the former language, so it is loaded again.
              location.reload();
            }}
          />
        </div>
        {check("isNewestFirst", more.settings.newestFirst)}
        {check("hasToolbar", more.settings.formatting)}
      </section>
      <section className="settings-section">
        <h3>{more.settings.notifications}</h3>
        <InstallApp />
        <DeviceNotifications chat={chat} />
        <WhatNotifies chat={chat} />
        <UnreadMail chat={chat} />
        {check("hasSound", more.settings.sound)}
        {check("hasTitleCount", more.settings.titleCount)}
        <form
          className="form"
          onSubmit={async (event) => {
            event.preventDefault();
            const text = String(new FormData(event.currentTarget).get("words"));
            const words = text.split(/[\s,]+/).filter((word) => word !== "");
            saved(await chat.command("keywords.set", { words }));
          }}
        >
          <label className="form-field">
            <span>
              {more.settings.alertWords} <small>({more.settings.alertWordsHint})</small>
            </span>
            <input className="field" name="words" defaultValue={own.keywords.join(" ")} autocomplete="off" />
          </label>
          <div className="dialog-actions">
            <button type="submit" className="button-primary">
              {t.app.save}
            </button>
          </div>
        </form>
      </section>
      <section className="settings-section">
        <h3>{more.settings.accessibility}</h3>
        {check("announces", more.settings.announce)}
        {check("reducesMotion", more.settings.motion)}
        {check("hasSingleKeys", more.settings.singleKeys)}
      </section>
      <section className="settings-section">
        <h3>{more.settings.blocked}</h3>
        {own.blocked.length === 0 ? <p className="panel-note">{more.settings.nobodyBlocked}</p> : null}
        <ul className="people">
          {own.blocked.map((person) => (
            <li key={person.id} className="person">
              <span className="person-name">{nameOf(person)}</span>
              <button
                type="button"
                className="button-subtle"
                onClick={() => void chat.command("person.unblock", { person: person.id })}
              >
                {more.people.unblock}
              </button>
            </li>
          ))}
        </ul>
      </section>
      {chat.mayOnServer("word_filter.change") ? (
        <ListForm
          title={more.settings.wordFilter}
          hint={more.settings.wordFilterHint}
          load={async () => (await chat.api.read("word_filter.read", {})).words}
          save={async (words) => saved(await chat.command("word_filter.set", { words }))}
        />
      ) : null}
      {chat.mayOnServer("address.ban") ? (
        <ListForm
          title={more.settings.addressBans}
          hint={more.settings.addressBansHint}
          load={async () => (await chat.api.read("address_bans.read", {})).addresses}
          save={async (addresses) => saved(await chat.command("address_bans.set", { addresses }))}
        />
      ) : null}
      <section className="settings-section">
        <h3>{more.settings.profile}</h3>
        <p>
          <a href="/account">{more.settings.profileLink}</a>
        </p>
      </section>
    </Dialog>
  );
}

/** A list of the whole server, with one entry on each line. */
function ListForm(props: {
  title: string;
  hint: string;
  load: () => Promise<readonly string[]>;
  save: (lines: string[]) => Promise<void>;
}) {
  const [text, setText] = useState<string | null>(null);
  const load = useRef(props.load);
  useEffect(() => {
    load.current().then(
      (lines) => setText(lines.join("\n")),
      () => {},
    );
  }, []);
  if (text === null) return null;
  return (
    <section className="settings-section">
      <h3>{props.title}</h3>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          const lines = text.split("\n").map((line) => line.trim());
          void props.save(lines.filter((line) => line !== ""));
        }}
      >
        <label className="form-field">
          <span>{props.hint}</span>
          <textarea
            className="field"
            rows={3}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <div className="dialog-actions">
          <button type="submit" className="button-primary">
            {t.app.save}
          </button>
        </div>
      </form>
    </section>
  );
}

/** How much the viewer's files take up, and for those who run the server all files. */
function Storage({ chat }: Pick<DialogProps, "chat">) {
  const [use, setUse] = useState<ReadResult<"me.storage"> | null>(null);
  useEffect(() => {
    chat.api.read("me.storage", {}).then(setUse, () => {});
  }, [chat]);
  if (!use) return null;
  const { usedBytes, maxBytes, server } = use;
  return (
    <section className="settings-section">
      <h3>{more.files.storage}</h3>
      <p>{more.files.storageUsed(formatBytes(usedBytes), formatBytes(maxBytes))}</p>
      <progress max={maxBytes} value={usedBytes} aria-label={more.files.storage} />
      {server ? (
        <p>
          {server.maxBytes === null
            ? more.files.storageOfAll(
                formatBytes(server.usedBytes),
                server.freeBytes === null ? null : formatBytes(server.freeBytes),
              )
            : more.files.storageOfAllUsed(formatBytes(server.usedBytes), formatBytes(server.maxBytes))}
        </p>
      ) : null}
    </section>
  );
}
