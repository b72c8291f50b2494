import type { MessageBody } from "@novax/protocol/entities";
import type { FileId, FileInfo, FileKind } from "@novax/protocol/files";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { toPerson } from "@novax/protocol/person";
import type { RoomFile } from "@novax/protocol/reads";
import { filesOf } from "@novax/protocol/text";
import type { Sql } from "../db/database.ts";

const noFile = "00000000-0000-0000-0000-000000000000";

/** Returns files of a room of these kinds, the newest first, that come behind a place in that list. */
export async function listRoomFiles(
  sql: Sql,
  room: RoomId,
  {
    kinds,
    before,
    limit,
  }: { kinds: readonly FileKind[]; before: { seq: number; file: string }; limit: number },
): Promise<RoomFile[]> {
  // Each kind by its own index, so that a rare kind is not looked for among all others.
  const rows = await sql<{
    id: FileId;
    seq: number;
    details: FileInfo;
    body: MessageBody;
    thread_root: number | null;
    sent_at: number;
    account_id: AccountId;
    username: string;
    display_name: string;
  }>`
    select f.id, f.seq, f.details, m.body, m.thread_root, m.sent_at, a.id as account_id, a.username, a.display_name
    from (
      select f.* from unnest(${sql.array(kinds, "text")}) k (kind) cross join lateral (
        select id, seq, details from files
        where room_id = ${room} and details->>'kind' = k.kind and seq is not null
          and (seq, id) < (${before.seq}::bigint, ${before.file === "" ? noFile : before.file}::uuid)
        order by seq desc, id desc ${sql.limit(limit)}
      ) f
      order by f.seq desc, f.id desc ${sql.limit(limit)}
    ) f join messages m on m.room_id = ${room} and m.seq = f.seq join accounts a on a.id = m.sender_id
    order by f.seq desc, f.id desc`;
  return rows.map((row) => ({
    // As its message has it, with what its sender said of it.
    file: filesOf(row.body).find((file) => file.id === row.id) ?? row.details,
    seq: row.seq,
    threadRoot: row.thread_root,
    sender: toPerson(row.account_id, row.username, row.display_name),
    sentAt: row.sent_at,
  }));
}
