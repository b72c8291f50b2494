import type { MessageBody } from "@novax/protocol/entities";
import type { RoomChanges } from "@novax/protocol/events";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Searchable } from "./document.ts";
import type { IndexPosition } from "./index-database.ts";

/** A message as `readChanges` writes it. */
export type SearchableRow = [
  room: RoomId,
  seq: number,
  sender: AccountId,
  sentAt: number,
  body: MessageBody | null,
  changes: RoomChanges | null,
  isThread: boolean,
  isPinned: boolean,
];

/** `readChanges` reads this, as JSON. */
export type BatchRows = {
  /** The last event of each room that was read, and the time of the one where reading began: null if there is none. */
  ends: [room: RoomId, seq: number, at: number, from: number, fromAt: number | null][] | null;
  rows: SearchableRow[] | null;
};

/**
 * Returns what a batch says. A room whose log has another event where its index ends, because the database went back to an
 * older copy, is `stale`, and nothing of it is taken.
 */
export function readBatch(
  batch: string,
  index: { positionOf(room: RoomId): IndexPosition | null },
): { messages: Searchable[]; positions: IndexPosition[]; stale: RoomId[] } {
  const { ends, rows } = JSON.parse(batch) as BatchRows;
  const stale = new Set<RoomId>();
  const positions: IndexPosition[] = [];
  for (const [room, seq, at, from, fromAt] of ends ?? []) {
    const known = index.positionOf(room);
    if (from > 0 && (known?.seq !== from || known.at !== fromAt)) stale.add(room);
    else positions.push({ room, seq, at });
  }
  const messages = (rows ?? []).filter(([room]) => !stale.has(room)).map(toSearchable);
  return { messages, positions, stale: [...stale] };
}

function toSearchable(row: SearchableRow): Searchable {
  const [room, seq, sender, sentAt, body, changes, isThread, isPinned] = row;
  return { room, seq, sender, sentAt, body, changes, isThread, isPinned };
}
