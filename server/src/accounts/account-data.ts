import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";

/**
 * The personal data a module keeps: how it is read for an export, and what happens to it when the account is deleted.
 * What others still need, such as the person's reactions, is exported but not erased.
 */
export type AccountData = {
  /** Its name in the export. */
  readonly name: string;
  readonly read?: (sql: Sql, account: AccountId) => Promise<unknown>;
  readonly erase?: (tx: Sql, account: AccountId) => Promise<unknown>;
};
