import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
/** Everything that is recorded. The filter on the admin page is built from this list. */
export const auditActions = [
  "account.registered",
  "account.approved",
  "account.rejected",
  "account.disabled",
  "account.enabled",
  "account.role_changed",
  "account.renamed",
  "account.exported",
  "account.deletion_requested",
  "account.deletion_cancelled",
  "account.deleted",
  "login.succeeded",
  "login.code_refused",
  "session.ended",
  "password.changed",
  "password.reset",
  "reset_link.issued",
  "email.verified",
  "email.change_requested",
  "email.changed",
  "factor.enabled",
  "factor.disabled",
  "factor.codes_renewed",
  "factor.required",
  "passkey.added",
  "passkey.removed",
  "passkey.counter_regressed",
  "device.distrusted",
  "identity.linked",
  "identity.unlinked",
  "invite.created",
  "invite.revoked",
  "settings.changed",
  "emoji.removed",
  "room.created",
  "room.changed",
  "room.archived",
  "room.unarchived",
  "member.added",
  "member.removed",
  "member.silenced",
  "member.banned",
  "member.unbanned",
  "member.role_changed",
  "message.deleted",
  "message.unpinned",
  "poll.closed",
  "preview.removed",
  "report.resolved",
  "word_filter.changed",
  "address.banned",
  "address.unbanned",
] as const;
export type AuditAction = (typeof auditActions)[number];

export type AuditEntry = {
  seq: number;
  at: number;
  action: AuditAction;
  actorId: AccountId | null;
  actorName: string;
  subjectId: AccountId | null;
  subjectName: string;
  address: string;
  detail: string;
};

export type AuditFilter = { action: AuditAction | null; who: string };

/** Entries with `seq < beforeSeq`, newest first. `who` is the username of the actor or the subject. */
export async function listAudit(
  sql: Sql,
  filter: AuditFilter,
  beforeSeq: number,
  { limit }: { limit: number },
): Promise<AuditEntry[]> {
  const who = filter.who.trim().toLowerCase();
  const rows = await sql<AuditRow>`
    select seq, at, action, actor_id, actor_name, subject_id, subject_name, address, detail, hash
    from audit_log
    where seq < ${beforeSeq}
      and (${filter.action}::text is null or action = ${filter.action}::text)
      and (${who}::text = '' or lower(actor_name) = ${who}::text or lower(subject_name) = ${who}::text)
    order by seq desc
    ${sql.limit(limit)}`;
  return rows.map(toEntry);
}

/**
 * An account's own entries for its export, newest first. Where somebody else acted, who it was and from where is left
 * out: an export must not tell who settled a report or removed its owner from a room.
 */
export async function listAuditOf(sql: Sql, account: AccountId, limit: number): Promise<AuditEntry[]> {
  const rows = await sql<AuditRow>`
    select seq, at, action, subject_id, subject_name,
      case when actor_id = ${account} then actor_id end as actor_id,
      case when actor_id = ${account} then actor_name else '' end as actor_name,
      case when actor_id = ${account} then address else '' end as address, detail, hash
    from audit_log
    where actor_id = ${account} or subject_id = ${account}
    order by seq desc
    ${sql.limit(limit)}`;
  return rows.map(toEntry);
}

/** The end of the log, to be stored elsewhere: a log that was cut short no longer reaches it. */
export async function readAuditHead(sql: Sql): Promise<{ seq: number; hash: string }> {
  const head = await findAuditHead(sql);
  if (!head) throw new Error("the end of the audit log is missing; npm run audit:verify says more");
  const { seq, hash } = head;
  return { seq, hash: Buffer.from(hash).toString("hex") };
}

/** Returns the hash of an entry, in hexadecimal; null if there is none with this number. */
export async function readAuditHash(sql: Sql, seq: number): Promise<string | null> {
  const [row] = await sql<{ hash: Uint8Array }>`select hash from audit_log where seq = ${seq}`;
  return row ? Buffer.from(row.hash).toString("hex") : null;
}

export type AuditRow = {
  seq: number;
  at: number;
  action: AuditAction;
  actor_id: AccountId | null;
  actor_name: string;
  subject_id: AccountId | null;
  subject_name: string;
  address: string;
  detail: string;
  hash: Uint8Array;
};

export function toEntry(row: AuditRow): AuditEntry {
  return {
    seq: row.seq,
    at: row.at,
    action: row.action,
    actorId: row.actor_id,
    actorName: row.actor_name,
    subjectId: row.subject_id,
    subjectName: row.subject_name,
    address: row.address,
    detail: row.detail,
  };
}

type AuditHead = { seq: number; hash: Uint8Array };

/** Null if somebody has removed it. */
export async function findAuditHead(sql: Sql): Promise<AuditHead | null> {
  const [head] = await sql<AuditHead>`select seq, hash from audit_head`;
  return head ?? null;
}

/** Returns the first entry that is not between the beginning of the log and its end, or null. */
export async function findEntryOutside(sql: Sql, headSeq: number): Promise<number | null> {
  const [row] = await sql<{ seq: number | null }>`
    select min(seq) as seq from audit_log where seq < 1 or seq > ${headSeq}`;
  return row!.seq;
}

/** Reads the end of the log and locks it until the transaction ends. */
export async function lockAuditHead(tx: Sql): Promise<AuditHead> {
  const [head] = await tx<AuditHead>`select seq, hash from audit_head for update`;
  return head!;
}

/** Appends an entry. {@link lockAuditHead} must have locked the end in this transaction. */
export async function appendAuditEntry(tx: Sql, entry: AuditEntry, hash: Uint8Array): Promise<void> {
  await tx`
    insert into audit_log (seq, at, action, actor_id, actor_name, subject_id, subject_name, address, detail, hash)
    values (${entry.seq}, ${entry.at}, ${entry.action}, ${entry.actorId}, ${entry.actorName}, ${entry.subjectId},
      ${entry.subjectName}, ${entry.address}, ${entry.detail}, ${hash})`;
  await tx`update audit_head set seq = ${entry.seq}, hash = ${hash}`;
}

/** Entries with their hashes, in order. */
export async function listAuditRange(
  sql: Sql,
  { after, upTo, limit }: { after: number; upTo: number; limit: number },
): Promise<{ entry: AuditEntry; hash: Uint8Array }[]> {
  const rows = await sql<AuditRow>`
    select seq, at, action, actor_id, actor_name, subject_id, subject_name, address, detail, hash
    from audit_log where seq > ${after} and seq <= ${upTo} order by seq ${sql.limit(limit)}`;
  return rows.map((row) => ({ entry: toEntry(row), hash: row.hash }));
}
