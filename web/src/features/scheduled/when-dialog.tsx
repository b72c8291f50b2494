import type { RoomId, SendId } from "@novax/protocol/ids";
import { noteCharsMax } from "@novax/protocol/limits";
import { cutText, wordsOfBody } from "@novax/protocol/text";
import { useRef, useState } from "preact/hooks";
import { Dialog } from "../../components/dialog.tsx";
import { hourMs } from "../../lib/duration.ts";
import { formatSoon } from "../../lib/time.ts";
import type { Overlay } from "../../stores/ui-store.ts";
import { more } from "../../texts/more.ts";
import type { DialogProps } from "../props.ts";
import { serverNow } from "../server-now.ts";
import { useOnce } from "../use-once.ts";
import { nextMondayAt, tomorrowAt } from "./when.ts";
/** Chooses a time to send a message, or to be reminded of one. */
export function WhenDialog(
  props: DialogProps & { overlay: Extract<Overlay, { kind: "schedule" | "remind" }> },
) {
  const { chat, overlay, onClose } = props;
  const [exact, setExact] = useState("");
  const isRemind = overlay.kind === "remind";
  const now = serverNow(chat);
  const presets: [label: string, at: number][] = [
    [more.scheduled.inMinutes(20), now + hourMs / 3],
    [more.scheduled.inHours(1), now + hourMs],
    [more.scheduled.inHours(3), now + 3 * hourMs],
    [more.scheduled.tomorrow, tomorrowAt(now)],
    [more.scheduled.nextWeek, nextMondayAt(now)],
  ];
  // The same time, chosen again after an answer got lost, is still the same message or reminder.
  const ids = useRef(new Map<number, string>());
  const choose = useOnce(async (at: number) => {
    const id = ids.current.get(at) ?? crypto.randomUUID();
    ids.current.set(at, id);
    if (isRemind) {
      const note = cutText(wordsOfBody(overlay.entry.body), noteCharsMax);
      const done = await chat.command("reminder.set", {
        room: overlay.room,
        seq: overlay.entry.seq,
        note,
        at,
        createId: id,
      });
      if (!done) return;
      chat.toasts.show(more.scheduled.reminded(formatSoon(at)));
    } else {
      const room = chat.navigation.current.peek() as RoomId;
      const sendId = id as SendId;
      const done = await chat.command("message.schedule", {
        ...{ room, sendId, text: overlay.text, at },
        ...(overlay.replyTo === undefined ? {} : { replyTo: overlay.replyTo }),
      });
      if (!done) return;
      overlay.onDone();
      chat.toasts.show(more.scheduled.scheduled(formatSoon(at)));
    }
    onClose();
  });
  return (
    <Dialog title={isRemind ? more.scheduled.remind : more.scheduled.schedule} onClose={onClose}>
      <ul className="when-list">
        {presets.map(([label, at], index) => (
          <li key={label}>
            <button
              type="button"
              className="menu-item"
              data-autofocus={index === 0 ? true : undefined}
              onClick={() => void choose(at)}
            >
              <span>{label}</span>
              <span className="suggestion-hint">{formatSoon(at)}</span>
            </button>
          </li>
        ))}
      </ul>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          const at = new Date(exact).getTime();
          if (Number.isFinite(at)) void choose(at);
        }}
      >
        <label className="form-field">
          <span>{more.scheduled.choose}</span>
          <input
            type="datetime-local"
            className="field"
            required
            value={exact}
            onInput={(event) => setExact(event.currentTarget.value)}
          />
        </label>
        <div className="dialog-actions">
          <button type="submit" className="button-primary">
            {isRemind ? more.scheduled.remind : more.scheduled.schedule}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
