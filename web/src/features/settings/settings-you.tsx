import { statusTextCharsMax } from "@novax/protocol/limits";
import type { ReadResult } from "@novax/protocol/reads";
import { useEffect, useRef, useState } from "preact/hooks";
import { Avatar } from "../../components/avatar.tsx";
import { formatBytes } from "../../lib/bytes.ts";
import { hourMs } from "../../lib/duration.ts";
import { formatSoon } from "../../lib/time.ts";
import { pictures } from "../../stores/pictures.ts";
import { more } from "../../texts/more.ts";
import { filePart } from "../files/files-context.ts";
import type { DialogProps } from "../props.ts";
import { serverNow } from "../server-now.ts";
import type { SettingsProps } from "./settings-props.ts";

const PictureField = filePart("PictureField");

/** What others see of the viewer. */
export function YouSettings({ chat, ui, saved, isForStatus }: SettingsProps) {
  const own = chat.me.lists.value;
  const sent = useRef(statusKey(own.status));
  return (
    <>
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
      <section className="settings-section">
        <h3>{more.settings.status}</h3>
        <form
          className="form"
          onChange={(event) => event.currentTarget.requestSubmit()}
          onSubmit={async (event) => {
            event.preventDefault();
            const fields = new FormData(event.currentTarget);
            const hours = fields.get("hours");
            const emoji = String(fields.get("emoji"));
            const text = String(fields.get("text"));
            const until =
              hours === "as_it_is"
                ? own.status.until
                : hours === "0"
                  ? null
                  : serverNow(chat) + Number(hours) * hourMs;
            // Enter in a field both changes it and sends the form.
            const key = statusKey({ emoji, text, until: hours === "as_it_is" ? until : Number(hours) });
            if (
              key === sent.current ||
              (emoji === "" && text === "" && own.status.text + own.status.emoji === "")
            )
              return;
            sent.current = key;
            saved(await chat.command("status.set", { emoji, text, until }));
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
                data-autofocus={isForStatus || undefined}
                defaultValue={own.status.text}
                autocomplete="off"
              />
            </label>
            <label className="form-field form-narrow">
              <span>{more.settings.clearAfter}</span>
              <select className="field" name="hours">
                {own.status.until === null ? null : (
                  <option value="as_it_is">{more.settings.dndUntil(formatSoon(own.status.until))}</option>
                )}
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
                sent.current = statusKey({ emoji: "", text: "", until: null });
                saved(done);
              }}
            >
              {more.settings.clear}
            </button>
          </div>
        </form>
      </section>
      <Storage chat={chat} />
      <section className="settings-section">
        <h3>{more.settings.profile}</h3>
        <p>
          <a href="/account">{more.settings.profileLink}</a>
        </p>
      </section>
    </>
  );
}

const statusKey = (status: { emoji: string; text: string; until: number | null }): string =>
  JSON.stringify([status.emoji, status.text, status.until]);

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
