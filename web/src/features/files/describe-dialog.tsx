import { fileAltCharsMax } from "@novax/protocol/limits";
import { useRef } from "preact/hooks";
import { Dialog } from "../../components/dialog.tsx";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { DescribeProps } from "./files-context.ts";

/** Asks for what a picture shows, in words. */
export function DescribeDialog(props: DescribeProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  return (
    <Dialog title={more.files.describeTitle} onClose={props.onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          props.onDone(field.current!.value.trim());
          props.onClose();
        }}
      >
        {props.url === "" ? null : <img className="describe-picture" src={props.url} alt="" />}
        <label className="form-field">
          <span>{more.files.describeLabel}</span>
          <textarea
            ref={field}
            className="field"
            rows={3}
            maxLength={fileAltCharsMax}
            defaultValue={props.alt}
            data-autofocus
          />
          <small>{more.files.describeWhy}</small>
        </label>
        <div className="dialog-actions">
          <button type="submit" className="button-primary">
            {t.app.save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
