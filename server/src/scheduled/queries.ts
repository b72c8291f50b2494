import type { Person } from "@novax/protocol/entities";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import { toPerson } from "@novax/protocol/person";
import type { Reminder, ScheduledMessage } from "@novax/protocol/reads";
import type { AccountData } from "../accounts/account-data.ts";
import type { Sql } from "../db/database.ts";

export type ScheduledRow = {
  id: SendId;
  room_id: RoomId;
  reply_to: number | null;
  thread_root: number | null;
  text: string;
  due_at: number;
  refused: string | null;
};

export async function insertScheduled(
  tx: Sql,
  account: AccountId,
  message: ScheduledMessage,
  { jobId }: { jobId: string },
): Promise<boolean> {
  const rows = await tx`
    insert into scheduled_messages (id, account_id, room_id, reply_to, thread_root, text, due_at, job_id, credentials_version)
    select ${message.sendId}, id, ${message.room}, ${message.replyTo}::bigint, ${message.threadRoot}::bigint, ${message.text},
      ${message.dueAt}::bigint, ${jobId}, credentials_version
    from accounts where id = ${account}
    on conflict do nothing returning 1`;
  return rows.length > 0;
}

/** Returns whether a person has scheduled exactly this. */
export async function isOwnScheduled(
  sql: Sql,
  account: AccountId,
  { sendId, room, text, dueAt }: Pick<ScheduledMessage, "sendId" | "room" | "text" | "dueAt">,
): Promise<boolean> {
  const rows = await sql`
    select 1 from scheduled_messages
    where id = ${sendId} and account_id = ${account} and room_id = ${room} and text = ${text} and due_at = ${dueAt}`;
  return rows.length > 0;
}

/** Deletes a scheduled message. Returns the id of the job that would have sent it, or null if there was none. */
export async function deleteScheduled(sql: Sql, account: AccountId, sendId: SendId): Promise<string | null> {
  const [row] = await sql<{ job_id: string }>`
    delete from scheduled_messages where account_id = ${account} and id = ${sendId} returning job_id`;
  return row?.job_id ?? null;
}

export async function refuseScheduled(sql: Sql, sendId: SendId, reason: string): Promise<void> {
  await sql`update scheduled_messages set refused = ${reason} where id = ${sendId}`;
}

type DueMessage = ScheduledMessage & {
  author: Person;
  language: Language;
  /** Whether the author's ways to sign in are what they were when it was scheduled, and the account is in use. */
  isVouchedFor: boolean;
};

export async function findScheduled(sql: Sql, sendId: SendId): Promise<DueMessage | null> {
  const [row] = await sql<
    ScheduledRow & {
      account_id: AccountId;
      username: string;
      display_name: string;
      language: Language;
      is_vouched_for: boolean;
    }
  >`
    select s.id, s.room_id, s.reply_to, s.thread_root, s.text, s.due_at, s.refused, s.account_id, a.username, a.display_name,
      a.language, s.credentials_version = a.credentials_version and a.disabled_at is null as is_vouched_for
    from scheduled_messages s join accounts a on a.id = s.account_id
    where s.id = ${sendId} and a.deleted_at is null`;
  if (!row) return null;
  const author = toPerson(row.account_id, row.username, row.display_name);
  return { ...toScheduled(row), author, language: row.language, isVouchedFor: row.is_vouched_for };
}

export async function listScheduled(
  sql: Sql,
  account: AccountId,
  limit: number,
): Promise<ScheduledMessage[]> {
  const rows = await sql<ScheduledRow>`
    select id, room_id, reply_to, thread_root, text, due_at, refused from scheduled_messages
    where account_id = ${account} order by due_at ${sql.limit(limit)}`;
  return rows.map(toScheduled);
}

export type ReminderRow = {
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
  { jobId }: { jobId: string },
): Promise<boolean> {
  const { id, room, seq, note, dueAt } = reminder;
  const rows = await tx`
    insert into reminders (id, account_id, room_id, seq, note, due_at, job_id)
    values (${id}, ${account}, ${room}, ${seq}::bigint, ${note}, ${dueAt}, ${jobId})
    on conflict (id) do nothing returning 1`;
  return rows.length > 0;
}

export async function isOwnReminder(sql: Sql, account: AccountId, id: string): Promise<boolean> {
  return (await sql`select 1 from reminders where account_id = ${account} and id = ${id}`).length > 0;
}

/** Deletes a reminder. Returns the id of the job that would have sent it, or null if there was none. */
export async function deleteReminder(sql: Sql, account: AccountId, id: string): Promise<string | null> {
  const [row] = await sql<{ job_id: string }>`
    delete from reminders where account_id = ${account} and id = ${id} returning job_id`;
  return row?.job_id ?? null;
}

/** Marks a reminder as sent. Returns null if it was sent before or has been cleared. */
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
    where account_id = ${account} order by due_at ${sql.limit(limit)}`;
  return rows.map(toReminder);
}

/** Returns how many reminders in rooms that the person is in were sent and not cleared. */
export async function countDueReminders(sql: Sql, account: AccountId): Promise<number> {
  const [row] = await sql<{ count: number }>`
    select count(*)::int as count
    from reminders r join memberships own on own.room_id = r.room_id and own.account_id = r.account_id
    where r.account_id = ${account} and r.told_at is not null`;
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

export function toScheduled(row: ScheduledRow): ScheduledMessage {
  return {
    sendId: row.id,
    room: row.room_id,
    replyTo: row.reply_to,
    threadRoot: row.thread_root,
    text: row.text,
    dueAt: row.due_at,
    refused: row.refused,
  };
}

export function toReminder(row: ReminderRow): Reminder {
  return {
    id: row.id,
    room: row.room_id,
    seq: row.seq,
    note: row.note,
    dueAt: row.due_at,
    isDue: row.told_at !== null,
  };
}

export const scheduledData: AccountData = {
  name: "scheduled",
  read: (sql, account) =>
    sql`
      select room_id as room, thread_root as "threadRoot", text, due_at as "dueAt", refused
      from scheduled_messages where account_id = ${account}`,
  erase: (tx, account) => tx`
    with gone as (delete from scheduled_messages where account_id = ${account} returning job_id)
    delete from jobs where id in (select job_id from gone)`,
};

export const reminderData: AccountData = {
  name: "reminders",
  read: (sql, account) =>
    sql`select room_id as room, seq, note, due_at as "dueAt" from reminders where account_id = ${account}`,
  erase: (tx, account) => tx`
    with gone as (delete from reminders where account_id = ${account} returning job_id)
    delete from jobs where id in (select job_id from gone)`,
};
