import type { AccountId } from "@novax/protocol/ids";
import type { Database, Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { ServerSecret } from "../lib/server-secret.ts";

/** Everything that is recorded; the filter of the owner's page is made from it. */
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
  "room.created",
  "room.archived",
  "room.unarchived",
  "member.removed",
  "member.silenced",
  "member.banned",
  "member.unbanned",
  "member.role_changed",
  "message.deleted",
  "report.resolved",
  "word_filter.changed",
  "address.banned",
  "address.unbanned",
] as const;
export type AuditAction = (typeof auditActions)[number];

type Party = { id: AccountId; username: string };

export type AuditDraft = {
  action: AuditAction;
  /** Who did it; null: the server itself, or its operator on the command line. */
  actor: Party | null;
  /** Whom it was done to, where that is somebody. */
  subject?: Party;
  address?: string;
  detail?: string;
};

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

type AuditNeeds = { clock: Clock; secret: ServerSecret };

/**
 * Appends an entry in the transaction of what it records. Record it last: it holds the end of the log until the commit.
 */
export async function recordAudit(app: AuditNeeds, tx: Sql, draft: AuditDraft): Promise<void> {
  const [head] = await tx<{ seq: number; hash: Uint8Array }>`select seq, hash from audit_head for update`;
  const { actor, subject } = draft;
  const entry: AuditEntry = {
    seq: head!.seq + 1,
    at: app.clock.now(),
    action: draft.action,
    actorId: actor?.id ?? null,
    actorName: actor?.username ?? "",
    subjectId: subject?.id ?? null,
    subjectName: subject?.username ?? "",
    address: storable(draft.address),
    detail: storable(draft.detail),
  };
  const hash = chainHash(app.secret, head!.hash, entry);
  await tx`
    insert into audit_log (seq, at, action, actor_id, actor_name, subject_id, subject_name, address, detail, hash)
    values (${entry.seq}, ${entry.at}, ${entry.action}, ${entry.actorId}, ${entry.actorName}, ${entry.subjectId},
      ${entry.subjectName}, ${entry.address}, ${entry.detail}, ${hash})`;
  await tx`update audit_head set seq = ${entry.seq}, hash = ${hash}`;
}

export type AuditFilter = { action: AuditAction | null; who: string };

/** The newest entries with `seq < beforeSeq`, newest first. `who`: the username of whoever acted or was acted on. */
export async function listAudit(
  sql: Sql,
  filter: AuditFilter,
  beforeSeq: number,
  limit: number,
): Promise<AuditEntry[]> {
  const who = filter.who.trim().toLowerCase();
  const rows = await sql<AuditRow>`
    select seq, at, action, actor_id, actor_name, subject_id, subject_name, address, detail, hash
    from audit_log
    where seq < ${beforeSeq}
      and (${filter.action}::text is null or action = ${filter.action}::text)
      and (${who}::text = '' or lower(actor_name) = ${who}::text or lower(subject_name) = ${who}::text)
    order by seq desc
    limit ${limit}`;
  return rows.map(toEntry);
}

/** What the log holds of one account, the newest first. Where somebody else acted, their address is theirs. */
export async function listAuditOf(sql: Sql, account: AccountId, limit: number): Promise<AuditEntry[]> {
  const rows = await sql<AuditRow>`
    select seq, at, action, actor_id, actor_name, subject_id, subject_name,
      case when actor_id = ${account} then address else '' end as address, detail, hash
    from audit_log
    where actor_id = ${account} or subject_id = ${account}
    order by seq desc
    limit ${limit}`;
  return rows.map(toEntry);
}

/** The end of the log, to be kept elsewhere: a log that was cut off no longer reaches it. */
export async function readAuditHead(sql: Sql): Promise<{ seq: number; hash: string }> {
  const [head] = await sql<{ seq: number; hash: Uint8Array }>`select seq, hash from audit_head`;
  return { seq: head!.seq, hash: Buffer.from(head!.hash).toString("hex") };
}

export type AuditVerdict =
  | { kind: "whole"; count: number }
  /** The first entry that is not what was written there. */
  | { kind: "broken"; seq: number; reason: string };

const verifyPage = 1000;
const detailCharsMax = 500;

/** Walks the whole chain. */
export async function verifyAudit(app: { db: Database; secret: ServerSecret }): Promise<AuditVerdict> {
  const { sql } = app.db;
  const [head] = await sql<{ seq: number; hash: Uint8Array }>`select seq, hash from audit_head`;
  let last: { seq: number; hash: Uint8Array } = { seq: 0, hash: new Uint8Array() };
  for (;;) {
    const rows = await sql<AuditRow>`
      select seq, at, action, actor_id, actor_name, subject_id, subject_name, address, detail, hash
      from audit_log where seq > ${last.seq} and seq <= ${head!.seq} order by seq limit ${verifyPage}`;
    if (rows.length === 0) break;
    for (const row of rows) {
      const entry = toEntry(row);
      if (entry.seq !== last.seq + 1) return broken(last.seq + 1, "it is missing");
      if (!chainHash(app.secret, last.hash, entry).equals(row.hash))
        return broken(entry.seq, "it was changed");
      last = { seq: entry.seq, hash: row.hash };
    }
  }
  if (last.seq !== head!.seq) return broken(last.seq + 1, "it is missing, and all after it");
  if (!Buffer.from(last.hash).equals(head!.hash)) return broken(last.seq, "the end of the log was changed");
  return { kind: "whole", count: last.seq };
}

type AuditRow = {
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

function toEntry(row: AuditRow): AuditEntry {
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

/** The hash must be of what the database gives back, so what it would not keep as it is does not get there. */
function storable(text = ""): string {
  return text.replaceAll("\0", "").slice(0, detailCharsMax).toWellFormed();
}

function chainHash(secret: ServerSecret, before: Uint8Array, entry: AuditEntry): Buffer {
  const { seq, at, action, actorId, actorName, subjectId, subjectName, address, detail } = entry;
  const fields = [seq, at, action, actorId, actorName, subjectId, subjectName, address, detail];
  return secret.mac(`${Buffer.from(before).toString("hex")}${JSON.stringify(fields)}`, "audit");
}

function broken(seq: number, reason: string): AuditVerdict {
  return { kind: "broken", seq, reason };
}
