import type { MessageEntry } from "@novax/protocol/apply-event";
import type { Person } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { nameOf } from "@novax/protocol/person";
import { useEffect, useState } from "preact/hooks";
import { ReadRefused } from "../../client/api.ts";
import { Avatar } from "../../components/avatar.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { EmojiSign } from "../../components/emoji-sign.tsx";
import { formatFull } from "../../lib/time.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { DialogProps } from "../props.ts";

type OfMessage = DialogProps & { entry: MessageEntry; room: RoomId };

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
      (error: Error) => setProblem(error instanceof ReadRefused ? error.message : t.errors.notLoaded),
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
            <span className="person-name" dir="auto">
              {nameOf(person)}
            </span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

/** Shows who has reacted, and with which emoji. */
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
              <dt>
                <EmojiSign emoji={emoji} />
              </dt>
              <dd dir="auto">{t.message.people(names, by.length - names.length)}</dd>
            </div>
          );
        })}
      </dl>
    </Dialog>
  );
}
