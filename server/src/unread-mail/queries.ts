import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import type { QuietHours } from "@novax/protocol/quiet-hours";
import type { AccountData } from "../accounts/account-data.ts";
import type { Sql } from "../db/database.ts";
import { type QuietHoursRow, toQuietHours } from "../people/queries.ts";

const minuteMs = 60_000;
/** How many of a room's newest events are gone through, as for notifications. */
const eventsMax = 1000;

/** Notes that rooms have messages from `seq` on that may call for somebody, in the order given. */
export async function noteRooms(
  tx: Sql,
  rooms: readonly { room: RoomId; seq: number; hasMentions: boolean }[],
  now: number,
): Promise<void> {
  // Written also where there is a note: it is locked until this commits, so it is not taken without this message.
  await tx`
    insert into unread_mail_rooms (room_id, from_seq, at)
    select d.room_id, d.from_seq, ${now}
    from unnest(
      (select ${tx.array(
        rooms.map(({ room }) => room),
        "text",
      )}),
      (select ${tx.array(
        rooms.map(({ seq }) => seq),
        "bigint",
      )}),
      (select ${tx.array(
        rooms.map(({ hasMentions }) => (hasMentions ? 1 : 0)),
        "bigint",
      )})
    ) with ordinality as d (room_id, from_seq, has_mentions, index)
      cross join lateral (select kind from rooms where id = d.room_id limit 1) r
    where d.has_mentions = 1 or r.kind in ('direct', 'group')
    order by d.index
    on conflict (room_id) do update set from_seq = least(unread_mail_rooms.from_seq, excluded.from_seq)`;
}

/** Takes a room that was noted before a time, and its note. No other process takes the same one. */
export async function takeRoom(tx: Sql, before: number): Promise<{ room: RoomId; from: number } | null> {
  const [row] = await tx<{ room_id: RoomId; from_seq: number }>`
    delete from unread_mail_rooms where room_id = (
      -- In any order, so that one that fails each time is not always the first.
      select room_id from unread_mail_rooms where at <= ${before} order by random() limit 1 for update skip locked
    )
    returning room_id, from_seq`;
  return row ? { room: row.room_id, from: row.from_seq } : null;
}

/**
 * Notes the members of a room for whom something since `from` calls that they have not read: who has a confirmed address, wants
 * mail and is not noted yet. Begins with the mentions, which are few, and not with the members, who may be thousands.
 */
export async function notePeople(tx: Sql, { room, from }: { room: RoomId; from: number }): Promise<void> {
  await tx`
    with recent as materialized (
      select x.seq, x.sent_at, x.sender_id, x.mentions_all, r.kind in ('direct', 'group') as is_direct
      from rooms r join messages x on x.room_id = r.id
      where r.id = ${room} and x.seq >= greatest(${from}::bigint, r.head_seq - ${eventsMax}::bigint)
        and x.thread_root is null and x.deleted_at is null and not x.is_hidden
    ),
    -- The last one that is for everybody: who has read it has read those before.
    broad as (select * from recent where mentions_all or is_direct order by seq desc limit 1),
    calls as (
      select c.account_id, x.seq, x.sent_at, x.sender_id, true as is_mention
      from mentions c join recent x on x.seq = c.seq
      where c.room_id = ${room} and c.seq >= ${from}
      union all
      select m.account_id, b.seq, b.sent_at, b.sender_id, b.mentions_all from broad b, memberships m
      where m.room_id = ${room}
    )
    insert into unread_mail_people (account_id, due_at)
    select m.account_id, min(x.sent_at) + max(a.unread_mail_minutes)::bigint * ${minuteMs}::bigint
    from calls x
      join memberships m on m.room_id = ${room} and m.account_id = x.account_id
        and m.notify <> 'nothing' and not m.is_request and m.read_seq < x.seq and (x.is_mention or not m.is_muted)
      join accounts a on a.id = m.account_id and a.disabled_at is null and a.deleted_at is null
        and a.email_verified_at is not null and a.unread_mail_minutes is not null
    where x.sender_id <> m.account_id
      and not exists (select 1 from blocks k where k.blocker_id = m.account_id and k.blocked_id = x.sender_id)
    group by m.account_id
    on conflict do nothing`;
}

/** A person who is to be looked at. `seenAt` is when one of their sessions was last used; 0: never, or all have ended. */
export type DuePerson = {
  account: AccountId;
  username: string;
  email: string;
  language: Language;
  mailedAt: number | null;
  seenAt: number;
  quietHours: QuietHours | null;
  /** They want mail, and can get it now. */
  isWanted: boolean;
};

/** Takes one person whose time has come, and their note. No other process takes the same one. */
export async function takeDuePerson(tx: Sql, now: number): Promise<DuePerson | null> {
  const [due] = await tx<{ account_id: AccountId }>`
    delete from unread_mail_people where account_id = (
      select account_id from unread_mail_people where due_at <= ${now}
      order by due_at limit 1 for update skip locked
    )
    returning account_id`;
  if (!due) return null;
  const [row] = await tx<Omit<DuePerson, "account" | "quietHours"> & QuietHoursRow>`
    select username, email, language, unread_mailed_at as "mailedAt", quiet_hours_from, quiet_hours_to, quiet_hours_zone,
      unread_mail_minutes is not null and email_verified_at is not null and disabled_at is null and deleted_at is null
        and coalesce(quiet_until, 0) <= ${now}::bigint as "isWanted",
      coalesce((select max(last_seen_at) from sessions where account_id = accounts.id), 0) as "seenAt"
    from accounts where id = ${due.account_id}`;
  const { username, email, language, mailedAt, seenAt, isWanted } = row!;
  const { account_id: account } = due;
  return { account, username, email, language, mailedAt, seenAt, quietHours: toQuietHours(row!), isWanted };
}

export async function postponePerson(tx: Sql, account: AccountId, dueAt: number): Promise<void> {
  await tx`
    insert into unread_mail_people (account_id, due_at) values (${account}, ${dueAt}) on conflict do nothing`;
}

export async function setMailedAt(tx: Sql, account: AccountId, at: number): Promise<void> {
  await tx`update accounts set unread_mailed_at = ${at} where id = ${account}`;
}

export async function updateMinutes(sql: Sql, account: AccountId, minutes: number | null): Promise<void> {
  await sql`update accounts set unread_mail_minutes = ${minutes} where id = ${account}`;
}

export async function findUnreadMail(
  sql: Sql,
  account: AccountId,
): Promise<{ minutes: number | null; isVerified: boolean } | null> {
  const [row] = await sql<{ minutes: number | null; isVerified: boolean }>`
    select unread_mail_minutes as minutes, email_verified_at is not null as "isVerified"
    from accounts where id = ${account} and deleted_at is null`;
  return row ?? null;
}

/** What this module keeps of a person. */
export const unreadMailData: AccountData = {
  name: "unreadMail",
  read: async (sql, account) => {
    const [row] = await sql`
      select unread_mail_minutes as minutes, unread_mailed_at as "mailedAt" from accounts where id = ${account}`;
    return row;
  },
  erase: async (tx, account) => {
    await tx`update accounts set unread_mail_minutes = null, unread_mailed_at = null where id = ${account}`;
    await tx`delete from unread_mail_people where account_id = ${account}`;
  },
};
