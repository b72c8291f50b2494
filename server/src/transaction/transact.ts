import type { RoomEvent } from "@novax/protocol/events";
import type { SessionId } from "@novax/protocol/ids";
import { type AuditDraft, recordAudit } from "../audit/audit-log.ts";
import type { Bus, BusMessage } from "../bus/bus.ts";
import type { Database, Sql } from "../db/database.ts";
import { type EventDraft, recordEvent } from "../events/queries.ts";
import type { Job } from "../jobs/job.ts";
import { type JobTime, queueJob } from "../jobs/queue.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { ServerName } from "../lib/server-name.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import type { Log } from "../log/log.ts";
import type { NoticeKind } from "../notices/queries.ts";
import { type Recipient, recordNotice } from "../notices/record-notice.ts";
import type { NoticeText } from "../texts/texts.ts";

export type TransactionNeeds = {
  db: Database;
  bus: Bus;
  log: Log;
  clock: Clock;
  random: Random;
  secret: ServerSecret;
  publicUrl: URL;
  identity: ServerName;
};

/** One database transaction and everything that has to happen with it or not at all. */
export type Transaction = {
  /** The transaction's connection. Inside the transaction the outer one, `app.db`, throws. */
  readonly sql: Sql;
  /** Stores an event of a room and returns it with its `seq` and time, `at`. It is published after the commit. */
  record(draft: EventDraft, at?: number): Promise<RoomEvent>;
  /** Publishes a bus message after the commit. Events come first. */
  publishAfterCommit(message: BusMessage): void;
  /**
   * Adds an entry to the audit log. Entries are inserted at the end of the transaction, because inserting locks the end
   * of the log until the commit.
   */
  audit(draft: AuditDraft): void;
  /**
   * Notifies a person of something that happened to their account: by email, on the account page, and in their open
   * chat pages after the commit.
   */
  notify(to: Recipient, kind: NoticeKind, detail: NoticeText): Promise<void>;
  /** Queues a job. Returns its id. */
  queue<Payload>(job: Job<never, Payload>, payload: Payload, when?: JobTime): Promise<string>;
  /** Closes the sockets of sessions that this transaction ended, on every process, after the commit. */
  endSessions(ids: readonly SessionId[]): void;
};

/**
 * Runs one transaction. Its events and bus messages are published only after the commit, so that nothing is announced
 * that was rolled back.
 */
export async function transact<T>(
  app: TransactionNeeds,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const events: BusMessage[] = [];
  const messages: BusMessage[] = [];
  const result = await app.db.transact(async (sql) => {
    const entries: AuditDraft[] = [];
    const endedSessions: SessionId[] = [];
    const done = await work({
      sql,
      record: async (draft, at = app.clock.now()) => {
        const event = await recordEvent(sql, draft, at);
        events.push({ kind: "events", room: draft.room, events: [event] });
        return event;
      },
      publishAfterCommit: (message) => (message.kind === "events" ? events : messages).push(message),
      audit: (draft) => entries.push(draft),
      notify: async (to, kind, detail) => {
        const signal = await recordNotice(app, sql, to, { kind, detail });
        messages.push({ kind: "account_signal", account: to.id, signal });
      },
      queue: (job, payload, when) => queueJob(app, sql, job, { payload, ...when }),
      endSessions: (ids) => endedSessions.push(...ids),
    });
    for (const entry of entries) await recordAudit(app, sql, entry);
    if (endedSessions.length > 0) messages.unshift({ kind: "sessions_ended", sessions: endedSessions });
    return done;
  });
  for (const message of [...events, ...messages]) app.bus.publish(message);
  return result;
}
