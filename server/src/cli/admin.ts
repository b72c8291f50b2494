// npm run admin: commands for an operator who is locked out of the admin pages, and for what only an operator can do.
// Each command except `audit-verify` writes to the audit log.

import { join } from "node:path";
import { createByteFormat } from "@novax/protocol/language";
import type { Account } from "../accounts/queries.ts";
import { findAccountByUsernameKey } from "../accounts/queries.ts";
import { usernameKey } from "../accounts/username.ts";
import { createOwner, disableFactorOf, linkFor } from "../admin/operator.ts";
import { verifyAudit } from "../audit/audit-log.ts";
import { readKeptHead } from "../audit/kept-head.ts";
import { readAuditHead } from "../audit/queries.ts";
import { ConfigError, readConfig } from "../config/read-config.ts";
import { hasDatabase } from "../db/embedded/data-folder.ts";
import { summarizeStorage } from "../files/queries.ts";
import type { App } from "../http/app.ts";
import { systemClock } from "../lib/clock.ts";
import { Refusal } from "../lib/refusal.ts";
import { createLog } from "../log/log.ts";
import { openApp } from "../main.ts";
import { exitCodes } from "./exit.ts";

const help = `npm run admin -- reset-link <username>       print a link to set a new password
npm run admin -- disable-factor <username>   turn off their two-factor authentication, including passkeys
npm run admin -- create-owner <username>     make them an owner; new people get a link to set a password
npm run admin -- storage                     show where files are, and how much space they take up
npm run audit:verify                         verify the audit log

These commands use the server's settings. With the embedded database, stop the server first.`;

type AdminCommand = (app: App, username: string) => Promise<string>;

/** Settings that were given to the server alone are unknown here. */
function hereOnly(link: string): string {
  return new URL(link).hostname === "localhost"
    ? "\n\nIt leads to this machine. If people open novaX elsewhere, set PUBLIC_URL for this command, too, or in .env."
    : "";
}

const largestShown = 10;

/** Those that are not about a person. */
const overall: Record<string, (app: App) => Promise<string>> = { storage: describeStorage };

const commands: Record<string, AdminCommand> = {
  "reset-link": async (app, username) => {
    const link = await linkFor(app, await requireAccount(app, username));
    return `This link works once, for 30 minutes:\n${link}${hereOnly(link)}`;
  },
  "disable-factor": async (app, username) => {
    await disableFactorOf(app, await requireAccount(app, username));
    return `Two-factor authentication is off for ${username}. They can now sign in with just their password.`;
  },
  "create-owner": async (app, username) => {
    const known = await findAccountByUsernameKey(app.db.sql, usernameKey(username));
    const link = await createOwner(app, known, username);
    return `${username} is now an owner.${link === null ? "" : ` This link to set a password works once, for 30 minutes:\n${link}`}`;
  },
};

/** Runs a command of the operator. Returns the exit code. */
export async function admin([name = "", username = "", ...others]: readonly string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const isAboutAll = name === "audit-verify" || Object.hasOwn(overall, name);
  if (["--help", "-h", "help"].includes(name)) {
    console.log(help);
    return 0;
  }
  if (isAboutAll ? username !== "" : !command || username === "" || others.length > 0) {
    if (name !== "" && !command) console.error(`There is no command ${name}.\n`);
    console.error(help);
    return exitCodes.failed;
  }
  const config = readConfig(process.cwd(), process.env);
  // The command prints its own result, so log output is discarded.
  const log = createLog({ format: config.logFormat, write: () => {}, now: systemClock.now });
  const { database } = config;
  // A command that is given other settings than the server would make a new server, and say that nobody is there.
  if (
    name !== "create-owner" &&
    database.kind === "embedded" &&
    !hasDatabase(join(database.dataDir, "postgres"))
  )
    throw new ConfigError([
      `DATA_DIR: there is no database in ${database.dataDir}; give this command the server's settings`,
    ]);
  const { app, close } = await openApp(config, log);
  try {
    if (command) {
      console.log(await command(app, username));
      return 0;
    }
    if (Object.hasOwn(overall, name)) {
      console.log(await overall[name]!(app));
      return 0;
    }
    const kept = readKeptHead(app.secret, config.dataDir);
    const verdict = await verifyAudit(app, kept);
    if (verdict.kind === "whole") {
      const head = await readAuditHead(app.db.sql);
      console.log(`The audit log is intact: ${verdict.count} entries, the last one ${head.hash}.`);
      if (!kept)
        console.log(
          "The server has kept no end of the log in DATA_DIR here, so entries that were cut off its end can't be noticed.",
        );
      return 0;
    }
    console.error(`The audit log is broken at entry ${verdict.seq}: ${verdict.reason}.`);
    return exitCodes.failed;
  } finally {
    await close();
  }
}

async function describeStorage(app: App): Promise<string> {
  const bytes = createByteFormat("en");
  const {
    files,
    bytes: all,
    byPurpose,
    pending,
    unused,
    people,
  } = await summarizeStorage(app.db.sql, {
    people: largestShown,
  });
  const { perPersonBytes, totalBytesMax } = app.fileLimits;
  const free = await app.blobs.freeBytes().catch(() => null);
  const lines = [
    `Files are in ${app.blobs.place}`,
    `${files} files, ${bytes(all)}${totalBytesMax === null ? "" : ` of ${bytes(totalBytesMax)}`}${free === null ? "" : `, ${bytes(free)} free on the disk`}`,
    ...byPurpose.map((row) => `  ${row.purpose.padEnd(8)} ${row.files} files, ${bytes(row.bytes)}`),
    `${pending} uploads are part of no message yet; ${unused} pieces are about to be removed.`,
    `Most space, of ${bytes(perPersonBytes)} each:`,
    ...people.map((person) => `  ${person.username.padEnd(32)} ${bytes(person.bytes)}`),
  ];
  return lines.join("\n");
}

async function requireAccount(app: App, name: string): Promise<Account> {
  const account = await findAccountByUsernameKey(app.db.sql, usernameKey(name));
  if (!account) throw new Refusal("not_found", `no one is called ${JSON.stringify(name)}.`);
  return account;
}
