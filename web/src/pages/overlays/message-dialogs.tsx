import type { MessageEntry } from "@novax/protocol/apply-event";
import type { Person } from "@novax/protocol/entities";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import {
  noteCharsMax,
  pollChoiceCharsMax,
  pollChoicesMax,
  pollQuestionCharsMax,
} from "@novax/protocol/limits";
import { nameOf } from "@novax/protocol/person";
import { textOf } from "@novax/protocol/text";
import { useEffect, useState } from "preact/hooks";
import { ApiRefusal } from "../../client/api.ts";
import { Avatar } from "../../components/avatar.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { formatFull, formatSoon } from "../../components/time.ts";
import { nextMondayAt, tomorrowAt } from "../../stores/slash-commands.ts";
import type { Overlay } from "../../stores/ui-store.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { OverlayProps } from "./overlay-host.tsx";

type Props = OverlayProps & { onClose: () => void };
type OfMessage = Props & { entry: MessageEntry; room: RoomId };

const hourMs = 3_600_000;

export function PollDialog({ chat, onClose }: Props) {
  const [choices, setChoices] = useState(["", ""]);
  const [problem, setProblem] = useState("");
  return (
    <Dialog title={t.poll.create} onClose={onClose}>
      <form
        className="form"
        onSubmit={async (event) => {
          event.preventDefault();
          const fields = new FormData(event.currentTarget);
          const hours = Number(fields.get("closes"));
          const room = chat.current.peek();
          if (room === null) return;
          const body = {
            kind: "poll" as const,
            question: String(fields.get("question")),
            choices: choices.map((choice) => choice.trim()).filter((choice) => choice !== ""),
            isMultiple: fields.has("multiple"),
            isAnonymous: fields.has("anonymous"),
            closesAt: hours === 0 ? null : Date.now() + hours * hourMs,
          };
          try {
            await chat.api.command("message.send", { room, sendId: crypto.randomUUID() as SendId, body });
            onClose();
          } catch (error) {
            setProblem(error instanceof ApiRefusal ? error.message : t.errors.offline);
          }
        }}
      >
        <label className="form-field">
          <span>{more.pollForm.question}</span>
          <input
            className="field"
            name="question"
            required
            maxLength={pollQuestionCharsMax}
            data-autofocus
            autocomplete="off"
          />
        </label>
        {choices.map((choice, index) => (
          <label className="form-field" key={index}>
            <span>{more.pollForm.choice(index + 1)}</span>
            <input
              className="field"
              required={index < 2}
              maxLength={pollChoiceCharsMax}
              autocomplete="off"
              value={choice}
              onInput={(event) => setChoices(choices.with(index, event.currentTarget.value))}
            />
          </label>
        ))}
        {choices.length < pollChoicesMax ? (
          <button type="button" className="button-subtle" onClick={() => setChoices([...choices, ""])}>
            {more.pollForm.addChoice}
          </button>
        ) : null}
        <label className="form-check">
          <input type="checkbox" name="multiple" /> {more.pollForm.multiple}
        </label>
        <label className="form-check">
          <input type="checkbox" name="anonymous" /> {more.pollForm.anonymous}
        </label>
        <label className="form-field">
          <span>{more.pollForm.closes}</span>
          <select className="field" name="closes">
            <option value="0">{more.pollForm.never}</option>
            <option value="1">{more.pollForm.hour}</option>
            <option value="24">{more.pollForm.day}</option>
            <option value="168">{more.pollForm.week}</option>
          </select>
        </label>
        {problem === "" ? null : (
          <p className="form-problem" role="alert">
            {problem}
          </p>
        )}
        <div className="dialog-actions">
          <button type="submit" className="button-primary">
            {more.pollForm.ask}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Chooses a time: to send a message, or to be reminded of one. */
export function WhenDialog(props: Props & { overlay: Extract<Overlay, { kind: "schedule" | "remind" }> }) {
  const { chat, overlay, onClose } = props;
  const [exact, setExact] = useState("");
  const isRemind = overlay.kind === "remind";
  const now = Date.now();
  const presets: [label: string, at: number][] = [
    [more.later.inMinutes(20), now + hourMs / 3],
    [more.later.inHours(1), now + hourMs],
    [more.later.inHours(3), now + 3 * hourMs],
    [more.later.tomorrow, tomorrowAt(now)],
    [more.later.nextWeek, nextMondayAt(now)],
  ];
  const choose = async (at: number) => {
    if (isRemind) {
      const note = textOf(overlay.entry.body).slice(0, noteCharsMax).replace(/\s+/g, " ");
      const done = await chat.command("reminder.set", {
        room: overlay.room,
        seq: overlay.entry.seq,
        note,
        at,
      });
      if (!done) return;
      chat.toasts.show(more.later.reminded(formatSoon(at)));
    } else {
      const room = chat.current.peek() as RoomId;
      const sendId = crypto.randomUUID() as SendId;
      const done = await chat.command("message.schedule", { room, sendId, text: overlay.text, at });
      if (!done) return;
      overlay.onDone();
      chat.toasts.show(more.later.scheduled(formatSoon(at)));
    }
    onClose();
  };
  return (
    <Dialog title={isRemind ? more.later.remind : more.later.schedule} onClose={onClose}>
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
          <span>{more.later.choose}</span>
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
            {isRemind ? more.later.remind : more.later.schedule}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function ReportDialog({ chat, entry, room, onClose }: OfMessage) {
  return (
    <Dialog title={more.report.title} onClose={onClose}>
      <form
        className="form"
        onSubmit={async (event) => {
          event.preventDefault();
          const reason = String(new FormData(event.currentTarget).get("reason"));
          if (!(await chat.command("message.report", { room, seq: entry.seq, reason }))) return;
          onClose();
          chat.toasts.show(more.report.sent);
        }}
      >
        <blockquote className="quoted">{textOf(entry.body)}</blockquote>
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

export function HistoryDialog({ chat, entry, room, onClose }: OfMessage) {
  const [revisions, setRevisions] = useState<readonly { text: string; at: number }[]>([]);
  useEffect(() => {
    chat.api.read("message.revisions", { room, seq: entry.seq }).then(
      (answer) => setRevisions(answer.revisions),
      () => chat.toasts.show(t.errors.notLoaded),
    );
  }, [chat, room, entry.seq]);
  return (
    <Dialog title={more.message.history} onClose={onClose}>
      <ol className="revisions">
        {revisions.map((revision) => (
          <li key={revision.at}>
            <time dateTime={new Date(revision.at).toISOString()}>{formatFull(revision.at)}</time>
            <p dir="auto">{revision.text}</p>
          </li>
        ))}
      </ol>
    </Dialog>
  );
}

export function ReadersDialog({ chat, entry, room, onClose }: OfMessage) {
  const [readers, setReaders] = useState<readonly Person[] | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    chat.api.read("message.readers", { room, seq: entry.seq }).then(
      (answer) => setReaders(answer.readers),
      (error: Error) => setProblem(error.message),
    );
  }, [chat, room, entry.seq]);
  return (
    <Dialog title={more.message.readers} onClose={onClose}>
      {problem === "" ? null : <p className="panel-note">{problem}</p>}
      {readers?.length === 0 ? <p className="panel-note">{more.message.noReaders}</p> : null}
      <ul className="people">
        {(readers ?? []).map((person) => (
          <li key={person.id} className="person">
            <Avatar person={person} size="small" />
            <span className="person-name">{nameOf(person)}</span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

/** Who has reacted, and with what. */
export function ReactionsDialog({ chat, entry, onClose }: Omit<OfMessage, "room">) {
  const nameOfId = (id: AccountId) => {
    const person = chat.people.known.get(id);
    return person ? [nameOf(person)] : [];
  };
  return (
    <Dialog title={more.message.reactionList} onClose={onClose}>
      <dl className="reaction-list">
        {entry.reactions.map(({ emoji, by }) => {
          const names = by.flatMap(nameOfId);
          return (
            <div key={emoji}>
              <dt>{emoji}</dt>
              <dd dir="auto">{t.message.people(names, by.length - names.length)}</dd>
            </div>
          );
        })}
      </dl>
    </Dialog>
  );
}
