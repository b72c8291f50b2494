import type { JoinedRoom } from "@novax/protocol/entities";
import { useState } from "preact/hooks";
import { Dialog } from "../../components/dialog.tsx";
import { more } from "../../texts/more.ts";
import type { DialogProps } from "../props.ts";

/** The day here, as the field takes it. */
function today(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

/** Goes to the first message of a day in a room. */
export function DateDialog({ chat, room, onOpenRoom, onClose }: DialogProps & { room: JoinedRoom }) {
  const [day, setDay] = useState(today);
  const [note, setNote] = useState("");
  const go = async () => {
    const at = new Date(`${day}T00:00`).getTime();
    if (!Number.isFinite(at)) return;
    const found = await chat.api.read("room.at", { room: room.id, time: at }).catch(() => null);
    if (!found) setNote(more.search.offline);
    else if (found.seq === null) setNote(more.search.dateNone);
    else {
      onClose();
      onOpenRoom(room.id, found.seq);
    }
  };
  return (
    <Dialog title={more.search.dateIn(chat.nameOf(room))} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void go();
        }}
      >
        <label className="form-field">
          <span>{more.search.dateLabel}</span>
          <input
            type="date"
            className="field"
            required
            data-autofocus
            value={day}
            onInput={(event) => {
              setDay(event.currentTarget.value);
              setNote("");
            }}
          />
        </label>
        <p className="form-note" role="status">
          {note}
        </p>
        <div className="dialog-actions">
          <button type="submit" className="button-primary">
            {more.search.dateGo}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
