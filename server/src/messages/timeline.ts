import type { Message, Room } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { toPerson } from "@novax/protocol/person";
import type { TimelinePage } from "@novax/protocol/reads";
import type { Sql } from "../db/database.ts";
import {
  listPinnedSeqs,
  type MessageExtras,
  type MessageRow,
  readMessageExtras,
  readMessageRows,
  readShown,
  type ShownRow,
  toMessage,
} from "./timeline-queries.ts";

/** Which part of a room: before a place, after it, around it, or the newest. */
export type PageQuery = {
  before?: number | undefined;
  after?: number | undefined;
  around?: number | undefined;
  limit: number;
};

export type Page = Omit<TimelinePage, "epoch">;

/**
 * A part of what a room shows, oldest first, as it is now: what was done to a message since it was sent stands in it.
 * The cost is that of its rows, wherever in the room they are: three or four queries.
 *
 * `headSeq` was read before, by whoever checked the membership. What happened after it may or may not be in the page
 * and comes as an event too, which then changes nothing.
 */
export async function readTimeline(
  sql: Sql,
  viewer: { id: AccountId },
  { id: room, headSeq }: Pick<Room, "id" | "headSeq">,
  { before, after, around, limit }: PageQuery,
): Promise<Page> {
  const half = Math.floor(limit / 2);
  const olderMax = around !== undefined ? half : after === undefined ? limit : 0;
  const newerMax = around !== undefined ? limit - half : after !== undefined ? limit : 0;
  // One more than wanted tells whether there is more.
  const older =
    olderMax > 0
      ? await readShown(sql, room, {
          before: Math.min(around ?? before ?? headSeq + 1, headSeq + 1),
          limit: olderMax + 1,
        })
      : [];
  const newer =
    newerMax > 0 ? await readShown(sql, room, { after: after ?? around! - 1, limit: newerMax + 1 }) : [];
  const rows = [
    ...older.slice(0, olderMax).reverse(),
    ...newer.slice(0, newerMax).filter((row) => row.seq <= headSeq),
  ];
  const extras = await readMessageExtras(
    sql,
    viewer,
    room,
    rows.filter((row) => row.type === "message.sent"),
  );
  return {
    headSeq,
    entries: rows.map((row) => toEntry(row, extras)),
    hasBefore: olderMax > 0 ? older.length > olderMax : true,
    hasAfter: newerMax > 0 ? newer.length > newerMax : before !== undefined && before <= headSeq,
    people: extras.people,
    myVotes: extras.myVotes,
  };
}

/** The messages that are pinned to a room, the newest pin first. */
export async function readPins(sql: Sql, viewer: { id: AccountId }, room: RoomId): Promise<Message[]> {
  const seqs = await listPinnedSeqs(sql, room);
  const rows = await readMessageRows(sql, room, seqs);
  const extras = await readMessageExtras(sql, viewer, room, rows);
  const messages = new Map(rows.map((row: MessageRow) => [row.seq, toMessage(row, extras)]));
  return seqs.flatMap((seq) => messages.get(seq) ?? []);
}

function toEntry(row: ShownRow, extras: MessageExtras): Page["entries"][number] {
  if (row.type === "message.sent") return { kind: "message", ...toMessage(row, extras) };
  const actor = toPerson(row.actor_id, row.actor_username, row.actor_display_name);
  const base = { seq: row.seq, at: row.at, actor };
  if (row.type === "room.changed") return { kind: "room", ...base, changes: row.payload?.changes ?? {} };
  return {
    kind: "member",
    ...base,
    change: row.type === "member.joined" ? "joined" : "removed",
    member: toPerson(row.subject_id!, row.subject_username!, row.subject_display_name!),
  };
}
