// The schema of each release, with one of everything in it, as backups without files.
import { readdirSync } from "node:fs";
import { resolve } from "node:path";

export const fixturesFolder = resolve(import.meta.dir, "../fixtures");

/** The secrets of the servers that the fixtures were made of, which are gone. Opening them from the backups would take seconds. */
const secrets: Record<string, string> = {
  "0024_last_repliers.tar.zst": "4WtaioYd8grQRWSW4X5ZIDa8LdYDxVIxHBRtyDiWoM4",
  "0027_retention.tar.zst": "kekiSR2EyLb-7aLF96Sj4KpvOJJetvoyKZhEtWIBr5U",
};
/** Of those that are made from now on. */
export const fixtureSecret = "4WtaioYd8grQRWSW4X5ZIDa8LdYDxVIxHBRtyDiWoM4";

export function secretOfFixture(name: string): string {
  return secrets[name] ?? fixtureSecret;
}

/** Their names, the oldest first. */
export function listSchemaFixtures(): string[] {
  return readdirSync(fixturesFolder)
    .filter((name) => name.endsWith(".tar.zst"))
    .sort();
}
