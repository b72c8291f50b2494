import { describe, expect, test } from "bun:test";
import { draftBodySchema } from "./entities.ts";
import { messageTextCharsMax } from "./limits.ts";

describe("a message's text", () => {
  const isAccepted = (text: string) => draftBodySchema.safeParse({ kind: "text", text }).success;

  test("may contain whitespace, emoji and any script", () => {
    for (const text of ["hi", "  two\nlines\t", "שלום 👩‍👩‍👧 \u202eabc", "a".repeat(messageTextCharsMax)]) {
      expect(isAccepted(text)).toBe(true);
    }
  });

  test("is refused when it is blank or too long", () => {
    for (const text of ["", "   \n\t ", "a".repeat(messageTextCharsMax + 1)])
      expect(isAccepted(text)).toBe(false);
  });

  test("is refused with control characters or lone surrogates, which break terminals and databases", () => {
    for (const text of ["a\0b", "a\u001b[31mb", "a\u0007", "a\u007f", "a\u0085", "a\ud800", "\udc00b"]) {
      expect(isAccepted(text)).toBe(false);
    }
  });

  test("has its line breaks normalised to newlines", () => {
    expect(draftBodySchema.parse({ kind: "text", text: "a\r\nb" })).toEqual({ kind: "text", text: "a\nb" });
  });
});
