import type { MessageBody } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { roomPermissions } from "@novax/protocol/permissions";
import { toPerson } from "@novax/protocol/person";
import type { Report } from "@novax/protocol/reads";
import { fullTextOf } from "@novax/protocol/text";
import type { AccountData } from "../accounts/account-data.ts";
import type { Sql } from "../db/database.ts";

type ReportRow = {
  id: string;
  room_id: RoomId;
  room_name: string;
  seq: number;
  reporter_id: AccountId;
  reporter_username: string;
  reporter_display_name: string;
  sender_id: AccountId;
  sender_username: string;
  sender_display_name: string;
  resolver_id: AccountId | null;
  resolver_username: string | null;
  resolver_display_name: string | null;
  reason: string;
  body: MessageBody;
  at: number;
  outcome: Report["outcome"];
  note: string;
  others: { id: AccountId; username: string; display_name: string; reason: string }[];
};

const othersShownMax = 20;

export async function hasOpenReport(
  tx: Sql,
  { room, seq, reporter }: { room: RoomId; seq: number; reporter: AccountId },
): Promise<boolean> {
  const rows = await tx`
    select 1 from reports
    where room_id = ${room} and seq = ${seq} and reporter_id = ${reporter} and resolved_at is null`;
  return rows.length > 0;
}

export async function countOpenReportsBy(tx: Sql, reporter: AccountId): Promise<number> {
  const [row] = await tx<{ reports: number }>`
    select count(*) as reports from reports where reporter_id = ${reporter} and resolved_at is null`;
  return row!.reports;
}

/** Inserts a report, unless this person already has an open report of this message. */
export async function insertReport(
  tx: Sql,
  report: {
    id: string;
    room: RoomId;
    seq: number;
    reporter: AccountId;
    sender: AccountId;
    reason: string;
    body: MessageBody;
    at: number;
  },
): Promise<void> {
  const { id, room, seq, reporter, sender, reason, body, at } = report;
  await tx`
    insert into reports (id, room_id, seq, reporter_id, sender_id, reason, body, at)
    values (${id}, ${room}, ${seq}, ${reporter}, ${sender}, ${reason}, ${JSON.stringify(body)}::text::jsonb, ${at})
    on conflict do nothing`;
}

/**
 * Returns the reports a person can resolve: those of rooms they moderate, or all for server owners and admins. Never
 * those about themselves. Those of one message are one, the first of them, with what others wrote. Either the open ones, oldest first, or the resolved ones, newest first. `order` and the id
 * are the sort key for the cursor.
 */
export async function listReports(
  sql: Sql,
  account: AccountId,
  { isDone, after, limit }: { isDone: boolean; after: [number, string] | null; limit: number },
): Promise<(Report & { order: number })[]> {
  const [afterOrder, afterId] = after ?? [Number.MIN_SAFE_INTEGER, "00000000-0000-0000-0000-000000000000"];
  const rows = await sql<ReportRow & { order_by: number }>`
    select p.id, p.room_id, r.name as room_name, p.seq, p.reason, p.body, p.at, p.outcome, p.note, p.order_by,
      (
        select coalesce(json_agg(json_build_object('id', a.id, 'username', a.username, 'display_name', a.display_name,
          'reason', o.reason) order by o.at, o.id), '[]')
        from (
          select reporter_id, reason, at, id from reports o
          where o.room_id = p.room_id and o.seq = p.seq and o.resolved_at is not distinct from p.resolved_at
            and o.id <> p.id
          order by o.at, o.id limit ${othersShownMax}
        ) o join accounts a on a.id = o.reporter_id
      ) as others,
      reporter.id as reporter_id, reporter.username as reporter_username, reporter.display_name as reporter_display_name,
      sender.id as sender_id, sender.username as sender_username, sender.display_name as sender_display_name,
      resolver.id as resolver_id, resolver.username as resolver_username,
      resolver.display_name as resolver_display_name
    from (
        select *, case when ${isDone}::boolean then -resolved_at else at end as order_by from reports
        where (resolved_at is not null) = ${isDone}::boolean
      ) p
      join rooms r on r.id = p.room_id
      join accounts reporter on reporter.id = p.reporter_id
      join accounts sender on sender.id = p.sender_id
      left join accounts resolver on resolver.id = p.resolved_by
      join accounts w on w.id = ${account}
      left join memberships m on m.room_id = p.room_id and m.account_id = w.id
    where p.sender_id <> w.id
      and not exists (
        select 1 from reports o
        where o.room_id = p.room_id and o.seq = p.seq and o.resolved_at is not distinct from p.resolved_at
          and (o.at, o.id) < (p.at, p.id)
      )
      and (p.order_by, p.id) > (${afterOrder}::bigint, ${afterId}::uuid)
      and (w.server_role in ('owner', 'admin')
        or (r.kind in ('public', 'private') and m.role = any(${sql.array(roomPermissions["report.resolve"], "text")})))
    order by p.order_by, p.id
    ${sql.limit(limit)}`;
  return rows.map((row) => ({ ...toReport(row), order: row.order_by }));
}

/** Returns of how many messages a person can resolve reports. */
export async function countReports(sql: Sql, account: AccountId): Promise<number> {
  const [row] = await sql<{ reports: number }>`
    select count(distinct (p.room_id, p.seq)) as reports
    from reports p
      join rooms r on r.id = p.room_id
      join accounts w on w.id = ${account}
      left join memberships m on m.room_id = p.room_id and m.account_id = w.id
    where p.resolved_at is null and p.sender_id <> w.id
      and (w.server_role in ('owner', 'admin')
        or (r.kind in ('public', 'private') and m.role = any(${sql.array(roomPermissions["report.resolve"], "text")})))`;
  return row!.reports;
}

/** Returns the room, message and sender an open report is about. Null if there is no such open report. */
export async function findOpenReport(
  sql: Sql,
  id: string,
): Promise<{ room: RoomId; seq: number; sender: AccountId } | null> {
  const [row] = await sql<{ room_id: RoomId; seq: number; sender_id: AccountId }>`
    select room_id, seq, sender_id from reports where id = ${id} and resolved_at is null`;
  return row ? { room: row.room_id, seq: row.seq, sender: row.sender_id } : null;
}

/**
 * Resolves all open reports of a message and returns how many there were. With the outcome `deleted`, their copies of
 * the message are emptied as well.
 */
export async function settleReports(
  tx: Sql,
  settled: { room: RoomId; seq: number; by: AccountId; outcome: string; note: string; at: number },
): Promise<number> {
  const { room, seq, by, outcome, note, at } = settled;
  const rows = await tx`
    update reports set resolved_at = ${at}, resolved_by = ${by}, outcome = ${outcome}, note = ${note},
      body = case when ${outcome}::text = 'deleted' then '{"kind": "deleted"}' else body end
    where room_id = ${room} and seq = ${seq} and resolved_at is null
    returning 1`;
  return rows.length;
}

/** Returns who is notified of a report: everyone who can resolve it, except the person it is about. */
export async function listReportReaders(sql: Sql, room: RoomId, about: AccountId): Promise<AccountId[]> {
  const rows = await sql<{ id: AccountId }>`
    select a.id from accounts a where a.server_role in ('owner', 'admin') and a.deleted_at is null and a.id <> ${about}
    union
    select account_id as id from memberships
    where room_id = ${room} and role = any(${sql.array(roomPermissions["report.resolve"], "text")})
      and account_id <> ${about}`;
  return rows.map((row) => row.id);
}

function toReport(row: ReportRow): Report {
  return {
    id: row.id,
    room: row.room_id,
    roomName: row.room_name,
    seq: row.seq,
    reporter: toPerson(row.reporter_id, row.reporter_username, row.reporter_display_name),
    sender: toPerson(row.sender_id, row.sender_username, row.sender_display_name),
    reason: row.reason,
    others: row.others.map((other) => ({
      reporter: toPerson(other.id, other.username, other.display_name),
      reason: other.reason,
    })),
    text: fullTextOf(row.body),
    at: row.at,
    outcome: row.outcome,
    resolvedBy:
      row.resolver_id === null
        ? null
        : toPerson(row.resolver_id, row.resolver_username!, row.resolver_display_name!),
    note: row.note,
  };
}

export const reportData: AccountData = {
  name: "reports",
  read: (sql, account) => sql`
    select room_id as room, seq, reason, at, outcome from reports where reporter_id = ${account} order by at`,
  // What is resolved stays, without what they wrote about it.
  erase: async (tx, account) => {
    await tx`delete from reports where reporter_id = ${account} and resolved_at is null`;
    await tx`update reports set reason = '' where reporter_id = ${account}`;
    await tx`update reports set note = '' where resolved_by = ${account}`;
  },
};
