import type { Person } from "@novax/protocol/entities";
import type { SystemMessage } from "@novax/protocol/events";
import { nameOf } from "@novax/protocol/person";
import { memo } from "../../components/memo.tsx";
import { formatDay } from "../../lib/time.ts";
import type { MoreState } from "../../stores/room-store.ts";
import type { Row } from "../../stores/rows.ts";
import { t } from "../../texts/text.ts";
import { MessageRow, PendingRow } from "./message-row.tsx";
import type { RowActions } from "./row-actions.ts";

const namesMax = 3;

type RowViewProps = {
  row: Row;
  start: preact.ComponentChildren;
  isActive: boolean;
  myVote: readonly number[] | undefined;
  actions: RowActions;
};

/** A row object never changes. The same object shows the same thing and is not drawn again. */
export const RowView = memo<RowViewProps>(
  (props) => {
    const { row } = props;
    const seq = row.kind === "message" ? row.message.seq : undefined;
    return (
      <div
        role="listitem"
        className={`row row-${row.kind}`}
        data-key={row.key}
        data-kind={row.kind}
        data-seq={seq}
      >
        <RowContent {...props} />
      </div>
    );
  },
  (before, after) =>
    before.isActive === after.isActive &&
    before.actions === after.actions &&
    before.myVote === after.myVote &&
    sameRow(before.row, after.row),
);

function RowContent({ row, start, isActive, myVote, actions }: RowViewProps) {
  switch (row.kind) {
    case "start":
      return <div className="list-start">{start}</div>;
    case "day":
      return <span className="day-label">{formatDay(row.at, Date.now())}</span>;
    case "unread":
      return <span className="unread-label">{t.room.newLine}</span>;
    case "note":
      return <p className="member-change">{withIsolated(noteText(row.notes))}</p>;
    case "replies":
      return <span className="replies-label">{t.message.answers(row.count)}</span>;
    case "message":
      return <MessageRow {...row} isActive={isActive} myVote={myVote} actions={actions} />;
    case "pending":
      return (
        <PendingRow
          item={row.item}
          sender={row.sender}
          isFirstOfGroup={row.isFirstOfGroup}
          actions={actions}
        />
      );
  }
}

/** Marks a name or a text of somebody's, whose direction is its own. */
const isolated = (text: string) => `\u2068${text}\u2069`;
/** Draws what is marked as elements, so that nobody copies the marks. */
const withIsolated = (text: string) =>
  text.split(/\u2068([^\u2069]*)\u2069/).map((part, at) => (at % 2 ? <bdi key={at}>{part}</bdi> : part));
const isolatedName = (person: Person) => isolated(nameOf(person));

/** Says in words what happened in a room. */
function noteText(notes: readonly Readonly<SystemMessage>[]): string {
  const [note] = notes as readonly [Readonly<SystemMessage>];
  const by = isolatedName(note.actor);
  if (note.kind === "member") {
    const names = [
      ...new Set(notes.flatMap((one) => (one.kind === "member" ? [isolatedName(one.member)] : []))),
    ];
    const who = t.message.people(names.slice(0, namesMax), Math.max(0, names.length - namesMax));
    const isOwn = note.actor.id === note.member.id;
    if (note.change === "joined") return isOwn ? t.room.joined(who, names.length) : t.room.wasAdded(who, by);
    return isOwn ? t.room.left(who, names.length) : t.room.wasRemoved(who, by);
  }
  const { name, topic, isArchived, description, picture, icon, colour, posting, slowModeSeconds } =
    note.changes;
  if (isArchived !== undefined) return isArchived ? t.room.archivedBy(by) : t.room.unarchivedBy(by);
  const said = [
    name !== undefined && t.room.renamed(by, isolated(name)),
    topic !== undefined && (topic === "" ? t.room.topicCleared(by) : t.room.topicSet(by, isolated(topic))),
    description !== undefined && t.room.described(by),
    (picture !== undefined || icon !== undefined || colour !== undefined) && t.room.pictureChanged(by),
    posting !== undefined && t.room.postingChanged(by, posting === "moderators"),
    slowModeSeconds !== undefined && t.room.slowModeChanged(by, slowModeSeconds),
  ].filter((text) => text !== false);
  return said.length === 0 ? t.room.changedBy(by) : said.join(" · ");
}

/** Whether two rows show the same. Rows are laid out again with every change, so their contents are compared. */
function sameRow(a: Row, b: Row): boolean {
  if (a.kind === "message" && b.kind === "message") {
    return (
      a.message === b.message &&
      a.isFirstOfGroup === b.isFirstOfGroup &&
      a.isBlocked === b.isBlocked &&
      a.isQuoteBlocked === b.isQuoteBlocked &&
      a.isHighlighted === b.isHighlighted
    );
  }
  if (a.kind === "pending" && b.kind === "pending")
    return a.item === b.item && a.isFirstOfGroup === b.isFirstOfGroup;
  // At midnight "Today" becomes "Yesterday", and a room may have been renamed, so these rows are always drawn.
  if (a.kind === "day" || a.kind === "start") return false;
  if (a.kind === "note" && b.kind === "note" && a.notes.length !== b.notes.length) return false;
  if (a.kind === "replies" && b.kind === "replies") return a.count === b.count;
  return a.kind === b.kind && a.key === b.key;
}

/** The row at an end of the list beyond which there is more to load. */
export function MoreRow(props: { state: MoreState; loading: string; failed: string; onLoad: () => void }) {
  return (
    <div role="listitem" className="row row-older">
      {props.state === "failed" ? (
        <button type="button" className="button-subtle" onClick={props.onLoad}>
          {props.failed}
        </button>
      ) : (
        <span className="older-label">{props.loading}</span>
      )}
    </div>
  );
}
