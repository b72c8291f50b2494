import { expect, test } from "bun:test";
import { expandShortcodes, matchEmoji, readEmojiLines } from "./emoji-list.ts";

const joined = (lines: string[][]) => lines.map((line) => line.join("\t")).join("\n");
const all = readEmojiLines(
  joined([
    ["🎉", "6", "", "party popper", "celebration"],
    ["👍", "1", "1", "thumbs up", "yes"],
    ["❌", "8", "", "cross mark", ""],
    ["💯", "8", "", "hundred points", ""],
    ["🙂", "0", "", "slightly smiling face", ""],
  ]),
  joined([
    ["🎉", "tada"],
    ["👍", "+1 thumbsup"],
    ["❌", "x"],
    ["💯", "100"],
  ]),
);
const expanded = (text: string) => expandShortcodes(text, all, new Map());

test("[V8] a whole shortcode becomes its emoji", () => {
  expect(expanded("done :tada: :+1:")).toBe("done 🎉 👍");
  expect(expanded(":TADA:!")).toBe("🎉!");
  expect(expanded("(:100:)\n:x:")).toBe("(💯)\n❌");
  expect(expanded("```\n:x:\n```\n:x: `:x:` :x:")).toBe("```\n:x:\n```\n❌ `:x:` ❌");
});

test("[V8] what is no shortcode, or is code or an address, stays as it was typed", () => {
  for (const text of [
    ":nothing:",
    "10:100:20",
    "a:tada:b",
    "::tada::",
    "\\:tada:",
    "`:tada:`",
    "```\n:tada:\n```",
    "```\n:tada:",
    "~~~\n:tada:\n~~~",
    "    :tada:",
    "``a ` :tada:``",
    "www.example.org/?q=:tada:",
    "mailto:a?:tada:",
    "https://example.org/:tada:",
    "[:tada:](https://example.org)",
    ": tada :",
  ])
    expect(expanded(text), text).toBe(text);
});

test("[V8] the server's own emoji goes before one of the same name", () => {
  expect(expandShortcodes(":tada: :x:", all, new Map([["tada", {}]]))).toBe(":tada: ❌");
});

test("an emoji is found by its shortcode, its name and its other words", () => {
  for (const typed of ["tada", "party", "popper", "celeb"])
    expect(matchEmoji(all, typed, 1)[0]?.emoji, typed).toBe("🎉");
  expect(matchEmoji(all, "+1", 1)[0]?.emoji).toBe("👍");
});
