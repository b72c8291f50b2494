import { expect, test } from "bun:test";
import type { JoinedRoom } from "@novax/protocol/entities";
import { messageTextCharsMax } from "@novax/protocol/limits";
import { linkRooms } from "./room-links.ts";
import { unlinkRooms } from "./unlink-rooms.ts";

const rooms = [
  { id: "1", name: "New", kind: "public" },
  { id: "2", name: "New office", kind: "private" },
  { id: "3", name: "C++ [old]", kind: "public" },
  { id: "4", name: "", kind: "direct" },
] as unknown as JoinedRoom[];
const linked = (text: string) => linkRooms(text, rooms);

test("a room that is named becomes a link when it is sent, whatever its name and its capitals", () => {
  expect(linked("see #new and #New office!")).toBe("see [#New](/chat/1) and [#New office](/chat/2)!");
  expect(linked("#C++ [old]: gone")).toBe("[#C++ \\[old\\]](/chat/3): gone");
});

test("what only looks like one stays: longer words, headings, addresses, code, links that are there already", () => {
  for (const text of [
    "#newer",
    "# New",
    "a#new",
    "https://example.org/#new",
    "`#new`",
    "```\n#new\n```",
    "[#New](https://chat.example/chat/1)",
    "[#New](/chat/1)",
    "#New-old",
    "#new's",
    "#New/2",
    "[see #New](https://example.org)",
    "https://example.org/?#new",
    "https://example.org/a-#New-b",
    "\\#New",
    "#unknown",
  ])
    expect(linked(text)).toBe(text);
  // A text that the composer accepts must not be refused because of its links.
  const long = `#new ${"x".repeat(messageTextCharsMax - 5)}`;
  expect(linked(long)).toBe(long);
});

test("[T29] a sentence's end behind a name is no part of it", () => {
  expect(linked("#new. #New- #new, (#new)")).toBe(
    "[#New](/chat/1). [#New](/chat/1)- [#New](/chat/1), ([#New](/chat/1))",
  );
});

test("[T19] links to rooms are edited and copied as they were typed, also those with a host", () => {
  for (const text of ["see #New and #New office!", "#C++ [old]: gone", "plain", "[a](https://example.org/)"])
    expect(unlinkRooms(linked(text))).toBe(text);
  expect(unlinkRooms("[#New](https://chat.example/chat/1)")).toBe("#New");
});
