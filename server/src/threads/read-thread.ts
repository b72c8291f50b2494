import type { Message, Room } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import type { Page } from "../messages/timeline.ts";
import { readMessageExtras, readMessageRows, toMessage } from "../messages/timeline-queries.ts";
import { readThreadRows } from "./queries.ts";

/** Returns a thread's first message and its newest replies before a `seq`. Null if no such message starts a thread. */
export async function readThread(
  sql: Sql,
  viewer: { id: AccountId },
  { id: room, headSeq }: Pick<Room, "id" | "headSeq">,
  { root, before, limit }: { root: number; before?: number | undefined; limit: number },
): Promise<(Page & { root: Message }) | null> {
  const [rootRow] = await readMessageRows(sql, room, [root]);
  if (!rootRow || rootRow.thread_root !== null) return null;
  const beforeSeq = Math.min(before ?? headSeq + 1, headSeq + 1);
  const rows = await readThreadRows(sql, room, { root, beforeSeq, limit: limit + 1 });
  const shown = rows.slice(-limit);
  const extras = await readMessageExtras(sql, viewer, room, [rootRow, ...shown]);
  return {
    root: toMessage(rootRow, extras),
    headSeq,
    entries: shown.map((row) => ({ kind: "message", ...toMessage(row, extras) })),
    hasBefore: rows.length > limit,
    hasAfter: before !== undefined && before <= headSeq,
    people: extras.people,
    myVotes: extras.myVotes,
  };
}
