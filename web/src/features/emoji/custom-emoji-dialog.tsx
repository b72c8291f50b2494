import { emojiNameCharsMax, emojiNameCharsMin } from "@novax/protocol/limits";
import { useEffect, useRef, useState } from "preact/hooks";
import { UploadRefused, uploadFile } from "../../client/upload.ts";
import { Dialog } from "../../components/dialog.tsx";
import { EmojiSign } from "../../components/emoji-sign.tsx";
import type { ChatStore } from "../../stores/chat-store.ts";
import { customEmoji, type ServerEmoji } from "../../stores/custom-emoji.ts";
import type { UiStore } from "../../stores/ui-store.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import { pickFiles } from "../files/pick-files.ts";

/** The server's own emoji: all of them, a form that adds one, and a button at each that the viewer may remove. */
export function CustomEmojiDialog({
  chat,
  ui,
  onClose,
}: {
  chat: ChatStore;
  ui: UiStore;
  onClose: () => void;
}) {
  const [picture, setPicture] = useState<{ file: File; url: string } | null>(null);
  const [problem, setProblem] = useState("");
  const [isSending, setSending] = useState(false);
  const name = useRef<HTMLInputElement>(null);
  const list = [...customEmoji.list.value.values()];
  useEffect(() => void customEmoji.reread(), []);
  useEffect(() => () => URL.revokeObjectURL(picture?.url ?? ""), [picture]);
  const choose = () =>
    pickFiles(
      ([file]) => {
        if (!file) return;
        setPicture({ file, url: URL.createObjectURL(file) });
        const field = name.current!;
        if (field.value === "") field.value = nameOfFile(file.name);
        field.focus();
      },
      { isPicture: true },
    );
  const add = async () => {
    if (!picture) return choose();
    setSending(true);
    setProblem("");
    try {
      const file = await uploadFile(picture.file, {
        ...{ name: picture.file.name, purpose: "emoji", isPlain: false, uploadId: null },
        signal: AbortSignal.timeout(60_000),
        onBegun: () => {},
        onProgress: () => {},
      });
      const reply = await chat.client.request("emoji.add", { name: name.current!.value, picture: file.id });
      if (!reply?.ok) {
        setProblem(reply ? reply.detail : t.errors.offline);
        return;
      }
      setPicture(null);
      name.current!.value = "";
      name.current!.focus();
      await customEmoji.reread();
    } catch (error) {
      setProblem(error instanceof UploadRefused ? error.message : t.errors.offline);
    } finally {
      setSending(false);
    }
  };
  const remove = (emoji: ServerEmoji) =>
    ui.open({
      kind: "ask",
      text: more.emoji.removeAsk(`:${emoji.name}:`),
      yes: more.app.remove,
      onYes: async () => {
        if (await chat.command("emoji.remove", { name: emoji.name })) await customEmoji.reread();
      },
    });
  return (
    <Dialog title={more.emoji.ofServer} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <div className="emoji-add">
          <button
            type="button"
            className="emoji-add-picture"
            aria-label={more.files.choosePicture}
            onClick={choose}
          >
            {picture ? <img src={picture.url} alt="" /> : "+"}
          </button>
          <label className="form-field">
            <span>{more.emoji.name}</span>
            <input
              ref={name}
              className="field"
              name="name"
              required
              minLength={emojiNameCharsMin}
              maxLength={emojiNameCharsMax}
              pattern="[a-z0-9_+\-]+"
              title={more.emoji.nameHint}
              placeholder="party_parrot"
              autocomplete="off"
              autocapitalize="none"
              onInput={({ currentTarget: field }) => {
                const written = field.value.toLowerCase().replaceAll(" ", "_");
                if (written !== field.value) field.value = written;
              }}
              data-autofocus
            />
          </label>
          {picture ? (
            <button type="submit" className="button-primary" disabled={isSending}>
              {more.emoji.add}
            </button>
          ) : (
            // Without a picture there is nothing to check the name for.
            <button type="button" className="button-primary" onClick={choose}>
              {more.files.choosePicture}
            </button>
          )}
        </div>
        {problem === "" ? null : (
          <p className="form-problem" role="alert">
            {problem}
          </p>
        )}
      </form>
      {list.length === 0 ? (
        <p className="panel-note">{more.emoji.none}</p>
      ) : (
        <ul className="people">
          {list.map((emoji) => (
            <li key={emoji.name} className="person">
              <EmojiSign emoji={`:${emoji.name}:`} />
              <span className="person-name">{emoji.name}</span>
              {emoji.by === chat.you.id || chat.mayOnServer("emoji.remove_any") ? (
                <button
                  type="button"
                  className="button-subtle"
                  aria-label={more.files.remove(`:${emoji.name}:`)}
                  onClick={() => remove(emoji)}
                >
                  {more.app.remove}
                </button>
              ) : null}
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}

/** A name from that of the file: "Party Parrot.gif" is "party_parrot". */
function nameOfFile(file: string): string {
  return file
    .replace(/\.[^.]*$/, "")
    .toLowerCase()
    .replace(/[^a-z0-9+-]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, emojiNameCharsMax);
}
