import type { LinkPreview, MessageBody } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";

/** How many earlier texts of a message are kept. */
const revisionsMax = 50;

/** Replaces a message's body and keeps the old one, without its files and previews, as a revision. Only the last `revisionsMax` are kept. */
export async function replaceBody(
  tx: Sql,
  { room, seq, body, at }: { room: RoomId; seq: number; body: MessageBody; at: number },
): Promise<void> {
  const keepOld = tx`
    insert into message_revisions (room_id, seq, revision, body, at)
    select m.room_id, m.seq,
      (select coalesce(max(revision), 0) + 1 from message_revisions r where r.room_id = m.room_id and r.seq = m.seq),
      m.body - 'files' - 'previews',
      coalesce(m.edited_at, m.sent_at)
    from messages m where m.room_id = ${room} and m.seq = ${seq}`;
  const forgetOldest = tx`
    delete from message_revisions
    where room_id = ${room} and seq = ${seq} and revision <= (
      select max(revision) - ${revisionsMax} from message_revisions where room_id = ${room} and seq = ${seq}
    )`;
  const replace = tx`
    update messages set body = ${JSON.stringify(body)}::text::jsonb, edited_at = ${at}
    where room_id = ${room} and seq = ${seq}`;
  await Promise.all([keepOld, forgetOldest, replace]);
}

/**
 * Gives a message other previews, which is no edit. Does nothing and returns false if its text is another one by now: an account that
 * is erased changes texts without locking their rooms.
 */
export async function setPreviews(
  tx: Sql,
  {
    room,
    seq,
    text,
    previews,
  }: { room: RoomId; seq: number; text: string; previews: readonly LinkPreview[] },
): Promise<boolean> {
  const rows = await tx`
    update messages set body = (body - 'previews') || ${JSON.stringify(previews.length > 0 ? { previews } : {})}::text::jsonb
    where room_id = ${room} and seq = ${seq} and body->>'kind' = 'text' and body->>'text' = ${text}
    returning 1`;
  return rows.length > 0;
}

/** Returns a message's earlier bodies, oldest first, followed by the current one. */
export async function listRevisions(
  sql: Sql,
  room: RoomId,
  seq: number,
): Promise<{ body: MessageBody; at: number }[]> {
  const rows = await sql<{ body: MessageBody; at: number }>`
    select body, at, revision from message_revisions where room_id = ${room} and seq = ${seq}
    union all
    select body, coalesce(edited_at, sent_at), 2147483647 from messages
    where room_id = ${room} and seq = ${seq} and deleted_at is null
    order by revision`;
  return rows.map((row) => ({ body: row.body, at: row.at }));
}

/**
 * Deletes a message's content: body, files, revisions, reactions, votes, mentions and entries in lists of saved messages. With
 * `isHidden` not even a placeholder stays. Returns how many replies are left in the thread it was in, or 0, and whom it had
 * mentioned.
 */
export async function emptyMessage(
  tx: Sql,
  { room, seq, isHidden, at }: { room: RoomId; seq: number; isHidden: boolean; at: number },
): Promise<{ replies: number; mentioned: AccountId[] }> {
  const mentioned = tx<{ account_id: AccountId }>`
    delete from mentions where room_id = ${room} and seq = ${seq} returning account_id`;
  const ofMessage = [
    tx`delete from message_revisions where room_id = ${room} and seq = ${seq}`,
    tx`delete from files where room_id = ${room} and seq = ${seq}`,
    tx`delete from reactions where room_id = ${room} and seq = ${seq}`,
    tx`
      with voted as (
        delete from poll_votes where room_id = ${room} and seq = ${seq} returning 1
      )
      update room_events set payload = payload - 'choices'
      where (select count(*) from voted) > 0
        and room_id = ${room} and seq > ${seq} and target_seq = ${seq} and type = 'poll.changed'`,
    tx`delete from saved_messages where room_id = ${room} and seq = ${seq}`,
  ];
  const emptied = tx<{ reply_count: number }>`
    with emptied as (
      update messages
      set body = '{"kind": "deleted"}', deleted_at = ${at}, is_hidden = ${isHidden}, pinned_at = null, mentions_all = false, edited_at = null
      where room_id = ${room} and seq = ${seq}
      returning thread_root
    )
    update messages set reply_count = reply_count - 1,
      last_repliers = case when reply_count = 1 then '{}' else last_repliers end
    from emptied
    where room_id = ${room} and seq = emptied.thread_root
    returning reply_count`;
  if (isHidden)
    ofMessage.push(tx`update room_events set is_shown = false where room_id = ${room} and seq = ${seq}`);
  const [[root], accounts] = await Promise.all([emptied, mentioned, ...ofMessage]);
  return { replies: root?.reply_count ?? 0, mentioned: accounts.map((row) => row.account_id) };
}

/** Pins a message, or with `at` null unpins it. Returns who had pinned it; null if nobody had. */
export async function setPinned(
  tx: Sql,
  room: RoomId,
  seq: number,
  { by, at }: { by: AccountId; at: number | null },
): Promise<AccountId | null> {
  const [row] = await tx<{ before: AccountId | null }>`
    update messages m
    set pinned_at = ${at}::bigint, pinned_by = case when ${at}::bigint is null then null else ${by}::uuid end
    from messages old
    where m.room_id = ${room} and m.seq = ${seq} and old.room_id = m.room_id and old.seq = m.seq
    returning old.pinned_by as before`;
  return row?.before ?? null;
}

export async function countPins(tx: Sql, room: RoomId): Promise<number> {
  const [row] = await tx<{ pins: number }>`
    select count(*) as pins from messages where room_id = ${room} and pinned_at is not null`;
  return row!.pins;
}
