import { expect, test } from "bun:test";
import { de } from "./de.ts";
import { en } from "./en.ts";

/** Texts that are the same in both languages. */
const shared = new Set([
  "",
  "Code",
  "Server",
  "Passkeys",
  "Single sign-on",
  "Single Sign-on",
  "Admin",
  "Link",
  "# passkey",
  "# passkeys",
  "in #",
]);

/**
 * Returns all texts of a catalogue by path. Functions are called with 1 and with 7, for the singular and the plural.
 */
function sentences(texts: object, path = ""): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]: [string, unknown]) => {
    const name = path === "" ? key : `${path}.${key}`;
    if (typeof value === "string") return [[name, value] as [string, string]];
    if (typeof value === "function")
      return [1, 7].map(
        (count) => [`${name}(${count})`, String(value(count, count, count))] as [string, string],
      );
    return sentences(value as object, name);
  });
}

test("every text exists in both languages and differs between them", () => {
  const english = new Map(sentences(en));
  const german = sentences(de);
  expect(german.map(([path]) => path)).toEqual([...english.keys()]);
  const same = german.filter(
    ([path, text]) => english.get(path) === text && !shared.has(text.replace(/\d+/, "#")),
  );
  expect(same).toEqual([]);
  // A number passed to a text appears in both languages or in neither.
  for (const [path, text] of german)
    if (path.endsWith("(7)"))
      expect([path, text.includes("7")]).toEqual([path, english.get(path)!.includes("7")]);
});
