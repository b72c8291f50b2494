import { nameOf } from "@novax/protocol/person";
import type { OlderState } from "../stores/room-store.ts";
import type { Row } from "../stores/rows.ts";
import { memo } from "./memo.tsx";
import { MessageRow, type PendingActions, PendingRow } from "./message-row.tsx";
import { formatDay } from "./time.ts";

type RowViewProps = { row: Row; roomName: string } & PendingActions;

/** Rows never change: the same row object is the same picture, and is not drawn again. */
export const RowView = memo<RowViewProps>(
  ({ row, roomName, onRetry, onDiscard }) => {
    const seq = row.kind === "message" ? row.message.seq : undefined;
    return (
      <div
        role="listitem"
        className={`row row-${row.kind}`}
        data-key={row.key}
        data-kind={row.kind}
        data-seq={seq}
      >
        <RowContent row={row} roomName={roomName} onRetry={onRetry} onDiscard={onDiscard} />
      </div>
    );
  },
  (before, after) => sameRow(before.row, after.row),
);

function RowContent({ row, roomName, onRetry, onDiscard }: RowViewProps) {
  switch (row.kind) {
    case "start":
      return <p className="list-start">This is the beginning of {roomName}.</p>;
    case "day":
      return <span className="day-label">{formatDay(row.at, Date.now())}</span>;
    case "unread":
      return <span className="unread-label">New</span>;
    case "member":
      return (
        <p className="member-change">
          <strong>{nameOf(row.entry.member)}</strong>{" "}
          {row.entry.change === "joined" ? "joined" : "left the room"}
        </p>
      );
    case "message":
      return <MessageRow message={row.message} isFirstOfGroup={row.isFirstOfGroup} />;
    case "pending":
      return (
        <PendingRow
          item={row.item}
          sender={row.sender}
          isFirstOfGroup={row.isFirstOfGroup}
          onRetry={onRetry}
          onDiscard={onDiscard}
        />
      );
  }
}

/** Rows are laid out anew with every change; what they show is compared by what they are made of. */
function sameRow(a: Row, b: Row): boolean {
  if (a.kind === "message" && b.kind === "message") {
    return a.message === b.message && a.isFirstOfGroup === b.isFirstOfGroup;
  }
  if (a.kind === "pending" && b.kind === "pending")
    return a.item === b.item && a.isFirstOfGroup === b.isFirstOfGroup;
  // What was today is yesterday after midnight.
  if (a.kind === "day") return false;
  return a.kind === b.kind && a.key === b.key;
}

export function OlderRow({ older, onLoad }: { older: OlderState; onLoad: () => void }) {
  return (
    <div role="listitem" className="row row-older">
      {older === "failed" ? (
        <button type="button" className="button-quiet" onClick={onLoad}>
          Earlier messages did not load. Try again
        </button>
      ) : (
        <span className="older-label">Loading earlier messages…</span>
      )}
    </div>
  );
}
