import type { MessageBody, Person } from "@novax/protocol/entities";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import { toPerson } from "@novax/protocol/person";
import { excerptOf } from "@novax/protocol/text";
import type { Sql } from "../db/database.ts";

/** A message in a list across rooms. */
export type MessagePreview = {
  room: RoomId;
  seq: number;
  threadRoot: number | null;
  sender: Person;
  sentAt: number;
  excerpt: string | null;
  /** When it came into the list. */
  at: number;
};

type PreviewRow = {
  room_id: RoomId;
  seq: number;
  thread_root: number | null;
  id: AccountId;
  username: string;
  display_name: string;
  sent_at: number;
  body: MessageBody;
  at: number;
};

/** Messages that call a person, in rooms they are in now, the newest first, before a time. */
export async function listMentions(
  sql: Sql,
  account: AccountId,
  before: number,
  limit: number,
): Promise<MessagePreview[]> {
  const rows = await sql<PreviewRow>`
    select f.room_id, f.seq, f.thread_root, a.id, a.username, a.display_name, f.sent_at, f.body, f.listed_at as at
    from (
      (select m.*, x.at as listed_at from mentions x
        join memberships own on own.room_id = x.room_id and own.account_id = x.account_id
        join messages m on m.room_id = x.room_id and m.seq = x.seq
      where x.account_id = ${account} and x.at < ${before}
      order by x.at desc limit ${limit})
      union
      (select m.*, m.sent_at as listed_at from memberships own
        cross join lateral (
          select * from messages
          where room_id = own.room_id and mentions_all and sender_id <> own.account_id and sent_at < ${before}
            and not exists (select 1 from blocks b where b.blocker_id = own.account_id and b.blocked_id = sender_id)
          order by sent_at desc limit ${limit}
        ) m
      where own.account_id = ${account}
      order by m.sent_at desc limit ${limit})
    ) f join accounts a on a.id = f.sender_id
    order by f.listed_at desc, f.room_id, f.seq desc
    limit ${limit}`;
  return rows.map(toPreview);
}

export async function insertSaved(
  sql: Sql,
  account: AccountId,
  room: RoomId,
  seq: number,
  at: number,
): Promise<void> {
  await sql`
    insert into saved_messages (account_id, room_id, seq, saved_at) values (${account}, ${room}, ${seq}, ${at})
    on conflict do nothing`;
}

export async function deleteSaved(sql: Sql, account: AccountId, room: RoomId, seq: number): Promise<void> {
  await sql`delete from saved_messages where account_id = ${account} and room_id = ${room} and seq = ${seq}`;
}

/** What a person saved, of rooms they are in now, what was saved last first. */
export async function listSaved(
  sql: Sql,
  account: AccountId,
  before: number,
  limit: number,
): Promise<MessagePreview[]> {
  const rows = await sql<PreviewRow>`
    select m.room_id, m.seq, m.thread_root, a.id, a.username, a.display_name, m.sent_at, m.body, s.saved_at as at
    from saved_messages s
      join memberships own on own.room_id = s.room_id and own.account_id = s.account_id
      join messages m on m.room_id = s.room_id and m.seq = s.seq
      join accounts a on a.id = m.sender_id
    where s.account_id = ${account} and s.saved_at < ${before}
    order by s.saved_at desc
    limit ${limit}`;
  return rows.map(toPreview);
}

/** More people than this find the news of a thread when they look. */
const followersNotifiedMax = 500;

/** A thread that a person follows. */
export type FollowedThread = MessagePreview & { count: number; lastAt: number; unread: number };

/** The threads that a person follows, in rooms they are in now, the one with the newest answer first. */
export async function listFollowedThreads(
  sql: Sql,
  account: AccountId,
  before: number,
  limit: number,
): Promise<FollowedThread[]> {
  const rows = await sql<PreviewRow & { reply_count: number; unread: number }>`
    select m.room_id, m.seq, m.thread_root, a.id, a.username, a.display_name, m.sent_at, m.body, m.last_reply_at as at,
      m.reply_count,
      (select count(*) from (
        select 1 from messages r
        where r.room_id = m.room_id and r.thread_root = m.seq and r.seq > f.read_seq and r.deleted_at is null
          and r.sender_id <> f.account_id
          and not exists (select 1 from blocks b where b.blocker_id = f.account_id and b.blocked_id = r.sender_id)
        limit 100
      ) counted) as unread
    from threads_followed f
      join memberships own on own.room_id = f.room_id and own.account_id = f.account_id
      join messages m on m.room_id = f.room_id and m.seq = f.root_seq
      join accounts a on a.id = m.sender_id
    where f.account_id = ${account} and f.is_followed and m.reply_count > 0 and m.last_reply_at < ${before}
    order by m.last_reply_at desc
    limit ${limit}`;
  return rows.map((row) => ({
    ...toPreview(row),
    count: row.reply_count,
    lastAt: row.at,
    unread: row.unread,
  }));
}

/** Whether a person follows a thread, and how far they have read it. */
export async function findFollowed(
  sql: Sql,
  account: AccountId,
  room: RoomId,
  root: number,
): Promise<{ isFollowed: boolean; readSeq: number }> {
  const [row] = await sql<{ is_followed: boolean; read_seq: number }>`
    select is_followed, read_seq from threads_followed
    where account_id = ${account} and room_id = ${room} and root_seq = ${root}`;
  return { isFollowed: row?.is_followed ?? false, readSeq: row?.read_seq ?? 0 };
}

/** What was said before somebody begins to follow, up to `headSeq`, is not new to them. */
export async function setFollowed(
  sql: Sql,
  account: AccountId,
  room: RoomId,
  root: number,
  isFollowed: boolean,
  headSeq: number,
): Promise<void> {
  await sql`
    insert into threads_followed as old (account_id, room_id, root_seq, is_followed, read_seq)
    values (${account}, ${room}, ${root}, ${isFollowed}, ${headSeq})
    on conflict (account_id, room_id, root_seq) do update
      set is_followed = excluded.is_followed,
        read_seq = case when old.is_followed then old.read_seq else excluded.read_seq end`;
}

/**
 * How many of the threads that a person follows, in rooms they are in now, have answers they have not read, and how
 * many of the answers call them: in rooms that may.
 */
export async function countUnreadThreads(
  sql: Sql,
  account: AccountId,
): Promise<{ unreadThreads: number; threadMentions: number }> {
  const [row] = await sql<{ threads: number; mentions: number }>`
    select count(*) filter (where is_unread)::int as threads, coalesce(sum(mentions), 0)::int as mentions
    from (
      select exists (
        select 1 from messages r
        where r.room_id = f.room_id and r.thread_root = f.root_seq and r.seq > f.read_seq and r.deleted_at is null
          and r.sender_id <> f.account_id
          and not exists (select 1 from blocks b where b.blocker_id = f.account_id and b.blocked_id = r.sender_id)
      ) as is_unread, (
        select count(*) from mentions x
        where x.account_id = f.account_id and x.room_id = f.room_id and x.thread_root = f.root_seq and x.seq > f.read_seq
          and own.notify <> 'nothing'
      ) as mentions
      from threads_followed f
        join memberships own on own.room_id = f.room_id and own.account_id = f.account_id
      where f.account_id = ${account} and f.is_followed
    ) counted`;
  return { unreadThreads: row!.threads, threadMentions: row!.mentions };
}

/** Raises how far a thread was read; nothing where it is not followed. True when it rose. */
export async function raiseThreadMark(
  sql: Sql,
  account: AccountId,
  room: RoomId,
  root: number,
  upTo: number,
): Promise<boolean> {
  const rows = await sql`
    update threads_followed set read_seq = ${upTo}
    where account_id = ${account} and room_id = ${room} and root_seq = ${root} and read_seq < ${upTo}
    returning 1`;
  return rows.length > 0;
}

/** Who follows threads, of the members of the room. */
export async function listFollowers(sql: Sql, room: RoomId, roots: readonly number[]): Promise<AccountId[]> {
  const rows = await sql<{ account_id: AccountId }>`
    select distinct f.account_id
    from threads_followed f join memberships m on m.room_id = f.room_id and m.account_id = f.account_id
    where f.room_id = ${room} and f.root_seq = any(${sql.array(roots, "bigint")}) and f.is_followed
    limit ${followersNotifiedMax}`;
  return rows.map((row) => row.account_id);
}

/** Members who have read as far as this message and let others know it, by name. */
export async function listReaders(
  sql: Sql,
  room: RoomId,
  seq: number,
  except: AccountId,
  limit: number,
): Promise<Person[]> {
  const rows = await sql<{ id: AccountId; username: string; display_name: string }>`
    select a.id, a.username, a.display_name
    from memberships m join accounts a on a.id = m.account_id
    where m.room_id = ${room} and m.seen_seq >= ${seq} and a.shares_reading and a.id <> ${except}
    order by a.username_key
    limit ${limit}`;
  return rows.map((row) => toPerson(row.id, row.username, row.display_name));
}

/** A message that waits for its time. */
export type ScheduledMessage = {
  sendId: SendId;
  room: RoomId;
  threadRoot: number | null;
  text: string;
  dueAt: number;
  refused: string | null;
};

type ScheduledRow = {
  id: SendId;
  room_id: RoomId;
  thread_root: number | null;
  text: string;
  due_at: number;
  refused: string | null;
};

export async function insertScheduled(
  tx: Sql,
  account: AccountId,
  message: ScheduledMessage,
  jobId: string,
): Promise<boolean> {
  const rows = await tx`
    insert into scheduled_messages (id, account_id, room_id, thread_root, text, due_at, job_id)
    values (${message.sendId}, ${account}, ${message.room}, ${message.threadRoot}::bigint, ${message.text},
      ${message.dueAt}, ${jobId})
    on conflict do nothing returning 1`;
  return rows.length > 0;
}

/** Takes a scheduled message away. Returns the job that would have sent it, or null. */
export async function deleteScheduled(sql: Sql, account: AccountId, sendId: SendId): Promise<string | null> {
  const [row] = await sql<{ job_id: string }>`
    delete from scheduled_messages where account_id = ${account} and id = ${sendId} returning job_id`;
  return row?.job_id ?? null;
}

export async function refuseScheduled(sql: Sql, sendId: SendId, reason: string): Promise<void> {
  await sql`update scheduled_messages set refused = ${reason} where id = ${sendId}`;
}

export async function findScheduled(
  sql: Sql,
  sendId: SendId,
): Promise<(ScheduledMessage & { author: Person; language: Language }) | null> {
  const [row] = await sql<
    ScheduledRow & { account_id: AccountId; username: string; display_name: string; language: Language }
  >`
    select s.id, s.room_id, s.thread_root, s.text, s.due_at, s.refused, s.account_id, a.username, a.display_name,
      a.language
    from scheduled_messages s join accounts a on a.id = s.account_id
    where s.id = ${sendId} and a.disabled_at is null and a.deleted_at is null`;
  if (!row) return null;
  const author = toPerson(row.account_id, row.username, row.display_name);
  return { ...toScheduled(row), author, language: row.language };
}

export async function listScheduled(
  sql: Sql,
  account: AccountId,
  limit: number,
): Promise<ScheduledMessage[]> {
  const rows = await sql<ScheduledRow>`
    select id, room_id, thread_root, text, due_at, refused from scheduled_messages
    where account_id = ${account} order by due_at limit ${limit}`;
  return rows.map(toScheduled);
}

export type Reminder = {
  id: string;
  room: RoomId;
  seq: number | null;
  note: string;
  dueAt: number;
  isDue: boolean;
};

type ReminderRow = {
  id: string;
  room_id: RoomId;
  seq: number | null;
  note: string;
  due_at: number;
  told_at: number | null;
};

export async function insertReminder(
  tx: Sql,
  account: AccountId,
  reminder: Omit<Reminder, "isDue">,
  jobId: string,
): Promise<void> {
  const { id, room, seq, note, dueAt } = reminder;
  await tx`
    insert into reminders (id, account_id, room_id, seq, note, due_at, job_id)
    values (${id}, ${account}, ${room}, ${seq}::bigint, ${note}, ${dueAt}, ${jobId})`;
}

/** Takes a reminder away. Returns the job that would have told it, or null. */
export async function deleteReminder(sql: Sql, account: AccountId, id: string): Promise<string | null> {
  const [row] = await sql<{ job_id: string }>`
    delete from reminders where account_id = ${account} and id = ${id} returning job_id`;
  return row?.job_id ?? null;
}

/** Marks a reminder as told; null where it was told before, or taken back. */
export async function takeDueReminder(
  tx: Sql,
  id: string,
  now: number,
): Promise<(Reminder & { account: AccountId }) | null> {
  const [row] = await tx<ReminderRow & { account_id: AccountId }>`
    update reminders set told_at = ${now} where id = ${id} and told_at is null
    returning id, account_id, room_id, seq, note, due_at, told_at`;
  return row ? { ...toReminder(row), account: row.account_id } : null;
}

export async function listReminders(sql: Sql, account: AccountId, limit: number): Promise<Reminder[]> {
  const rows = await sql<ReminderRow>`
    select id, room_id, seq, note, due_at, told_at from reminders
    where account_id = ${account} order by due_at limit ${limit}`;
  return rows.map(toReminder);
}

/** How many reminders were told and not cleared. */
export async function countDueReminders(sql: Sql, account: AccountId): Promise<number> {
  const [row] = await sql<{ count: number }>`
    select count(*)::int as count from reminders where account_id = ${account} and told_at is not null`;
  return row!.count;
}

export async function countScheduled(
  tx: Sql,
  account: AccountId,
): Promise<{ scheduled: number; reminders: number }> {
  const [row] = await tx<{ scheduled: number; reminders: number }>`
    select (select count(*) from scheduled_messages where account_id = ${account}) as scheduled,
      (select count(*) from reminders where account_id = ${account}) as reminders`;
  return { scheduled: row!.scheduled, reminders: row!.reminders };
}

function toPreview(row: PreviewRow): MessagePreview {
  return {
    room: row.room_id,
    seq: row.seq,
    threadRoot: row.thread_root,
    sender: toPerson(row.id, row.username, row.display_name),
    sentAt: row.sent_at,
    excerpt: excerptOf(row.body),
    at: row.at,
  };
}

function toScheduled(row: ScheduledRow): ScheduledMessage {
  return {
    sendId: row.id,
    room: row.room_id,
    threadRoot: row.thread_root,
    text: row.text,
    dueAt: row.due_at,
    refused: row.refused,
  };
}

function toReminder(row: ReminderRow): Reminder {
  return {
    id: row.id,
    room: row.room_id,
    seq: row.seq,
    note: row.note,
    dueAt: row.due_at,
    isDue: row.told_at !== null,
  };
}

/** The first message of a room after a read mark that somebody else wrote. */
export async function findOldestUnread(
  sql: Sql,
  room: RoomId,
  account: AccountId,
  readSeq: number,
): Promise<number | null> {
  const [row] = await sql<{ seq: number }>`
    select seq from messages
    where room_id = ${room} and seq > ${readSeq} and thread_root is null and deleted_at is null and sender_id <> ${account}
    order by seq limit 1`;
  return row ? row.seq : null;
}
