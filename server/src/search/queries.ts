import type { MessageBody } from "@novax/protocol/entities";
import type { RoomChanges } from "@novax/protocol/events";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import type { Searchable } from "./document.ts";
import type { IndexPosition } from "./index-database.ts";

/** How many rooms there are, how many events in all of them, and how many people's messages lost their texts. */
export type LogSize = { rooms: number; events: number; erased: number };

export async function readLogSize(sql: Sql): Promise<LogSize> {
  const [row] = await sql<LogSize>`
    select count(*) as rooms, coalesce(sum(head_seq), 0)::bigint as events,
      (select count(*) from erased_accounts) as erased
    from rooms`;
  return row!;
}

/** The end of every room's log. */
export async function listHeads(sql: Sql): Promise<{ room: RoomId; headSeq: number }[]> {
  const rows = await sql<{ id: RoomId; head_seq: number }>`select id, head_seq from rooms`;
  return rows.map((row) => ({ room: row.id, headSeq: row.head_seq }));
}

export async function listErased(sql: Sql): Promise<AccountId[]> {
  const rows = await sql<{ account_id: AccountId }>`select account_id from erased_accounts`;
  return rows.map((row) => row.account_id);
}

/**
 * Reads what happened in rooms after these positions: the messages that were sent or changed, as they are now, and where each
 * room's log was read to, at most `perRoom` events. Returns the JSON of `BatchRows` as a text, because only another
 * thread takes it apart.
 */
export async function readChanges(
  sql: Sql,
  positions: readonly Pick<IndexPosition, "room" | "seq">[],
  { perRoom }: { perRoom: number },
): Promise<string> {
  const [row] = await sql<{ batch: string }>`
    with news as materialized (
      select p.room as room_id, p.seq as from_seq, e.seq, e.type, e.at, e.target_seq
      from unnest(
        ${sql.array(
          positions.map(({ room }) => room),
          "text",
        )}, ${sql.array(
          positions.map(({ seq }) => seq),
          "bigint",
        )}
      ) as p (room, seq) cross join lateral (
        select seq, type, at, target_seq from room_events
        where room_id = p.room and seq > p.seq order by seq ${sql.limit(perRoom)}
      ) e
    ), touched as (
      select room_id, seq from news where type in ('message.sent', 'room.changed')
      union
      select room_id, target_seq from news
      where type in ('message.edited', 'message.deleted', 'message.pinned', 'message.unpinned')
      union
      -- With its first answer a message begins a thread.
      select m.room_id, m.thread_root from news n join messages m on m.room_id = n.room_id and m.seq = n.seq
      where n.type = 'message.sent' and m.thread_root is not null
    )
    select json_build_object(
      'ends', (
        select json_agg(json_build_array(x.room_id, x.seq, x.at, x.from_seq, b.at))
        from (select distinct on (room_id) room_id, from_seq, seq, at from news order by room_id, seq desc) x
          left join room_events b on b.room_id = x.room_id and b.seq = x.from_seq
      ),
      'rows', (
        select json_agg(json_build_array(e.room_id, e.seq, e.actor_id, e.at,
          case when m.deleted_at is null and x.account_id is null then m.body end,
          case when e.type = 'room.changed' then e.payload->'changes' end,
          coalesce(m.thread_root is not null or m.reply_count > 0, false), m.pinned_at is not null))
        from touched t
          join room_events e on e.room_id = t.room_id and e.seq = t.seq
          left join messages m on m.room_id = t.room_id and m.seq = t.seq
          left join erased_accounts x on x.account_id = e.actor_id
      )
    )::text as batch`;
  return row!.batch;
}

/** The rooms that a person is in, and whom they blocked. */
export async function readScope(
  sql: Sql,
  account: AccountId,
): Promise<{ rooms: RoomId[]; blocked: AccountId[] }> {
  const rows = await sql<{ room_id: RoomId | null; blocked_id: AccountId | null }>`
    select room_id, null::uuid as blocked_id from memberships where account_id = ${account}
    union all
    select null, blocked_id from blocks where blocker_id = ${account}`;
  return {
    rooms: rows.flatMap((row) => row.room_id ?? []),
    blocked: rows.flatMap((row) => row.blocked_id ?? []),
  };
}

/** The rooms that a person is in, by what they can be called: the name, or in direct rooms the usernames of the others. */
export async function listRoomNames(
  sql: Sql,
  account: AccountId,
): Promise<{ room: RoomId; name: string; others: string[] | null }[]> {
  const rows = await sql<{ id: RoomId; name: string; others: string[] | null }>`
    select r.id, r.name, case when r.kind in ('direct', 'group') then (
      select coalesce(json_agg(a.username_key), '[]') from memberships o join accounts a on a.id = o.account_id
      where o.room_id = r.id and o.account_id <> ${account}
    ) end as others
    from memberships m join rooms r on r.id = m.room_id
    where m.account_id = ${account}`;
  return rows.map(({ id, name, others }) => ({ room: id, name, others }));
}

/** Returns the accounts with these usernames (in lower case) that the viewer can know of, also those that are closed. */
export async function findAuthors(
  sql: Sql,
  viewer: { id: AccountId },
  names: readonly string[],
): Promise<Map<string, AccountId>> {
  const rows = await sql<{ id: AccountId; username_key: string }>`
    select a.id, a.username_key
    from accounts a join accounts w on w.id = ${viewer.id}
    where a.username_key = any(${sql.array(names, "text")}) and not a.awaits_approval
      and (w.server_role <> 'guest' or a.id = w.id or exists (
        select 1 from memberships x join memberships y on y.room_id = x.room_id
        where x.account_id = w.id and y.account_id = a.id
      ))`;
  return new Map(rows.map((row) => [row.username_key, row.id]));
}

/** The messages that a person saved, the last saved first, at most `limit`. */
export async function listSavedIds(
  sql: Sql,
  account: AccountId,
  limit: number,
): Promise<(readonly [RoomId, number])[]> {
  const rows = await sql<{ room_id: RoomId; seq: number }>`
    select room_id, seq from saved_messages where account_id = ${account} order by saved_at desc ${sql.limit(limit)}`;
  return rows.map((row) => [row.room_id, row.seq] as const);
}

/** A message that was found, as it is now, with its sender. */
export type HitRow = Searchable & {
  threadRoot: number | null;
  isSaved: boolean;
  username: string;
  displayName: string;
};

/**
 * Reads messages that the index found, as they are now. Left out are those in rooms that the person is not in at this moment,
 * those that are deleted or hidden, and those of people whom they blocked.
 */
export async function readHits(
  sql: Sql,
  account: AccountId,
  hits: readonly { room: RoomId; seq: number }[],
): Promise<HitRow[]> {
  const rows = await sql<{
    room_id: RoomId;
    seq: number;
    at: number;
    actor_id: AccountId;
    username: string;
    display_name: string;
    body: MessageBody | null;
    changes: RoomChanges | null;
    thread_root: number | null;
    is_thread: boolean;
    is_pinned: boolean;
    is_saved: boolean;
  }>`
    select e.room_id, e.seq, e.at, e.actor_id, a.username, a.display_name, m.body, m.thread_root,
      case when e.type = 'room.changed' then e.payload->'changes' end as changes,
      coalesce(m.thread_root is not null or m.reply_count > 0, false) as is_thread,
      m.pinned_at is not null as is_pinned,
      exists (
        select 1 from saved_messages s where s.account_id = ${account} and s.room_id = e.room_id and s.seq = e.seq
      ) as is_saved
    from unnest(
      ${sql.array(
        hits.map(({ room }) => room),
        "text",
      )}, ${sql.array(
        hits.map(({ seq }) => seq),
        "bigint",
      )}
    ) as p (room, seq)
      join memberships own on own.room_id = p.room and own.account_id = ${account}
      join room_events e on e.room_id = p.room and e.seq = p.seq
      join accounts a on a.id = e.actor_id
      left join messages m on m.room_id = e.room_id and m.seq = e.seq
    where (e.type = 'room.changed' or (m.deleted_at is null and not m.is_hidden))
      and not exists (select 1 from blocks b where b.blocker_id = ${account} and b.blocked_id = e.actor_id)`;
  return rows.map((row) => ({
    room: row.room_id,
    seq: row.seq,
    sender: row.actor_id,
    sentAt: row.at,
    body: row.body,
    changes: row.changes,
    isThread: row.is_thread,
    isPinned: row.is_pinned,
    isSaved: row.is_saved,
    threadRoot: row.thread_root,
    username: row.username,
    displayName: row.display_name,
  }));
}
