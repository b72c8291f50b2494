import type { BasicMessage, MessageBody } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import type { MessageDraft } from "./room-writer.ts";

/** What became of the draft at `index`: written now, or known before. A draft without a row was refused. */
export type InsertedMessage = { index: number; seq: number; sentAt: number; isNew: boolean };

/**
 * Writes the drafts of current members, each with the next `seq`, in the order given.
 *
 * The room's row is locked first. The statement after it therefore sees every membership, session and message that was
 * committed before, on any process: nobody writes after their removal, and no `sendId` is written twice.
 */
export async function insertMessages(
  tx: Sql,
  room: RoomId,
  now: number,
  drafts: readonly MessageDraft[],
): Promise<InsertedMessage[]> {
  // Both are handed over at once: on one connection they run one after the other, and the second sees what the first
  // waited for.
  const locked = tx`select 1 from rooms where id = ${room} for update`;
  const inserted = tx<{ index: string; seq: string; sent_at: string; is_new: boolean }>`
    with draft as (
      select d.index, d.sender_id, d.send_id, d.body
      from unnest(
        ${tx.array(
          drafts.map((draft) => draft.sender.id),
          "uuid",
        )},
        ${tx.array(
          drafts.map((draft) => draft.sessionId),
          "uuid",
        )},
        ${tx.array(
          drafts.map((draft) => draft.sendId),
          "uuid",
        )},
        ${tx.array(
          drafts.map((draft) => JSON.stringify(draft.body)),
          "text",
        )}
      ) with ordinality as d (sender_id, session_id, send_id, body, index)
        join memberships m on m.room_id = ${room} and m.account_id = d.sender_id and m.role <> 'read_only'
        join sessions s on s.id = d.session_id and s.account_id = d.sender_id and s.ended_at is null
        join accounts a on a.id = d.sender_id and a.disabled_at is null
    ), known as (
      select d.index, m.seq, m.sent_at
      from draft d
        join messages m on m.room_id = ${room} and m.sender_id = d.sender_id and m.send_id = d.send_id
    ), fresh as (
      select d.*, row_number() over (order by d.index) as place
      from draft d
      where not exists (select 1 from known k where k.index = d.index)
    ), head as (
      update rooms set head_seq = head_seq + (select count(*) from fresh)
      where id = ${room}
      returning head_seq - (select count(*) from fresh) as before
    ), event as (
      insert into room_events (room_id, seq, type, actor_id, at)
      select ${room}, head.before + fresh.place, 'message.sent', fresh.sender_id, ${now}
      from fresh, head
    ), message as (
      insert into messages (room_id, seq, sender_id, send_id, sent_at, body)
      select ${room}, head.before + fresh.place, fresh.sender_id, fresh.send_id, ${now}, fresh.body::jsonb
      from fresh, head
    )
    select index, seq, sent_at, false as is_new from known
    union all
    select fresh.index, head.before + fresh.place, ${now}, true from fresh, head`;
  const [, rows] = await Promise.all([locked, inserted]);
  return rows.map((row) => ({
    index: Number(row.index) - 1,
    seq: Number(row.seq),
    sentAt: Number(row.sent_at),
    isNew: row.is_new,
  }));
}

/** A room's newest messages with `seq <= lastSeq` in the basic form, oldest first. The caller has checked the membership. */
export async function readNewestMessagesUpTo(
  sql: Sql,
  room: RoomId,
  lastSeq: number,
  limit: number,
): Promise<BasicMessage[]> {
  const rows = await sql<{ username: string; sent_at: string; body: MessageBody }>`
    select a.username, m.sent_at, m.body
    from messages m join accounts a on a.id = m.sender_id
    where m.room_id = ${room} and m.seq <= ${lastSeq}
    order by m.seq desc
    limit ${limit}`;
  return rows
    .reverse()
    .map((row) => ({ sender: row.username, text: row.body.text, timestamp: Number(row.sent_at) }));
}
