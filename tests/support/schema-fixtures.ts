// The schema of each release, with one of everything in it, as backups without files.
import { readdirSync } from "node:fs";
import { resolve } from "node:path";

export const fixturesFolder = resolve(import.meta.dir, "../fixtures");
/** Of the secrets in them, which are of servers that are gone. */
export const fixturePassphrase = "schema fixtures of novaX";

/** Their names, the oldest first. */
export function listSchemaFixtures(): string[] {
  return readdirSync(fixturesFolder)
    .filter((name) => name.endsWith(".tar.zst"))
    .sort();
}
