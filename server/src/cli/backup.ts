// npm run backup and npm run restore.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createByteFormat } from "@novax/protocol/language";
import { problemWith, runBackup } from "../backup/run-backup.ts";
import { runRestore, verifyBackup } from "../backup/run-restore.ts";
import type { Progress, WrittenBackup } from "../backup/write-backup.ts";
import { openBlobs } from "../blobs/open-blobs.ts";
import { type Config, ConfigError, readConfig } from "../config/read-config.ts";
import { hasDatabase } from "../db/embedded/data-folder.ts";
import { systemClock } from "../lib/clock.ts";
import { createLog, type Log } from "../log/log.ts";
import { exitCodes } from "./exit.ts";

const help = `npm run backup -- FILE             back up the server, also while it runs; - writes to standard output
npm run backup -- verify FILE      restore a backup into a database of its own, and compare all of it
npm run restore -- FILE            restore a backup into an empty place; - reads standard input
        --end-sessions             and sign everyone out

These commands use the server's settings. A backup has the database of either kind and all files; it can be restored into the
other kind. With BACKUP_PASSPHRASE, or --passphrase-file FILE, it also has the server's secret, under that passphrase. Without, keep
a copy of secret.key elsewhere: nobody's second factor works without it.`;

const bytes = createByteFormat("en");

type Arguments = { names: string[]; flags: Set<string>; passphraseFile: string | null };

/** Runs `backup`. Returns the exit code. */
export async function backup(args: readonly string[]): Promise<number> {
  const given = readArguments(args, []);
  const isVerify = given?.names[0] === "verify";
  const [file, ...others] = isVerify ? given.names.slice(1) : (given?.names ?? []);
  if (!given || file === undefined || others.length > 0) return showHelp(args);
  const config = readConfig(process.cwd(), process.env);
  const passphrase = readPassphrase(config, given);
  return isVerify ? verify(config, file, passphrase) : write(config, file, passphrase);
}

/** Runs `restore`. Returns the exit code. */
export async function restore(args: readonly string[]): Promise<number> {
  const given = readArguments(args, ["--end-sessions"]);
  const [file, ...others] = given?.names ?? [];
  if (!given || file === undefined || others.length > 0) return showHelp(args);
  const config = readConfig(process.cwd(), process.env);
  const progress = showProgress("Restored");
  const restored = await runRestore(config, {
    path: pathOf(file),
    blobs: openBlobs(config),
    passphrase: readPassphrase(config, given),
    endsSessions: given.flags.has("--end-sessions"),
    log: errorsOnly(),
    onProgress: progress.show,
  });
  progress.end();
  if (!restored) {
    console.error("The restore that was ended had restored all of it. The server can start.");
    return 0;
  }
  const { manifest, files, sessions } = restored;
  console.error(
    `Restored the backup of ${manifest.createdAt}: ${countRows(restored)} rows, ${files.count} files (${bytes(files.bytes)}).`,
  );
  if (files.missing.length > 0)
    console.error(
      `It was made without ${files.missing.length} pieces of files, which were not where files are.`,
    );
  if (!manifest.hasFiles) console.error("It had no files; those of the server have to be where they were.");
  console.error(
    given.flags.has("--end-sessions")
      ? `Everyone was signed out (${sessions} sessions).`
      : `${sessions} sessions are as they were then. If sessions were ended since, restore with --end-sessions.`,
  );
  console.error("Nothing is deleted for its age for a day from now on.");
  return 0;
}

async function write(config: Config, file: string, passphrase: string | null): Promise<number> {
  const { database } = config;
  if (database.kind === "embedded" && !hasDatabase(join(database.dataDir, "postgres")))
    throw new ConfigError([
      `DATA_DIR: there is no database in ${database.dataDir}; give this command the server's settings`,
    ]);
  const progress = showProgress("Backed up");
  const written = await runBackup(config, {
    path: pathOf(file),
    blobs: openBlobs(config),
    passphrase,
    log: errorsOnly(),
    onProgress: progress.show,
  });
  progress.end();
  console.error(
    `Backed up ${countRows(written)} rows and ${written.files.count} files (${bytes(written.files.bytes)}) to ${file}: ${bytes(written.bytes)}.`,
  );
  console.error(`SHA-256: ${written.sha256}`);
  if (passphrase === null)
    console.error(
      `The server's secret isn't in it. Keep a copy of ${config.secretKey ? "SECRET_KEY" : join(config.dataDir, "secret.key")} elsewhere, or set BACKUP_PASSPHRASE.`,
    );
  const problem = problemWith(written);
  if (problem !== null) console.error(`${problem}.`);
  return problem === null ? 0 : exitCodes.failed;
}

async function verify(config: Config, file: string, passphrase: string | null): Promise<number> {
  const progress = showProgress("Read");
  const verified = await verifyBackup(config, {
    path: pathOf(file),
    passphrase,
    log: errorsOnly(),
    onProgress: progress.show,
  });
  progress.end();
  const { differences, files, manifest, fitsSecret } = verified;
  for (const difference of differences) console.error(`Restored, ${difference}.`);
  if (differences.length > 0) return exitCodes.failed;
  console.error(
    `The backup of ${manifest.createdAt} is good: restored, all ${Object.keys(verified.tables).length} tables have the same ${countRows(verified)} rows, and its ${files.count} files (${bytes(files.bytes)}) are as they were written.`,
  );
  if (files.missing.length > 0)
    console.error(
      `It was made without ${files.missing.length} pieces of files, which were not where files are.`,
    );
  if (fitsSecret === null)
    console.error("Its secret was not looked at: none is known here, or the passphrase is missing.");
  if (fitsSecret === false)
    console.error(
      "The secret here isn't that of its server. To restore it, you need the secret.key of that server.",
    );
  return 0;
}

function countRows({ tables }: Pick<WrittenBackup, "tables">): number {
  return Object.values(tables).reduce((sum, { rows }) => sum + rows, 0);
}

const pathOf = (file: string) => (file === "-" ? null : resolve(file));

function showHelp(args: readonly string[]): number {
  const isAsked = args.some((argument) => ["--help", "-h", "help"].includes(argument));
  if (isAsked) console.log(help);
  else console.error(help);
  return isAsked ? 0 : exitCodes.failed;
}

/** Null: something is not known. */
function readArguments(args: readonly string[], flags: readonly string[]): Arguments | null {
  const given: Arguments = { names: [], flags: new Set(), passphraseFile: null };
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!;
    if (argument === "--passphrase-file") {
      given.passphraseFile = args[++index] ?? null;
      if (given.passphraseFile === null) return null;
    } else if (flags.includes(argument)) given.flags.add(argument);
    else if (argument.startsWith("-") && argument !== "-") return null;
    else given.names.push(argument);
  }
  return given;
}

function readPassphrase(config: Config, { passphraseFile }: Arguments): string | null {
  if (passphraseFile === null) return config.backupPassphrase;
  if (!existsSync(passphraseFile))
    throw new ConfigError([`--passphrase-file: ${passphraseFile} isn't there`]);
  const passphrase = readFileSync(passphraseFile, "utf8").split(/\r?\n/)[0]!;
  if (passphrase === "") throw new ConfigError([`--passphrase-file: ${passphraseFile} is empty`]);
  return passphrase;
}

const showEveryMs = { terminal: 200, elsewhere: 10_000 };

/** Says how far it is: on one line of a terminal, or a line now and then. Standard output may be the backup itself. */
function showProgress(did: string): { show(progress: Progress): void; end(): void } {
  const { stderr } = process;
  let shownAt = performance.now();
  let isShown = false;
  return {
    show: ({ rows, fileBytes, fileBytesAll }) => {
      const now = performance.now();
      if (now - shownAt < (stderr.isTTY ? showEveryMs.terminal : showEveryMs.elsewhere)) return;
      shownAt = now;
      isShown = true;
      const files = fileBytesAll > 0 ? `${bytes(fileBytes)} of ${bytes(fileBytesAll)}` : bytes(fileBytes);
      const line = `${did} ${rows} rows, ${files} of files ...`;
      stderr.write(stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
    },
    end: () => {
      if (isShown && stderr.isTTY) stderr.write("\r\x1b[K");
    },
  };
}

/** The command says by itself what it does. */
function errorsOnly(): Log {
  const log = createLog({ format: "words", write: (line) => console.error(line), now: systemClock.now });
  return { ...log, info: () => {}, warn: () => {} };
}
