import type { MessageBody } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { fullTextOf } from "@novax/protocol/text";
import type { Sql } from "../db/database.ts";

export type SentMessage = {
  room: RoomId;
  seq: number;
  sentAt: number;
  text: string;
  editedAt: number | null;
  threadRoot: number | null;
  /** Of a poll. */
  choices?: readonly string[];
};

/** Returns a page of a person's messages, ordered by room and `seq`. */
export async function listSentMessages(
  sql: Sql,
  sender: AccountId,
  after: { room: string; seq: number },
  { limit }: { limit: number },
): Promise<SentMessage[]> {
  const rows = await sql<{
    room_id: RoomId;
    seq: number;
    sent_at: number;
    body: MessageBody;
    edited_at: number | null;
    thread_root: number | null;
  }>`
    select room_id, seq, sent_at, body, edited_at, thread_root from messages
    where sender_id = ${sender} and (room_id, seq) > (${after.room}, ${after.seq}::bigint)
    order by room_id, seq
    ${sql.limit(limit)}`;
  return rows.map((row) => ({
    room: row.room_id,
    seq: row.seq,
    sentAt: row.sent_at,
    text: fullTextOf(row.body),
    editedAt: row.edited_at,
    threadRoot: row.thread_root,
    ...(row.body.kind === "poll" ? { choices: row.body.choices } : {}),
  }));
}

/**
 * Replaces all messages a person sent with `mark`, deletes their files and earlier texts, and replaces the copies in reports.
 * Returns how many messages were replaced.
 */
export async function eraseMessages(tx: Sql, sender: AccountId, mark: MessageBody): Promise<number> {
  const rows = await tx`
    update messages set body = ${JSON.stringify(mark)}::text::jsonb
    where sender_id = ${sender} and deleted_at is null returning 1`;
  await tx`insert into erased_accounts (account_id) values (${sender}) on conflict do nothing`;
  await tx`
    delete from message_revisions r using messages m
    where m.room_id = r.room_id and m.seq = r.seq and m.sender_id = ${sender}`;
  await tx`delete from files where owner_id = ${sender} and seq is not null`;
  await tx`update reports set body = ${JSON.stringify(mark)}::text::jsonb where sender_id = ${sender}`;
  return rows.length;
}
