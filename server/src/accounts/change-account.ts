import { isDeadlock } from "../db/database.ts";
import { type Transaction, type TransactionNeeds, transact } from "../transaction/transact.ts";
import { listInCharge } from "./queries.ts";

/**
 * Runs one transaction on accounts, with its notices, mails and audit entries: all of it or nothing. After a deadlock
 * `work` runs a second time.
 */
export async function changeAccount<T>(
  app: TransactionNeeds,
  work: (change: Transaction) => Promise<T>,
): Promise<T> {
  try {
    return await transact(app, work);
  } catch (error) {
    // The database rolled this transaction back to break a deadlock, so it can be run again.
    if (!isDeadlock(error)) throw error;
    return transact(app, work);
  }
}

/** Makes the clients of owners and admins reload the number of accounts that await approval. */
export async function notifyApprovers({
  sql,
  publishAfterCommit,
}: Pick<Transaction, "sql" | "publishAfterCommit">): Promise<void> {
  for (const account of await listInCharge(sql)) {
    const signal = { type: "me.changed", part: "profile" } as const;
    publishAfterCommit({ kind: "account_signal", account, signal });
  }
}
