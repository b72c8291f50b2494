import { useEffect, useRef } from "preact/hooks";
import { UploadRefused, uploadFile } from "../../client/upload.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { PictureFieldProps } from "./files-context.ts";
import { pickFiles } from "./pick-files.ts";

/** The field that takes the focus when its dialog opens again, after the dialog that cut the picture. */
let returnTo: PictureFieldProps["purpose"] | null = null;

/** Shows a picture of a person, a room or the server, with buttons to choose another one or to remove it. */
export function PictureField(props: PictureFieldProps) {
  const { chat, ui, purpose } = props;
  const before = ui.overlay.peek();
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (returnTo !== purpose) return;
    returnTo = null;
    button.current!.focus();
  }, []);
  const save = async (blob: Blob) => {
    try {
      const file = await uploadFile(blob, {
        ...{ name: `${purpose}.webp`, purpose, isPlain: false, uploadId: null },
        signal: AbortSignal.timeout(60_000),
        onBegun: () => {},
        onProgress: () => {},
      });
      if (await props.onChange(file.id)) chat.toasts.show(more.settings.saved);
    } catch (error) {
      chat.toasts.show(error instanceof UploadRefused ? error.message : t.errors.offline);
    }
  };
  return (
    <div className="picture-field" role="group" aria-label={props.label}>
      {props.children}
      <span className="form-label">{props.label}</span>
      <button
        ref={button}
        type="button"
        className="button-secondary"
        onClick={() =>
          pickFiles(
            ([file]) => {
              if (!file) return;
              ui.open({
                kind: "crop",
                file,
                onDone: (blob) => void save(blob),
                // Back to where it was chosen.
                onClosed: () => {
                  if (!before) return button.current?.focus();
                  returnTo = purpose;
                  const tab = purpose === "person" ? "you" : "server";
                  ui.open(before.kind === "settings" ? { ...before, tab } : before);
                },
              });
            },
            { isPicture: true },
          )
        }
      >
        {props.hasPicture ? more.files.changePicture : more.files.choosePicture}
      </button>
      {props.hasPicture ? (
        <button type="button" className="button-subtle" onClick={() => void props.onChange(null)}>
          {more.app.remove}
        </button>
      ) : null}
    </div>
  );
}
