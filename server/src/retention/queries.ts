import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";

const dayMs = 24 * 3_600_000;
/** After a change of the days: somebody may have typed 3 instead of 30. */
const graceMs = dayMs;

/** Rooms whose first message that is left is older than they keep it, some of them, without those in `except`. */
export async function listRoomsWithOld(
  sql: Sql,
  { now, except, limit }: { now: number; except: readonly RoomId[]; limit: number },
): Promise<RoomId[]> {
  const rows = await sql<{ id: RoomId }>`
    select r.id from rooms r cross join installation i
      cross join lateral (select least(nullif(r.keep_days, 0), nullif(i.keep_days, 0)) as days) kept
      cross join lateral (
        select m.sent_at from messages m where m.room_id = r.id and m.seq > r.kept_from_seq order by m.seq limit 1
      ) first
    where not r.is_held and greatest(r.keep_changed_at, i.keep_changed_at) < ${now - graceMs} and kept.days is not null and first.sent_at < ${now} - kept.days::bigint * ${dayMs}::bigint
      and r.id <> all(${sql.array(except, "text")})
    order by r.id ${sql.limit(limit)}`;
  return rows.map(({ id }) => id);
}

/**
 * Returns the oldest messages of a room that are older than it keeps them, at most `limit`: those that still have something in them,
 * those that were deleted before, with the messages that they answered, and up to which `seq` all are. Null: there are none, or the room is held.
 */
export async function findOld(
  tx: Sql,
  room: RoomId,
  { now, limit }: { now: number; limit: number },
): Promise<{ seqs: number[]; gone: number[]; rootsOfGone: number[]; upTo: number } | null> {
  const rows = await tx<{ seq: number; thread_root: number | null; is_gone: boolean; is_old: boolean }>`
    select m.seq, m.thread_root, m.deleted_at is not null as is_gone,
      m.sent_at < ${now} - kept.days::bigint * ${dayMs}::bigint as is_old
    from rooms r cross join installation i
      cross join lateral (select least(nullif(r.keep_days, 0), nullif(i.keep_days, 0)) as days) kept
      cross join lateral (
        select seq, sent_at, deleted_at, thread_root from messages
        where room_id = r.id and seq > r.kept_from_seq order by seq ${tx.limit(limit)}
      ) m
    where r.id = ${room} and not r.is_held and greatest(r.keep_changed_at, i.keep_changed_at) < ${now - graceMs}
      and kept.days is not null
    order by m.seq`;
  // Up to the first that stays: a clock that was set may have made an older one come later.
  const stays = rows.findIndex((row) => !row.is_old);
  const old = stays < 0 ? rows : rows.slice(0, stays);
  if (old.length === 0) return null;
  const gone = old.filter((row) => row.is_gone);
  return {
    seqs: old.filter((row) => !row.is_gone).map(({ seq }) => seq),
    gone: gone.map(({ seq }) => seq),
    rootsOfGone: gone.flatMap((row) => row.thread_root ?? []),
    upTo: old.at(-1)!.seq,
  };
}

/** Takes away the placeholders of deleted messages that have no replies left. Returns which there were, with their senders. */
export function hidePlaceholders(
  tx: Sql,
  room: RoomId,
  seqs: readonly number[],
): Promise<{ seq: number; id: AccountId; username: string; display_name: string }[]> {
  return tx`
    with hidden as (
      update messages set is_hidden = true
      where room_id = ${room} and seq = any(${tx.array(seqs, "bigint")}) and deleted_at is not null and not is_hidden
        and reply_count = 0
      returning seq, sender_id
    ), shown as (
      update room_events e set is_shown = false from hidden where e.room_id = ${room} and e.seq = hidden.seq
    )
    select hidden.seq, a.id, a.username, a.display_name from hidden join accounts a on a.id = hidden.sender_id`;
}

export async function setKeptFrom(tx: Sql, room: RoomId, seq: number): Promise<void> {
  await tx`update rooms set kept_from_seq = ${seq} where id = ${room}`;
}

/** Keeps all messages of a room, or no longer. Returns whether there is such a room. */
export async function setHeld(sql: Sql, room: RoomId, isHeld: boolean): Promise<boolean> {
  return (await sql`update rooms set is_held = ${isHeld} where id = ${room} returning 1`).length === 1;
}
