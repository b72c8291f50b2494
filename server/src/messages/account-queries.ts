import type { MessageBody } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { textOf } from "@novax/protocol/text";
import type { Sql } from "../db/database.ts";

export type SentMessage = { room: RoomId; seq: number; sentAt: number; text: string };

/** A page of what somebody wrote, by room and place. */
export async function listSentMessages(
  sql: Sql,
  sender: AccountId,
  after: { room: string; seq: number },
  limit: number,
): Promise<SentMessage[]> {
  const rows = await sql<{ room_id: RoomId; seq: number; sent_at: number; body: MessageBody }>`
    select room_id, seq, sent_at, body from messages
    where sender_id = ${sender} and (room_id, seq) > (${after.room}, ${after.seq}::bigint)
    order by room_id, seq
    limit ${limit}`;
  return rows.map((row) => ({
    room: row.room_id,
    seq: row.seq,
    sentAt: row.sent_at,
    text: textOf(row.body),
  }));
}

/** Puts a mark in the place of everything somebody wrote. */
export async function eraseMessages(tx: Sql, sender: AccountId, mark: MessageBody): Promise<number> {
  const rows = await tx`
    update messages set body = ${JSON.stringify(mark)}::text::jsonb
    where sender_id = ${sender} and deleted_at is null returning 1`;
  await tx`
    delete from message_revisions r using messages m
    where m.room_id = r.room_id and m.seq = r.seq and m.sender_id = ${sender}`;
  await tx`update reports set body = ${JSON.stringify(mark)}::text::jsonb where sender_id = ${sender}`;
  return rows.length;
}

/** What a person kept for themselves, and what they wanted to be seen of them. */
export async function eraseBelongings(tx: Sql, account: AccountId): Promise<void> {
  await tx`delete from drafts where account_id = ${account}`;
  await tx`delete from saved_messages where account_id = ${account}`;
  await tx`delete from threads_followed where account_id = ${account}`;
  await tx`delete from scheduled_messages where account_id = ${account}`;
  await tx`delete from reminders where account_id = ${account}`;
  await tx`delete from alert_words where account_id = ${account}`;
  await tx`delete from mentions where account_id = ${account}`;
  await tx`delete from blocks where blocker_id = ${account} or blocked_id = ${account}`;
  await tx`delete from reports where reporter_id = ${account} and resolved_at is null`;
  await tx`
    update accounts set status_emoji = '', status_text = '', status_until = null, quiet_until = null where id = ${account}`;
}

/** What a person kept for themselves, for their export. */
export async function listBelongings(sql: Sql, account: AccountId): Promise<Record<string, unknown>> {
  const [row] = await sql<{ kept: Record<string, unknown> }>`
    select json_build_object(
      'drafts', (select coalesce(json_agg(json_build_object('room', room_id, 'text', text)), '[]')
        from drafts where account_id = ${account}),
      'saved', (select coalesce(json_agg(json_build_object('room', room_id, 'seq', seq, 'savedAt', saved_at)), '[]')
        from saved_messages where account_id = ${account}),
      'scheduled', (select coalesce(json_agg(json_build_object('room', room_id, 'text', text, 'dueAt', due_at)), '[]')
        from scheduled_messages where account_id = ${account}),
      'reminders', (select coalesce(json_agg(json_build_object('room', room_id, 'note', note, 'dueAt', due_at)), '[]')
        from reminders where account_id = ${account}),
      'keywords', (select coalesce(json_agg(word), '[]') from alert_words where account_id = ${account}),
      'reactions', (select coalesce(json_agg(json_build_object('room', room_id, 'seq', seq, 'emoji', emoji)), '[]')
        from reactions where account_id = ${account}),
      'votes', (select coalesce(json_agg(json_build_object('room', room_id, 'seq', seq, 'choice', choice)), '[]')
        from poll_votes where account_id = ${account}),
      'blocked', (select coalesce(json_agg(a.username), '[]')
        from blocks b join accounts a on a.id = b.blocked_id where b.blocker_id = ${account})
    ) as kept`;
  return row!.kept;
}
