import { describe, expect, test } from "bun:test";
import { isEmojiOnly } from "./emoji-only.ts";

/**
 * The fastest of several runs, in ms. A slow run is repeated, because a busy machine is slow once and a bad algorithm
 * is slow every time.
 */
function fastestMs(work: () => unknown, slowMs: number): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5 && fastest >= slowMs; run++) {
    const startedAt = performance.now();
    work();
    fastest = Math.min(fastest, performance.now() - startedAt);
  }
  return fastest;
}

describe("a message of emoji alone", () => {
  test("[A16] no text takes long to tell from one", () => {
    const check = () => {
      for (let emoji = 1; emoji < 8; emoji++) isEmojiOnly(`${`😀${" ".repeat(600)}`.repeat(emoji)}x`);
    };
    expect(fastestMs(check, 50)).toBeLessThan(50);
  });

  test("is one to six of them and nothing else", () => {
    for (const text of ["🎉", "👩‍👩‍👧🏳️‍🌈", "👍🏽 👍🏽", "1️⃣", "🇩🇪🇫🇷", "😀😁😂🤣😃😄"])
      expect(isEmojiOnly(text), text).toBe(true);
    for (const text of ["", "1", "a🎉", "🎉!", "😀😁😂🤣😃😄😅", "#"])
      expect(isEmojiOnly(text), text).toBe(false);
  });
});
