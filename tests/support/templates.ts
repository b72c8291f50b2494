// Databases as a new server has made them, empty, which the tests copy: to make each anew would take them twice the time.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQL } from "bun";
import { openDatabase } from "../../server/src/db/open-database.ts";
import { silentLog } from "../../server/src/log/log.ts";

const postgresTemplate = "novax_test_template";

/**
 * Makes the templates, and returns the variables by which `createTestData` finds them, with what removes the folder. The
 * one on PostgreSQL goes with its server, or is made anew by the next run.
 */
export async function makeTemplates(
  postgresUrl: string | undefined,
): Promise<{ env: Record<string, string>; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "novax-template-"));
  await (await openDatabase({ kind: "embedded", dataDir: folder }, silentLog)).close();
  const env: Record<string, string> = { NOVAX_TEST_DATA_TEMPLATE: folder };
  if (postgresUrl) {
    const admin = new SQL(postgresUrl, { max: 1 });
    await admin.unsafe(`drop database if exists ${postgresTemplate} with (force)`);
    await admin.unsafe(`create database ${postgresTemplate}`);
    await admin.close();
    const url = new URL(postgresUrl);
    url.pathname = `/${postgresTemplate}`;
    await (await openDatabase({ kind: "postgres", url: url.href }, silentLog)).close();
    env.NOVAX_TEST_POSTGRES_TEMPLATE = postgresTemplate;
  }
  return { env, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
