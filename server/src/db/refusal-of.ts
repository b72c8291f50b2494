import { Refusal } from "../lib/refusal.ts";
import { isDatabaseAway, isStorageFull } from "./database.ts";

const retryInMs = 2000;

/**
 * Returns what a person is told about an error of a command or a request: a refusal as it is, a full disk and a database that does
 * not answer in words. Null for a fault of ours.
 */
export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error;
  if (isStorageFull(error)) return new Refusal("storage_full", (t) => t.diskFull);
  if (isDatabaseAway(error)) return new Refusal("unavailable", (t) => t.databaseAway, { retryInMs });
  return null;
}
