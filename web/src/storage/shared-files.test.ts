import { describe, expect, test } from "bun:test";
import { toText } from "./shared-files.ts";

describe("what another app shares", () => {
  test("is one text, in which nothing is said twice", () => {
    for (const [given, text] of [
      [["", "", ""], ""],
      [["A title", " a text ", "https://example.org"], "A title\na text\nhttps://example.org"],
      [["The same", "The same", ""], "The same"],
      [["", "look: https://example.org", "https://example.org"], "look: https://example.org"],
      [["a", "a", "a b"], "a b"],
    ] as const)
      expect(toText(given), JSON.stringify(given)).toBe(text);
  });
});
