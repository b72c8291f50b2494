import type { AccountId, SessionId } from "@novax/protocol/ids";
import type { NoticeSignal } from "@novax/protocol/signals";
import { type AuditDraft, recordAudit } from "../audit/audit-log.ts";
import type { Bus } from "../bus/bus.ts";
import { type Database, isDeadlock, type Sql } from "../db/database.ts";
import { type PublishAfterCommit, type RecordEvent, transactWithEvents } from "../events/record-events.ts";
import type { JobNeeds } from "../jobs/queue.ts";
import type { Log } from "../log/log.ts";
import { type NoticeText, textsIn } from "../texts/texts.ts";
import { insertNotice, type NoticeKind } from "./notices.ts";
import { type Account, listInCharge } from "./queries.ts";

export type AccountChangeNeeds = JobNeeds & { db: Database; bus: Bus; log: Log; publicUrl: URL };

/** One transaction on accounts, and what the world hears of it once it is committed. */
export type AccountChange = {
  tx: Sql;
  recordEvent: RecordEvent;
  /** Says something on the bus once all is committed. */
  publishAfterCommit: PublishAfterCommit;
  /** These sessions ended in this transaction: their sockets are closed, on every process. */
  endedSessions: (ids: readonly SessionId[]) => void;
  /** Tells the person, by mail and in the app. */
  notify: (account: Account, kind: NoticeKind, detail: NoticeText) => Promise<void>;
  /** Entered into the audit log as the last thing of the transaction. */
  audit: (draft: AuditDraft) => void;
};

/** Those who run the server hear that somebody waits to be let in, or no longer does. */
export async function notifyApprovers({
  tx,
  publishAfterCommit,
}: Pick<AccountChange, "tx" | "publishAfterCommit">): Promise<void> {
  for (const account of await listInCharge(tx))
    publishAfterCommit({ kind: "account_signal", account, signal: { type: "me.changed", part: "profile" } });
}

/** Runs one transaction on accounts: all of it, with its notices, mails and audit entries, or nothing. */
export async function changeAccount<T>(
  app: AccountChangeNeeds,
  work: (change: AccountChange) => Promise<T>,
): Promise<T> {
  try {
    return await changeOnce(app, work);
  } catch (error) {
    // Two changes waited for each other, and the database broke this one off: nothing of it happened.
    if (!isDeadlock(error)) throw error;
    return changeOnce(app, work);
  }
}

async function changeOnce<T>(
  app: AccountChangeNeeds,
  work: (change: AccountChange) => Promise<T>,
): Promise<T> {
  const ended: SessionId[] = [];
  const signals: { account: AccountId; signal: NoticeSignal }[] = [];
  const result = await transactWithEvents(app, async (tx, recordEvent, publishAfterCommit) => {
    const entries: AuditDraft[] = [];
    ended.length = 0;
    signals.length = 0;
    const done = await work({
      tx,
      recordEvent,
      publishAfterCommit,
      endedSessions: (ids) => ended.push(...ids),
      notify: async (account, kind, detail) => {
        await insertNotice(app, tx, account, kind, detail);
        const { notices } = textsIn(account.language);
        const signal = { type: "notice", title: notices.titles[kind], detail: detail(notices) } as const;
        signals.push({ account: account.id, signal });
      },
      audit: (draft) => entries.push(draft),
    });
    for (const entry of entries) await recordAudit(app, tx, entry);
    return done;
  });
  if (ended.length > 0) app.bus.publish({ kind: "sessions_ended", sessions: ended });
  for (const { account, signal } of signals) app.bus.publish({ kind: "account_signal", account, signal });
  return result;
}
