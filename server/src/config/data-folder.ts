import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { serverSecretBytes } from "../lib/server-secret.ts";
import { type Config, ConfigError } from "./read-config.ts";

/**
 * Creates the data folder with access for its owner only. Throws {@link ConfigError} if others can read it or we
 * cannot write to it.
 */
export function prepareDataFolder(dataDir: string): void {
  try {
    if (existsSync(dataDir) && !statSync(dataDir).isDirectory())
      throw new ConfigError([`DATA_DIR: ${dataDir} isn't a folder`]);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    assertOwnFolder(dataDir);
    assertOwnersAlone(dataDir, "700");
  } catch (error) {
    throw asConfigError(error, dataDir);
  }
}

/**
 * Reads the server's secret: from SECRET_KEY, or from a file in the data folder that the first start creates. `isInUse`:
 * the database was set up with one, so none is created. Throws {@link ConfigError} if the file is missing then, cannot be
 * created, is too short, or can be read by others.
 */
export function readServerSecret(
  config: Pick<Config, "secretKey" | "dataDir">,
  { isInUse }: { isInUse: boolean },
): Uint8Array {
  if (config.secretKey !== null) return config.secretKey;
  prepareDataFolder(config.dataDir);
  const path = secretFileOf(config.dataDir);
  try {
    if (!existsSync(path)) {
      if (isInUse)
        throw new ConfigError([
          `DATA_DIR: ${path} is missing, and the database was set up with it; restore it, or set SECRET_KEY to what was in it`,
        ]);
      createSecretFile(path);
    }
    assertOwnersAlone(path, "600");
    const bytes = Buffer.from(readFileSync(path, "utf8").trim(), "base64url");
    if (bytes.byteLength < serverSecretBytes)
      throw new ConfigError([`DATA_DIR: ${path} is damaged: it's too short`]);
    return bytes;
  } catch (error) {
    throw asConfigError(error, config.dataDir);
  }
}

export function secretFileOf(dataDir: string): string {
  return join(dataDir, "secret.key");
}

/** A file that is there while a backup is being restored, and after a restore that didn't end. */
export function restoringMark(dataDir: string): string {
  return join(dataDir, "restoring");
}

/** Throws {@link ConfigError} if a restore didn't end: a server that started there would begin anew, without a word. */
export function assertRestored(dataDir: string): void {
  if (existsSync(restoringMark(dataDir)))
    throw new ConfigError([
      `DATA_DIR: a restore into ${dataDir} didn't end; run it again, or, if you have put another database there, remove ${restoringMark(dataDir)}`,
    ]);
}

/**
 * Writes the complete file under another name first, so that two processes that start at once both read the same
 * secret.
 */
function createSecretFile(path: string): void {
  const unfinished = `${path}.${process.pid}.new`;
  const handle = openSync(unfinished, "w", 0o600);
  writeSync(handle, `${randomBytes(serverSecretBytes).toString("base64url")}\n`);
  fsyncSync(handle);
  closeSync(handle);
  chmodSync(unfinished, 0o600);
  try {
    // Unlike a rename, a link fails if another process was first.
    linkSync(unfinished, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/**
 * Others' files could not be read by the server afterwards, or the server's not by others: root is told to use the owner's
 * account, and a folder with other things in it is not made private.
 */
function assertOwnFolder(dataDir: string): void {
  const names = readdirSync(dataDir);
  const own = names.find((name) => ownNames.includes(name));
  // A container may run as root with a folder of somebody else. What the server wrote there says as whom it runs.
  const uid = own === undefined ? 0 : statSync(join(dataDir, own)).uid;
  if (process.getuid?.() === 0 && uid !== 0)
    throw new ConfigError([
      `DATA_DIR: novaX runs as user ${uid} on ${dataDir}, who couldn't use what root writes there; run this as that user`,
    ]);
  if ((statSync(dataDir).mode & 0o077) !== 0 && names.length > 0 && own === undefined)
    throw new ConfigError([`DATA_DIR: ${dataDir} has other things in it; choose an empty folder`]);
}

/** What a folder of ours has in it from its first start on. */
const ownNames = ["lock", "postgres", "secret.key", "restoring", "program"];

function assertOwnersAlone(path: string, mode: string): void {
  if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0) {
    throw new ConfigError([`DATA_DIR: other users can read ${path}; run: chmod ${mode} ${path}`]);
  }
}

function asConfigError(error: unknown, dataDir: string): ConfigError {
  if (error instanceof ConfigError) return error;
  const { code } = error as NodeJS.ErrnoException;
  return new ConfigError([
    code === "ENOSPC"
      ? `DATA_DIR: the disk of ${dataDir} is full; make room on it`
      : `DATA_DIR: ${dataDir} can't be written (${code})`,
  ]);
}
