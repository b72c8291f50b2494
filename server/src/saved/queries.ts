import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { MessagePreview } from "@novax/protocol/reads";
import type { AccountData } from "../accounts/account-data.ts";
import type { Sql } from "../db/database.ts";
import type { ListCursor } from "../lib/cursor.ts";
import { type PreviewRow, toPreview } from "../messages/preview.ts";

export async function insertSaved(
  sql: Sql,
  { account, room, seq, at }: { account: AccountId; room: RoomId; seq: number; at: number },
): Promise<void> {
  await sql`
    insert into saved_messages (account_id, room_id, seq, saved_at) values (${account}, ${room}, ${seq}, ${at})
    on conflict do nothing`;
}

export async function deleteSaved(
  sql: Sql,
  { account, room, seq }: { account: AccountId; room: RoomId; seq: number },
): Promise<void> {
  await sql`delete from saved_messages where account_id = ${account} and room_id = ${room} and seq = ${seq}`;
}

/** Returns the messages a person saved, in rooms they are in now, the last saved first, after the cursor. */
export async function listSaved(
  sql: Sql,
  account: AccountId,
  { at, room, seq }: ListCursor,
  { limit }: { limit: number },
): Promise<MessagePreview[]> {
  const rows = await sql<PreviewRow>`
    select m.room_id, m.seq, m.thread_root, a.id, a.username, a.display_name, m.sent_at, m.body, s.saved_at as at
    from saved_messages s
      join memberships own on own.room_id = s.room_id and own.account_id = s.account_id
      join messages m on m.room_id = s.room_id and m.seq = s.seq
      join accounts a on a.id = m.sender_id
    where s.account_id = ${account} and (s.saved_at, s.room_id, s.seq) < (${at}::bigint, ${room}::text, ${seq}::bigint)
    order by s.saved_at desc, s.room_id desc, s.seq desc
    ${sql.limit(limit)}`;
  return rows.map(toPreview);
}

export const savedData: AccountData = {
  name: "saved",
  read: (sql, account) =>
    sql`select room_id as room, seq, saved_at as "savedAt" from saved_messages where account_id = ${account}`,
  erase: (tx, account) => tx`delete from saved_messages where account_id = ${account}`,
};
