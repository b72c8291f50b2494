import { useEffect, useRef, useState } from "preact/hooks";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import { filePart } from "../files/files-context.ts";
import type { SettingsProps } from "./settings-props.ts";
import { useServerPicture } from "./use-server-picture.ts";

const PictureField = filePart("PictureField");

/** The rules of the whole server that belong to the chat. The others are on pages of their own. */
export function ServerSettings({ chat, ui, saved }: SettingsProps) {
  const serverPicture = useServerPicture();
  return (
    <>
      <section className="settings-section">
        <h3>{more.settings.tabs.server}</h3>
        <p>
          <a href="/admin">{more.settings.serverLink}</a>
        </p>
      </section>
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
    </>
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
