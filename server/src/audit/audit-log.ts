import type { AccountId } from "@novax/protocol/ids";
import type { Database, Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import type { KeptHead } from "./kept-head.ts";
import {
  type AuditAction,
  type AuditEntry,
  appendAuditEntry,
  findAuditHead,
  findEntryOutside,
  listAuditRange,
  lockAuditHead,
} from "./queries.ts";

type Party = { id: AccountId; username: string };

export type AuditDraft = {
  action: AuditAction;
  /** Who acted. Null for the server itself, or its operator on the command line. */
  actor: Party | null;
  /** The account that was acted on, if there is one. */
  subject?: Party;
  address?: string;
  detail?: string;
};

type AuditNeeds = { clock: Clock; secret: ServerSecret };

/**
 * Appends an entry in the transaction of what it records. Call it last: it locks the end of the log until the commit.
 */
export async function recordAudit(app: AuditNeeds, tx: Sql, draft: AuditDraft): Promise<void> {
  const head = await lockAuditHead(tx);
  const { actor, subject } = draft;
  const entry: AuditEntry = {
    seq: head.seq + 1,
    at: app.clock.now(),
    action: draft.action,
    actorId: actor?.id ?? null,
    actorName: actor?.username ?? "",
    subjectId: subject?.id ?? null,
    subjectName: subject?.username ?? "",
    address: storable(draft.address),
    detail: storable(draft.detail),
  };
  const hash = chainHash(app.secret, head.hash, entry);
  await appendAuditEntry(tx, entry, hash);
}

export type AuditVerdict =
  | { kind: "whole"; count: number }
  /** `seq` is the first entry that is missing or changed. */
  | { kind: "broken"; seq: number; reason: string };

const verifyPage = 1000;
const detailCharsMax = 500;

/**
 * Checks the hash chain from the first entry to the recorded end, that there is nothing beyond it, and that it reaches what
 * was kept of it outside of the database. Without `kept` entries that were cut off its end cannot be seen.
 */
export async function verifyAudit(
  app: { db: Database; secret: ServerSecret },
  kept: KeptHead | null,
): Promise<AuditVerdict> {
  const { sql } = app.db;
  const head = await findAuditHead(sql);
  if (!head) return broken(0, "the end of the log is missing");
  const extra = await findEntryOutside(sql, head.seq);
  if (extra !== null) return broken(extra, "it isn't part of the log");
  if (kept && kept.seq > head.seq)
    return broken(head.seq + 1, `it was cut off, along with everything after it up to entry ${kept.seq}`);
  let last: { seq: number; hash: Uint8Array } = { seq: 0, hash: new Uint8Array() };
  for (;;) {
    const rows = await listAuditRange(sql, { after: last.seq, upTo: head.seq, limit: verifyPage });
    if (rows.length === 0) break;
    for (const { entry, hash } of rows) {
      if (entry.seq !== last.seq + 1) return broken(last.seq + 1, "it's missing");
      if (!chainHash(app.secret, last.hash, entry).equals(hash)) return broken(entry.seq, "it was changed");
      if (entry.seq === kept?.seq && Buffer.from(hash).toString("hex") !== kept.hash)
        return broken(entry.seq, "another one was here before");
      last = { seq: entry.seq, hash };
    }
  }
  if (last.seq !== head.seq) return broken(last.seq + 1, "it's missing, along with everything after it");
  if (!Buffer.from(last.hash).equals(head.hash)) return broken(last.seq, "the end of the log was changed");
  return { kind: "whole", count: last.seq };
}

/** Removes what the database would not store unchanged, because the hash is checked against what it returns. */
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
