import { isDeadlock } from "../db/database.ts";
import { type Transaction, type TransactionNeeds, transact } from "../transaction/transact.ts";
import { listInCharge } from "./queries.ts";

/** Runs one transaction on accounts: all of it, with its notices, emails and audit entries, or nothing. */
export async function changeAccount<T>(
  app: TransactionNeeds,
  work: (change: Transaction) => Promise<T>,
): Promise<T> {
  try {
    return await transact(app, work);
  } catch (error) {
    // Two changes waited for each other, and the database broke this one off: nothing of it happened.
    if (!isDeadlock(error)) throw error;
    return transact(app, work);
  }
}

/** Tells those who run the server that an account waits for approval, or no longer does. */
export async function notifyApprovers({
  sql,
  publishAfterCommit,
}: Pick<Transaction, "sql" | "publishAfterCommit">): Promise<void> {
  for (const account of await listInCharge(sql)) {
    const signal = { type: "me.changed", part: "profile" } as const;
    publishAfterCommit({ kind: "account_signal", account, signal });
  }
}
