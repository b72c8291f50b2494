import { describe, expect, test } from "bun:test";
import type { AccountId } from "@novax/protocol/ids";
import { withoutMarks } from "@novax/protocol/markdown";
import { fuzzyScore, matchPeople } from "../../lib/matching.ts";
import { findToken } from "./completion.ts";

describe("completion", () => {
  test("a name after the at sign, a room after the hash, an emoji after two letters, a command at the beginning", () => {
    expect(findToken("hey @bo", 7)).toEqual({ kind: "person", text: "bo", start: 4 });
    expect(findToken("hey @", 5)).toEqual({ kind: "person", text: "", start: 4 });
    expect(findToken("(see #work", 10)).toEqual({ kind: "room", text: "work", start: 5 });
    expect(findToken("so :sm", 6)).toEqual({ kind: "emoji", text: "sm", start: 3 });
    expect(findToken("/to", 3)).toEqual({ kind: "command", text: "to", start: 0 });
    for (const [text, caret] of [
      ["a :s", 4],
      ["x@y", 3],
      ["12:30", 5],
      ["say /to", 7],
      ["@bob hi", 7],
    ] as const)
      expect(findToken(text, caret), text).toBeNull();
  });

  test("people are found by the beginning of any of their names, each once, in the order given", () => {
    const person = (username: string, displayName?: string) => ({
      id: username as AccountId,
      username,
      ...(displayName === undefined ? {} : { displayName }),
    });
    const people = [person("rita", "Rita Berg"), person("bob"), person("bella"), person("rita", "Rita Berg")];
    expect(matchPeople(people, "b", 8).map((found) => found.username)).toEqual(["rita", "bob", "bella"]);
    expect(matchPeople(people, "b", 2)).toHaveLength(2);
  });

  test("the switcher likes letters in order, at the beginning of words and close together", () => {
    const best = (typed: string, names: string[]) =>
      names
        .flatMap((name) => {
          const score = fuzzyScore(name, typed);
          return score === null ? [] : [{ name, score }];
        })
        .sort((a, b) => b.score - a.score)[0]?.name;
    expect(best("gen", ["imagen", "General", "green energy"])).toBe("General");
    expect(best("dm", ["admin", "design meetings"])).toBe("design meetings");
    expect(fuzzyScore("General", "xyz")).toBeNull();
  });

  test("a quote has the words without the marks", () => {
    expect(withoutMarks("**bold** and `code`\n> quoted [here](https://x.org)")).toBe(
      "bold and code quoted here",
    );
  });
});
