import { fileNameCharsMax } from "./limits.ts";

/**
 * Signs that turn the direction of a text, or cannot be seen: "exe.photo" must not look like "otohp.exe". Not the joiners
 * that Persian names and some emoji need.
 */
const hidden = /[\p{Control}[\p{Cf}--[\u200c\u200d]]\p{Zl}\p{Zp}\p{Surrogate}\p{Noncharacter_Code_Point}]/gv;
/** What separates folders, and what the file systems of people's devices do not take in a name. */
const unfit = /[/\\:*?"<>|]/g;

/**
 * Returns a name that can be shown, and be saved on any device. The server itself never uses it as a path. Folders are
 * dropped; a name that is too long is shortened before its ending.
 */
export function parseFileName(given: string): string {
  const last = given.normalize("NFC").replaceAll("\\", "/").split("/").at(-1)!;
  const name = last
    .replace(hidden, "")
    .replace(unfit, "_")
    .replace(/\s+/g, " ")
    .trim()
    // Hidden on many systems, and ".." is a folder.
    .replace(/^\.+/, "")
    .replace(/[. ]+$/, "");
  if (name === "") return "file";
  // Names of devices on Windows, whatever their ending.
  const safe = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(name) ? `_${name}` : name;
  if (safe.length <= fileNameCharsMax) return safe;
  const ending = /\.[^. ]{1,16}$/.exec(safe)?.[0] ?? "";
  return cut(safe, fileNameCharsMax - ending.length) + ending;
}

/** The beginning of a text, without half of a sign at its end. */
function cut(text: string, chars: number): string {
  return text
    .slice(0, chars)
    .replace(/[\ud800-\udbff]$/, "")
    .trimEnd();
}
