import type { MessageBody } from "@novax/protocol/entities";
import type { AccountId, RoomId, SessionId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import type { RoomKind, ServerRole } from "@novax/protocol/permissions";
import type { PushContent } from "@novax/protocol/push";
import type { QuietHours } from "@novax/protocol/quiet-hours";
import type { AccountData } from "../accounts/account-data.ts";
import type { Sql } from "../db/database.ts";
import { lockLimitsOf } from "../db/lock-queries.ts";
import type { AddedReaction } from "../messages/reaction-step.ts";
import { type QuietHoursRow, toQuietHours } from "../people/queries.ts";

/** How many of a room's newest events are gone through. What came before is no news where so much happens. */
const eventsMax = 1000;
/** A room whose job has not run for this long, in ms, gets another one. */
const pendingMaxMs = 10 * 60_000;
const reactionEveryMs = 60_000;

type StoredKeys = { publicKey: string; privateKey: Uint8Array };

export async function findPushKeys(sql: Sql): Promise<StoredKeys | null> {
  const [row] = await sql<{ public_key: string; private_key: Uint8Array }>`
    select public_key, private_key from push_keys`;
  return row ? { publicKey: row.public_key, privateKey: row.private_key } : null;
}

/** Does nothing if there are keys already. */
export async function insertPushKeys(sql: Sql, keys: StoredKeys): Promise<void> {
  await sql`
    insert into push_keys (public_key, private_key) values (${keys.publicKey}, ${keys.privateKey})
    on conflict do nothing`;
}

export async function deletePushKeys(sql: Sql): Promise<void> {
  await sql`delete from push_keys`;
}

type Subscription = { session: SessionId; account: AccountId; sealed: Uint8Array; content: PushContent };

/** Stores where a session's browser is reached, in place of what it or another session of the same browser had. */
export async function replaceSubscription(
  tx: Sql,
  { session, account, sealed, content }: Subscription,
  { endpointMac, now }: { endpointMac: Uint8Array; now: number },
): Promise<void> {
  // Two sessions of one browser may subscribe at once.
  await lockLimitsOf(tx, [account]);
  await tx`delete from push_subscriptions where endpoint_mac = ${endpointMac} and session_id <> ${session}`;
  await tx`
    insert into push_subscriptions (session_id, account_id, endpoint_mac, sealed, content, created_at)
    values (${session}, ${account}, ${endpointMac}, ${sealed}, ${content}, ${now})
    on conflict (session_id) do update set endpoint_mac = excluded.endpoint_mac, sealed = excluded.sealed,
      content = excluded.content, created_at = excluded.created_at`;
}

export async function findSubscription(sql: Sql, session: SessionId): Promise<Subscription | null> {
  const [row] = await sql<{ account_id: AccountId; sealed: Uint8Array; content: PushContent }>`
    select account_id, sealed, content from push_subscriptions where session_id = ${session}`;
  return row ? { session, account: row.account_id, sealed: row.sealed, content: row.content } : null;
}

export async function deleteSubscription(sql: Sql, session: SessionId): Promise<void> {
  await sql`delete from push_subscriptions where session_id = ${session}`;
}

/** Deletes a subscription unless the browser has replaced it meanwhile. */
export async function deleteGone(
  sql: Sql,
  { session, sealed }: { session: SessionId; sealed: Uint8Array },
): Promise<void> {
  await sql`delete from push_subscriptions where session_id = ${session} and sealed = ${sealed}`;
}

/** Whether any session that has not ended subscribed. */
export async function hasSubscriptions(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ found: boolean }>`
    select exists (
      select 1 from push_subscriptions d join sessions s on s.id = d.session_id where s.ended_at is null
    ) as found`;
  return row!.found;
}

/**
 * Notes that rooms have messages from `seq` on of which people are to be notified, in the order given. Returns those that had
 * no note before, or only one that a job was given up for.
 */
export async function beginPending(
  tx: Sql,
  rooms: readonly { room: RoomId; seq: number }[],
  now: number,
): Promise<RoomId[]> {
  const rows = await tx<{ room_id: RoomId }>`
    insert into push_pending (room_id, from_seq, at)
    select room_id, from_seq, ${now} from unnest(
      (select ${tx.array(
        rooms.map(({ room }) => room),
        "text",
      )}),
      (select ${tx.array(
        rooms.map(({ seq }) => seq),
        "bigint",
      )})
    ) as d (room_id, from_seq)
    on conflict (room_id) do update set at = excluded.at
      where push_pending.at < ${now - pendingMaxMs}::bigint
    returning room_id`;
  return rows.map((row) => row.room_id);
}

/** Takes the note away. Returns the first and the last message that it may be about. */
export async function takePending(tx: Sql, room: RoomId): Promise<{ from: number; to: number } | null> {
  const [pending] = await tx<{ from_seq: number }>`
    delete from push_pending where room_id = ${room} returning from_seq`;
  if (!pending) return null;
  // A statement of its own: the deletion waited for a sender who relied on the note, and sees the log as it was before that.
  const [row] = await tx<{ head_seq: number }>`select head_seq from rooms where id = ${room}`;
  return { from: pending.from_seq, to: row!.head_seq };
}

/** A browser to notify of a message, and what is needed for that. */
export type PushTarget = {
  session: SessionId;
  sealed: Uint8Array;
  content: PushContent;
  language: Language;
  usage: { server_role: ServerRole; created_at: number; last_seen_at: number };
  quietHours: QuietHours | null;
  seq: number;
  threadRoot: number | null;
  isMention: boolean;
  body: MessageBody;
  username: string;
  displayName: string;
  room: { name: string; kind: RoomKind };
};

/** All from `seq` on is null if there is no message for this browser. */
type TargetRow = {
  session_id: SessionId;
  sealed: Uint8Array;
  content: PushContent;
  language: Language;
  server_role: ServerRole;
  created_at: number;
  last_seen_at: number;
  name: string;
  kind: RoomKind;
  seq: number | null;
  thread_root: number | null;
  is_mention: boolean;
  body: MessageBody;
  username: string;
  display_name: string;
} & QuietHoursRow;

/**
 * Returns a page of the browsers of a room's members, in order of their sessions, after one of them, or `only` one: each with the
 * newest message that mentions its person, or else the newest one that they want to hear of, or with null. Sessions that
 * have ended, people with do not disturb, what was read and what blocked people wrote are left out. Without `to`, up to the
 * end of the log. Messages behind the last `eventsMax` events are no news.
 */
export async function listTargets(
  sql: Sql,
  { room, from, to = null }: { room: RoomId; from: number; to?: number | null },
  {
    after = null,
    only = null,
    limit,
    now,
  }: { after?: SessionId | null; only?: SessionId | null; limit: number; now: number },
): Promise<{ session: SessionId; target: PushTarget | null }[]> {
  const rows = await sql<TargetRow>`
    with page as materialized (
      select d.session_id, d.sealed, d.content, a.language, a.server_role, a.quiet_hours_from, a.quiet_hours_to,
        a.quiet_hours_zone, s.created_at, s.last_seen_at,
        a.notifies_of_threads, m.account_id, m.notify, m.is_muted, m.is_request, m.read_seq, r.name, r.kind,
        greatest(${from}::bigint, coalesce(${to}::bigint, r.head_seq) - ${eventsMax}::bigint) as from_seq,
        coalesce(${to}::bigint, r.head_seq) as to_seq
      from memberships m
        join rooms r on r.id = m.room_id
        join accounts a on a.id = m.account_id and a.disabled_at is null and a.deleted_at is null
        join push_subscriptions d on d.account_id = a.id
        join sessions s on s.id = d.session_id and s.ended_at is null
      where m.room_id = ${room} and m.notify <> 'nothing' and coalesce(a.quiet_until, 0) <= ${now}::bigint
        and (${after}::uuid is null or d.session_id > ${after}::uuid)
        and (${only}::uuid is null or d.session_id = ${only}::uuid)
      order by d.session_id
      ${sql.limit(limit)}
    )
    select p.*, n.seq, n.thread_root, n.is_mention, b.body, o.username, o.display_name
    from page p
      left join lateral (
        select x.seq, x.thread_root, x.sender_id, c.account_id is not null or x.mentions_all as is_mention
        from messages x
          left join mentions c on c.account_id = p.account_id and c.room_id = x.room_id and c.seq = x.seq
          left join threads_followed f on f.account_id = p.account_id and f.room_id = x.room_id
            and f.root_seq = x.thread_root and f.is_followed
        where x.room_id = ${room} and x.seq between p.from_seq and p.to_seq
          and x.sender_id <> p.account_id and x.deleted_at is null and not x.is_hidden
          and x.seq > case when x.thread_root is null then p.read_seq else coalesce(f.read_seq, 0) end
          and (c.account_id is not null or x.mentions_all
            or (not p.is_muted and case when x.thread_root is null
              then p.notify = 'all' or p.kind in ('direct', 'group') else f.account_id is not null and p.notifies_of_threads end))
          and not exists (select 1 from blocks k where k.blocker_id = p.account_id and k.blocked_id = x.sender_id)
          -- A stranger's request notifies once.
          and (not p.is_request or not exists (
            select 1 from messages e where e.room_id = x.room_id and e.seq < x.seq and e.sender_id <> p.account_id
          ))
        order by is_mention desc, x.seq desc
        limit 1
      ) n on true
      left join messages b on b.room_id = ${room} and b.seq = n.seq
      left join accounts o on o.id = n.sender_id
    order by p.session_id`;
  return rows.map((row) => ({
    session: row.session_id,
    target: row.seq === null ? null : toTarget({ ...row, seq: row.seq }),
  }));
}

export async function wantsReactions(sql: Sql, account: AccountId): Promise<boolean> {
  const [row] = await sql<{
    wants: boolean;
  }>`select notifies_of_reactions as wants from accounts where id = ${account}`;
  return row?.wants ?? false;
}

/**
 * Returns the browsers of a person to notify of a reaction to their message, and notes that it was done. None if they don't want that
 * in this room now, have seen it in their inbox, were notified of another reaction within `reactionEveryMs`, or if it is gone.
 */
export async function takeReactionTargets(
  sql: Sql,
  { room, seq, emoji, by, to }: AddedReaction,
  now: number,
): Promise<PushTarget[]> {
  const rows = await sql<TargetRow & { seq: number }>`
    with person as (
      update accounts a set reaction_notified_at = ${now}
      from reactions r
        join messages x on x.room_id = r.room_id and x.seq = r.seq and x.deleted_at is null
        join memberships m on m.room_id = r.room_id and m.account_id = r.to_id and m.notify <> 'nothing' and not m.is_muted
        join rooms o on o.id = r.room_id
        join accounts b on b.id = r.account_id
      where r.room_id = ${room} and r.seq = ${seq} and r.emoji = ${emoji} and r.account_id = ${by} and r.to_id = ${to}
        and a.id = r.to_id and a.notifies_of_reactions and a.disabled_at is null and a.deleted_at is null
        and coalesce(a.quiet_until, 0) <= ${now}::bigint and r.at > a.inbox_seen_at
        and a.reaction_notified_at <= ${now - reactionEveryMs}::bigint
        and not exists (select 1 from blocks k where k.blocker_id = a.id and k.blocked_id = b.id)
      returning a.id, a.language, a.server_role, a.quiet_hours_from, a.quiet_hours_to, a.quiet_hours_zone, o.name, o.kind,
        x.seq, x.thread_root, x.body, b.username, b.display_name
    )
    select p.*, false as is_mention, d.session_id, d.sealed, d.content, s.created_at, s.last_seen_at
    from person p
      join push_subscriptions d on d.account_id = p.id
      join sessions s on s.id = d.session_id and s.ended_at is null`;
  return rows.map(toTarget);
}

function toTarget(row: TargetRow & { seq: number }): PushTarget {
  const { server_role, created_at, last_seen_at } = row;
  return {
    session: row.session_id,
    sealed: row.sealed,
    content: row.content,
    language: row.language,
    usage: { server_role, created_at, last_seen_at },
    quietHours: toQuietHours(row),
    seq: row.seq,
    threadRoot: row.thread_root,
    isMention: row.is_mention,
    body: row.body,
    username: row.username,
    displayName: row.display_name,
    room: { name: row.name, kind: row.kind },
  };
}

export const pushData: AccountData = {
  name: "notifiedBrowsers",
  read: (sql, account) =>
    sql`select session_id as session, content, created_at as "createdAt" from push_subscriptions
      where account_id = ${account}`,
  erase: (tx, account) => tx`delete from push_subscriptions where account_id = ${account}`,
};
