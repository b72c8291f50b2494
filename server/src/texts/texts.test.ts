import { expect, test } from "bun:test";
import { de } from "./de.ts";
import { en } from "./en.ts";

/** Words that are the same in both languages. */
const shared = new Set([
  "",
  "Code",
  "Passkeys",
  "Single sign-on",
  "Single Sign-on",
  "Admin",
  "Link",
  "# passkey",
  "# passkeys",
  "in #",
]);

/** Every sentence of a catalogue by its path; those about numbers for one and for many. */
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

test("every sentence is there in the second language, and is another one", () => {
  const english = new Map(sentences(en));
  const german = sentences(de);
  expect(german.map(([path]) => path)).toEqual([...english.keys()]);
  const same = german.filter(
    ([path, text]) => english.get(path) === text && !shared.has(text.replace(/\d+/, "#")),
  );
  expect(same).toEqual([]);
  // What a sentence is about stands in it, in both.
  for (const [path, text] of german)
    if (path.endsWith("(7)"))
      expect([path, text.includes("7")]).toEqual([path, english.get(path)!.includes("7")]);
});
