import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";

/**
 * What a module keeps of a person: how it is read for their export, and what becomes of it when their account is
 * deleted. What stays for others, as their reactions do, is exported and not erased.
 */
export type AccountData = {
  /** Its name in the export. */
  readonly name: string;
  readonly read?: (sql: Sql, account: AccountId) => Promise<unknown>;
  readonly erase?: (tx: Sql, account: AccountId) => Promise<unknown>;
};
