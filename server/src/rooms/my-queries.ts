import { draftKey } from "@novax/protocol/draft-key";
import type { JoinedRoom, NotificationLevel } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { draftsMax } from "@novax/protocol/limits";
import type { AccountData } from "../accounts/account-data.ts";
import type { Sql } from "../db/database.ts";

/**
 * Changes a member's preferences for a room. Undefined fields stay as they are. Returns the new preferences, or null if
 * the account is not a member.
 */
export async function updatePreferences(
  sql: Sql,
  changes: {
    room: RoomId;
    account: AccountId;
    isStarred?: boolean | undefined;
    isMuted?: boolean | undefined;
    notify?: NotificationLevel | undefined;
    isRequest?: false | undefined;
    isHidden?: boolean | undefined;
    now: number;
  },
): Promise<Pick<JoinedRoom, "isStarred" | "isMuted" | "notify" | "isRequest" | "hiddenAt"> | null> {
  const [row] = await sql<{
    is_favourite: boolean;
    is_muted: boolean;
    notify: NotificationLevel;
    is_request: boolean;
    hidden_at: number | null;
  }>`
    update memberships set
      is_favourite = coalesce(${changes.isStarred ?? null}::boolean, is_favourite),
      is_muted = coalesce(${changes.isMuted ?? null}::boolean, is_muted),
      notify = coalesce(${changes.notify ?? null}::text, notify),
      is_request = coalesce(${changes.isRequest ?? null}::boolean, is_request),
      hidden_at = case ${changes.isHidden ?? null}::boolean
        when true then greatest(${changes.now}, (select last_message_at from rooms where id = room_id))
        when false then null else hidden_at end
    where room_id = ${changes.room} and account_id = ${changes.account}
    returning is_favourite, is_muted, notify, is_request, hidden_at`;
  if (!row) return null;
  return {
    isStarred: row.is_favourite,
    isMuted: row.is_muted,
    notify: row.notify,
    isRequest: row.is_request,
    hiddenAt: row.hidden_at,
  };
}

/** Returns whether a membership is still a request that waits to be accepted. */
export async function isRequest(sql: Sql, room: RoomId, account: AccountId): Promise<boolean> {
  const rows = await sql`
    select 1 from memberships where room_id = ${room} and account_id = ${account} and is_request`;
  return rows.length > 0;
}

/** Stores a draft. An empty text deletes it. Of more than `draftsMax` the oldest go. */
export async function saveDraft(
  sql: Sql,
  draft: { room: RoomId; threadRoot: number | null; account: AccountId; text: string; at: number },
): Promise<void> {
  const { room, threadRoot, account, text, at } = draft;
  if (text === "") {
    await sql`
      delete from drafts where account_id = ${account} and room_id = ${room} and thread_root = ${threadRoot ?? 0}`;
    return;
  }
  await sql`
    insert into drafts (account_id, room_id, thread_root, text, at)
    values (${account}, ${room}, ${threadRoot ?? 0}, ${text}, ${at})
    on conflict (account_id, room_id, thread_root) do update set text = excluded.text, at = excluded.at`;
  await sql`
    delete from drafts where account_id = ${account} and (room_id, thread_root) in (
      select room_id, thread_root from drafts where account_id = ${account}
      order by at desc, room_id, thread_root offset ${draftsMax}
    )`;
}

export async function listDrafts(sql: Sql, account: AccountId): Promise<Record<string, string>> {
  const rows = await sql<{ room_id: RoomId; thread_root: number; text: string }>`
    select d.room_id, d.thread_root, d.text from drafts d
      join memberships m on m.room_id = d.room_id and m.account_id = d.account_id
    where d.account_id = ${account}`;
  return Object.fromEntries(rows.map((row) => [draftKey(row.room_id, row.thread_root || null), row.text]));
}

/**
 * Moves a member's read mark forward to `seq` or, with `isBack`, back to it. `seen_seq`, which read receipts show,
 * never moves back. Returns false if the mark did not move.
 */
export async function moveReadMark(
  sql: Sql,
  { room, account, seq, isBack }: { room: RoomId; account: AccountId; seq: number; isBack: boolean },
): Promise<boolean> {
  const rows = await sql`
    update memberships m
    set read_seq = least(${seq}::bigint, r.head_seq), seen_seq = greatest(m.seen_seq, least(${seq}::bigint, r.head_seq))
    from rooms r
    where m.room_id = ${room} and m.account_id = ${account} and r.id = m.room_id
      and case when ${isBack}::boolean then m.read_seq > ${seq}::bigint
        else m.read_seq < least(${seq}::bigint, r.head_seq) end
    returning 1`;
  return rows.length > 0;
}

/** Returns the `seq` of the first message by others after the read mark, or null. */
export async function findOldestUnread(
  sql: Sql,
  { room, account, readSeq }: { room: RoomId; account: AccountId; readSeq: number },
): Promise<number | null> {
  const [row] = await sql<{ seq: number }>`
    select seq from messages
    where room_id = ${room} and seq > ${readSeq} and thread_root is null and deleted_at is null and sender_id <> ${account}
    order by seq limit 1`;
  return row ? row.seq : null;
}

export const draftData: AccountData = {
  name: "drafts",
  read: (sql, account) => sql`
    select room_id as room, nullif(thread_root, 0) as "threadRoot", text from drafts where account_id = ${account}`,
  erase: (tx, account) => tx`delete from drafts where account_id = ${account}`,
};
