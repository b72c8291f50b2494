import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { dictionary } from "@zxcvbn-ts/language-common";
import { ConfigError } from "../config/read-config.ts";

/** Passwords that an attacker tries first (ASVS 6.2.4, 6.2.12). */
export type KnownPasswords = { has(password: string): Promise<boolean> };

/**
 * The 49,000 most common passwords and, if the operator has one, a file of breached passwords in the Have I Been Pwned
 * download format: lines of `SHA1:count`, sorted by hash. Nothing leaves the machine. Throws a ConfigError if the file
 * cannot be used.
 */
export function loadKnownPasswords(breachedFile: string | null): KnownPasswords {
  const common = new Set<string>(dictionary["passwords-common"] as string[]);
  const breached = breachedFile === null ? null : openHashFile(breachedFile);
  return {
    has: async (password) => {
      if (common.has(password.toLowerCase())) return true;
      if (!breached) return false;
      return breached(createHash("sha1").update(password).digest("hex").toUpperCase());
    },
  };
}

const lineBytesMax = 64;

/** Finds a hash by binary search: about 30 small reads in the full list of 40 GB. */
function openHashFile(path: string): (hash: string) => boolean {
  let file: number;
  try {
    file = openSync(path, "r");
    const line = lineAt(file, 0, fstatSync(file).size);
    if (!line || !/^[0-9A-F]{40}/i.test(line.text)) {
      closeSync(file);
      throw new Error("its lines don't start with a SHA-1 hash");
    }
    if (!isSorted(file, fstatSync(file).size)) {
      closeSync(file);
      throw new Error("its lines aren't sorted by hash, so a hash in it couldn't be found");
    }
  } catch (error) {
    throw new ConfigError([`BREACHED_PASSWORDS: ${path} can't be used (${(error as Error).message})`]);
  }
  return (hash) => {
    let low = 0;
    let high = fstatSync(file).size;
    while (low < high) {
      const line = lineAt(file, Math.floor((low + high) / 2), high);
      if (!line) {
        high = Math.floor((low + high) / 2);
        continue;
      }
      const found = line.text.slice(0, 40).toUpperCase();
      if (found === hash) return true;
      if (found < hash) low = line.end;
      else high = line.start === low ? low : Math.min(line.start, Math.floor((low + high) / 2));
    }
    return false;
  };
}

const samples = 64;

/** Whether lines spread over the file follow each other. A file that is not sorted is noticed, but not for certain. */
function isSorted(file: number, size: number): boolean {
  let before = "";
  for (let index = 0; index < samples; index++) {
    const text =
      lineAt(file, Math.floor((size * index) / samples), size)
        ?.text.slice(0, 40)
        .toUpperCase() ?? before;
    if (text < before) return false;
    before = text;
  }
  return true;
}

/** The line that contains `offset`, or null if no line starts before `end`. */
function lineAt(
  file: number,
  offset: number,
  end: number,
): { text: string; start: number; end: number } | null {
  const from = Math.max(0, offset - lineBytesMax);
  const buffer = Buffer.alloc(lineBytesMax * 2);
  const text = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, from)).toString("latin1");
  const start =
    from === 0 && !text.slice(0, offset).includes("\n") ? 0 : text.lastIndexOf("\n", offset - from - 1) + 1;
  const newline = text.indexOf("\n", start);
  const stop = newline < 0 ? text.length : newline + 1;
  if (start >= text.length || from + start >= end) return null;
  return { text: text.slice(start, stop).trim(), start: from + start, end: from + stop };
}
