import type { MessageEntry } from "@novax/protocol/apply-event";
import type { RoomId } from "@novax/protocol/ids";
import { noteCharsMax } from "@novax/protocol/limits";
import { wordsOfBody } from "@novax/protocol/text";
import { Dialog } from "../../components/dialog.tsx";
import { more } from "../../texts/more.ts";
import type { DialogProps } from "../props.ts";
import { useOnce } from "../use-once.ts";

export function ReportDialog({
  chat,
  entry,
  room,
  onClose,
}: DialogProps & { entry: MessageEntry; room: RoomId }) {
  const submit = useOnce(async (reason: string) => {
    if (!(await chat.command("message.report", { room, seq: entry.seq, reason }))) return;
    onClose();
    chat.toasts.show(more.report.sent);
  });
  return (
    <Dialog title={more.report.title} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(String(new FormData(event.currentTarget).get("reason")));
        }}
      >
        <blockquote className="quoted">{wordsOfBody(entry.body)}</blockquote>
        <label className="form-field">
          <span>{more.report.why}</span>
          <input className="field" name="reason" maxLength={noteCharsMax} data-autofocus autocomplete="off" />
        </label>
        <div className="dialog-actions">
          <button type="submit" className="button-danger">
            {more.report.send}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
