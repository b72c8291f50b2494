import type { Message, Room } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { toPerson } from "@novax/protocol/person";
import type { TimelinePage } from "@novax/protocol/reads";
import type { Sql } from "../db/database.ts";
import { readEventTimes } from "../events/queries.ts";
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

/** Which part of a room to read: before a `seq`, after one, around one, or the newest entries. */
export type PageQuery = {
  before?: number | undefined;
  after?: number | undefined;
  around?: number | undefined;
  limit: number;
};

export type Page = Omit<TimelinePage, "epoch">;

/**
 * Returns a part of what a room shows now, oldest first. Edits, reactions, votes and deletions are applied. The cost
 * depends only on the number of rows, not on where in the room they are: two to six queries.
 *
 * `headSeq` was read before, with the membership. A later change may already be in the page and then also arrives as an
 * event, which changes nothing.
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
  // One row more than requested shows whether there are more.
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
  const head = rows.at(-1);
  const headAt =
    head?.seq === headSeq ? head.at : (await readEventTimes(sql, [{ room, seq: headSeq }])).get(room);
  return {
    headSeq,
    ...(headAt === undefined ? {} : { headAt }),
    entries: rows.map((row) => toEntry(row, extras)),
    hasBefore: olderMax > 0 ? older.length > olderMax : true,
    hasAfter: newerMax > 0 ? newer.length > newerMax : before !== undefined && before <= headSeq,
    people: extras.people,
    myVotes: extras.myVotes,
  };
}

/** Returns a room's pinned messages, the last pinned first. */
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
